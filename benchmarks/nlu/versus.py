"""DIET and the product's model from the same few sentences."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.nlu import answers, diet, metrics, public_sets, sentences
from benchmarks.nlu.asked import OUTPUT, Asked
from benchmarks.nlu.sentences import Sentence
from benchmarks.nlu.served import Served, measured

Figures = dict[str, Any]
Task = tuple[list[Sentence], list[Sentence], str]  # to learn from, to be asked, Rasa's language
KEPT_MODEL: Final = OUTPUT / "diet" / "shop_25.tar.gz"
"""DIET's model of a sample of the shop's sentences, whichever corpus that was drawn from: its server is
as fast."""

SHOP, BANKING, SOFMATTRESS = "shop_25", "banking77_25", "sofmattress"


def tasks(tests: Mapping[str, Sequence[Sentence]], data: Path | None) -> dict[str, Task]:
    """Return what both are trained on; the public sets only when they are there."""
    every = [one for part in tests.values() for one in part]
    found: dict[str, Task] = {SHOP: (sentences.sampled(sentences.corpus()), every, "tr")}
    if data is not None:
        found[SOFMATTRESS] = (*public_sets.hint3(data, SOFMATTRESS), "en")
        found[BANKING] = (*public_sets.banking77_25(data), "en")
    return found


def ours(task: Task, name: str) -> Figures:
    """Return the figures of the product's model on a task."""
    known, asked, _ = task
    model = Asked.trained(known, name)
    if name == SHOP:
        found = answers.answered(model, asked)
    else:
        rankings = model.rank([one.text for one in asked])
        found = [answers.Answer(*pair) for pair in zip(asked, rankings, strict=True)]
    return compared(found, name) | {"sample": sentences.digest(known)}


def compared(found: Sequence[answers.Answer], name: str) -> Figures:
    """Return the figures in which both are compared."""
    row = answers.figures(found)
    if name == SOFMATTRESS:
        row["mcc_best"] = metrics.best_mcc(
            [one.sentence.intent for one in found], [one.best for one in found],
            [one.confidence for one in found], public_sets.OUTSIDE,
        )[0]  # fmt: skip
    if name == SHOP:
        for source in sentences.NAMES:
            part = [one for one in found if one.sentence.source == source]
            row[source] = answers.figures(part)["accuracy"]
    return row


def diets(task: Task, name: str, folder: Path, say: Callable[[str], None]) -> Figures:
    """Train DIET on a task, ask its server, and return figures as `ours`, with speed."""
    known, _, language = task
    say(f"DIET learns {name} ({len(known)} sentences)")
    model, seconds = diet.trained(folder, known, language)
    if name == SHOP:
        _keep(model)
    return asked_of_diet(task, name, model, folder, seconds)


def _keep(model: Path) -> None:
    KEPT_MODEL.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(model, KEPT_MODEL)


def server_of_diet(
    known: Sequence[Sentence], texts: Sequence[str], warm: Sequence[str], say: Callable[[str], None]
) -> Served:
    """Ask DIET's server for every text, training its model first unless that was done before."""
    with tempfile.TemporaryDirectory(prefix="destek-diet-") as name:
        if not KEPT_MODEL.is_file():
            say(f"DIET learns {len(known)} sentences")
            _keep(diet.trained(Path(name), known, "tr")[0])
        say("DIET's server")
        return measured(KEPT_MODEL, Path(name), texts, warm, product=False)


def asked_of_diet(task: Task, name: str, model: Path, folder: Path, seconds: float) -> Figures:
    """Return the figures of a model of DIET's that was trained on a task."""
    known, asked, _ = task
    clients = (1, 8) if name == SHOP else (8,)
    texts = [one.text for one in asked]
    warm = [one.text for one in known[:: max(1, len(known) // 100)]]
    served: Served = measured(model, folder, texts, warm, product=False, clients=clients)
    found = [answers.Answer(*pair) for pair in zip(asked, served.rankings(), strict=True)]
    return compared(found, name) | {
        "sample": sentences.digest(known), "training_s": round(seconds, 1),
        "speed": served.speed,
    }  # fmt: skip


def kept() -> Figures:
    """Return the figures of DIET that are kept, with command and date."""
    if not diet.KEPT.is_file():
        return {}
    found: Figures = json.loads(diet.KEPT.read_text(encoding="utf-8"))
    return found


def repeated(
    found: Mapping[str, Task], command: str, say: Callable[[str], None], note: str = ""
) -> Figures:
    """Train and ask DIET for every task, keep the figures, return them."""
    result = kept()
    for name, task in found.items():
        with tempfile.TemporaryDirectory(prefix="destek-diet-") as folder:
            result[name] = diets(task, name, Path(folder), say)
        result[name] |= {"command": command, "date": time.strftime("%Y-%m-%d"), "note": note}
        diet.KEPT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return result
