"""Print what the balances of bot/nlu/balance.py are worth for few texts, by cross-validation.

    python scripts/weigh_balance.py FOLDER

FOLDER holds the public sets (docs/benchmarks.md). Only their training halves are looked at, and a sample
of the shop's own corpus: five folds, two of them for the ten thousand sentences of BANKING77. Takes
about five minutes.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.nlu import public_sets, sentences
from benchmarks.nlu.sentences import Sentence
from bot.nlu import sentence_vectors
from bot.nlu.balance import Balance
from bot.nlu.model import IntentModel
from bot.nlu.spelling import learned, repaired

FOLDS = 5
MANY = 5_000
WEIGHTS = (0.5, 1.5, 2.0, 3.0)
SURE = (0.85, 0.95, 2.0)  # the last one: words alone settle nothing
WHOLE = (0.6, 0.8, 1.0)


Vectors = dict[str, "np.ndarray[Any, Any]"]


def accuracies(
    known: Sequence[Sentence], vectors: Vectors, weight: float
) -> dict[tuple[float, float], float]:
    """Return (sure, whole) -> share of the held-out sentences whose best intent is right."""
    mixed = list(known)
    random.Random(3).shuffle(mixed)
    right: dict[tuple[float, float], list[bool]] = {pair: [] for pair in itertools.product(SURE, WHOLE)}
    for fold in range(2 if len(known) > MANY else FOLDS):
        held = mixed[fold::FOLDS]
        rest = [one for place, one in enumerate(mixed) if place % FOLDS != fold]

        def of(texts: Sequence[str]) -> np.ndarray[Any, Any]:
            return np.stack([vectors[text] for text in texts])

        texts = [one.text for one in rest]
        balance = Balance(weight, 1.0, 1.0)
        model = IntentModel.fit(texts, [one.intent for one in rest], of(texts), balance)
        for pair, found in right.items():
            model.balance = Balance(weight, *pair)
            rankings = model.rank([one.text for one in held], of)
            found += [r[0][0] == one.intent for r, one in zip(rankings, held, strict=True)]
    return {pair: float(np.mean(found)) for pair, found in right.items()}


def main() -> None:
    """Read the arguments, validate, print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    sets = {"the shop's, 25 an intent": sentences.sampled(sentences.corpus())}
    sets |= {"BANKING77, 25 an intent": public_sets.banking77_25(folder)[0]}
    sets |= {name: public_sets.hint3(folder, name)[0] for name in public_sets.HINT3}
    sets["BANKING77"] = public_sets.banking77(folder)[0]
    print("vector weight; then at (sure, whole)", *itertools.product(SURE, WHOLE))
    for name, known in sets.items():
        print(f"{name}: {len(known)} sentences")
        texts = [one.text for one in known]
        spellings = learned(texts)
        rows = sentence_vectors.vectors([repaired(text, spellings) for text in texts])
        vectors = dict(zip(texts, rows, strict=True))
        for weight in WEIGHTS:
            found = accuracies(known, vectors, weight)
            print(f"  {weight:g}", *(f"{value:.4f}" for value in found.values()), flush=True)


if __name__ == "__main__":
    main()
