"""BANKING77 and HINT3: the product's model on other people's data."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.nlu import metrics, public_sets
from benchmarks.nlu.asked import Asked
from benchmarks.nlu.sentences import Sentence

PARTS: Final = 5

Figures = dict[str, Any]


def banking77(folder: Path, say: Callable[[str], None], quick: bool = False) -> Figures:
    """Return the accuracies from 25 sentences an intent, and from all."""
    found: Figures = {}
    tasks = {"banking77_25": public_sets.banking77_25, "banking77": public_sets.banking77}
    for name, task in list(tasks.items())[: 1 if quick else 2]:
        say(name)
        known, asked = task(folder)
        found[name] = scored(Asked.trained(known, name), asked) | {"known": len(known)}
    return found


def scored(model: Asked, sentences: Sequence[Sentence]) -> Figures:
    """Return accuracy, macro F1 and calibration error of the model alone on sentences."""
    ranked = [ranking[0] for ranking in model.rank([one.text for one in sentences])]
    wanted = [one.intent for one in sentences]
    names = [name for name, _ in ranked]
    right = [w == n for w, n in zip(wanted, names, strict=True)]
    return {
        "asked": len(sentences),
        "accuracy": metrics.accuracy(wanted, names),
        "macro_f1": metrics.macro_f1(wanted, names),
        "calibration_error": metrics.calibration_error([p for _, p in ranked], right),
    }


def hint3(folder: Path, say: Callable[[str], None]) -> Figures:
    """Return the Matthews correlations on the three sets."""
    found: Figures = {}
    for name in public_sets.HINT3:
        say(f"HINT3 {name}")
        known, asked = public_sets.hint3(folder, name)
        threshold = chosen(known, name)
        model = Asked.trained(known, name)
        ranked = [ranking[0] for ranking in model.rank([one.text for one in asked])]
        wanted = [one.intent for one in asked]
        names, sure = [n for n, _ in ranked], [p for _, p in ranked]
        highest, at = metrics.best_mcc(wanted, names, sure, public_sets.OUTSIDE)
        inside = [i for i, one in enumerate(asked) if one.intent != public_sets.OUTSIDE]
        found[name] = {
            "known": len(known), "asked": len(asked),
            "in_scope_accuracy": metrics.accuracy(
                [wanted[i] for i in inside], [names[i] for i in inside]
            ),
            "mcc_best": highest, "threshold_best": at,
            "mcc": metrics.mcc_at(wanted, names, sure, threshold, public_sets.OUTSIDE),
            "threshold": threshold,
        }  # fmt: skip
    return found


def chosen(known: Sequence[Sentence], name: str) -> float:
    """Return the best threshold as far as the training sentences alone tell.

    None of them belongs to no intent. So a fifth of the intents plays that part in turn: a model of
    four fifths of the others' sentences is asked for what was held out.
    """
    draw = random.Random(7)
    intents = sorted({one.intent for one in known})
    draw.shuffle(intents)
    wanted, found, sure = [], [], []
    for part in range(PARTS):
        strange = set(intents[part::PARTS])
        familiar = [one for one in known if one.intent not in strange]
        held = {one.text for one in draw.sample(familiar, len(familiar) // PARTS)}
        model = Asked.trained([one for one in familiar if one.text not in held], f"{name}-{part}")
        asked = [one for one in known if one.intent in strange or one.text in held]
        ranked = [ranking[0] for ranking in model.rank([one.text for one in asked])]
        wanted += [public_sets.OUTSIDE if o.intent in strange else o.intent for o in asked]
        found += [best for best, _ in ranked]
        sure += [probability for _, probability in ranked]
    return metrics.best_mcc(wanted, found, sure, public_sets.OUTSIDE)[1]
