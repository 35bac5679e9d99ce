"""Pictures: the confusion matrix of the test sets, and the learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.nlu.answers import Answer

Figures = dict[str, Any]


def confusion(answers: Sequence[Answer], path: Path) -> None:
    """Draw what was taken for what; rows are what was meant, each as shares of its messages."""
    import matplotlib  # type: ignore[import-untyped]

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = sorted({one.sentence.intent for one in answers} | {one.best for one in answers})
    place = {name: at for at, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), dtype=int)
    for one in answers:
        counts[place[one.sentence.intent], place[one.best]] += 1
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = pyplot.subplots(figsize=(24, 23))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), labels=names, rotation=90, fontsize=11)
    axes.set_yticks(range(len(names)), labels=names, fontsize=11)
    axes.tick_params(top=True, labeltop=True)
    axes.set_xlabel("understood", fontsize=14)
    axes.set_ylabel("meant", fontsize=14)
    axes.set_xticks(np.arange(len(names)) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(names)) - 0.5, minor=True)
    axes.grid(which="minor", color="0.9", linewidth=0.5)
    axes.tick_params(which="minor", length=0)
    for row, column in zip(*np.nonzero(counts), strict=True):
        right = row == column
        axes.text(
            column, row, str(counts[row, column]), ha="center", va="center", fontsize=9,
            color="white" if shares[row, column] > 0.5 else "black" if right else "darkred",
            weight="normal" if right else "bold",
        )  # fmt: skip
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    pyplot.close(figure)


def curves(found: Mapping[str, Sequence[Figures]], path: Path) -> None:
    """Draw accuracy on the test sets against the number of writers and of sentences."""
    import matplotlib  # type: ignore[import-untyped]

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4.2), sharey=True)
    points = found["writers"]
    left.plot([p["writers"] for p in points], [100 * p["accuracy"] for p in points], "o-")
    left.set_xlabel("writers")
    left.set_ylabel("accuracy on the test sets, %")
    points = found["sentences"]
    right.semilogx(
        [p["sentences"] for p in points], [100 * p["accuracy"] for p in points], "o-", base=2
    )
    ticks = [p["sentences"] for p in points]
    right.set_xticks(ticks, labels=[f"{tick:,}" for tick in ticks])
    right.set_xlabel("sentences, of all writers")
    for axes in (left, right):
        axes.grid(color="0.9")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
