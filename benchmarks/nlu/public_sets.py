"""Public data sets from a folder that somebody downloaded; docs/benchmarks.md says where from.

    banking77/train.csv, banking77/test.csv           text,category
    banking77/train_25_per_intent.yml                 25 sentences of each intent, Rasa's format
    hint3/v1/train/<set>_train.csv, hint3/v1/test/<set>_test.csv      sentence,label
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

from benchmarks.nlu.sentences import Sentence, read

HINT3: Final = ("sofmattress", "curekart", "powerplay11")
OUTSIDE: Final = "NO_NODES_DETECTED"
"""HINT3's label of what belongs to no intent; only its test files use it."""

PUBLISHED_MCC: Final = {"sofmattress": 0.638, "curekart": 0.603, "powerplay11": 0.425}
"""The best of five platforms at the threshold that is best for the test set (Arora et al. 2020)."""

BANKING_AIMS: Final = {"banking77_25": 0.875, "banking77": 0.933}

Pair = tuple[list[Sentence], list[Sentence]]  # to learn from, to be asked


def banking77(folder: Path) -> Pair:
    """Return all training and test sentences."""
    base = folder / "banking77"
    return _table(base / "train.csv"), _table(base / "test.csv")


def banking77_25(folder: Path) -> Pair:
    """Return the fixed sample of 25 sentences an intent, and all test sentences."""
    base = folder / "banking77"
    return read(base / "train_25_per_intent.yml", "en"), _table(base / "test.csv")


def hint3(folder: Path, name: str) -> Pair:
    """Return the full training set of a bot, and what its users wrote."""
    base = folder / "hint3" / "v1"
    return _table(base / "train" / f"{name}_train.csv"), _table(base / "test" / f"{name}_test.csv")


def _table(path: Path) -> list[Sentence]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)  # the names of the columns
        return [Sentence(row[0], row[1], language="en", source=path.stem) for row in rows if row]
