"""Figures of an understanding: shares, macro F1, calibration, out-of-scope, Matthews correlation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from sklearn.metrics import f1_score, matthews_corrcoef

Array = np.ndarray[Any, Any]

BINS: Final = 15


def accuracy(wanted: Sequence[str], found: Sequence[str]) -> float:
    """Return the share that was found right; 0.0 of nothing."""
    return float(np.mean([w == f for w, f in zip(wanted, found, strict=True)])) if wanted else 0.0


def macro_f1(wanted: Sequence[str], found: Sequence[str]) -> float:
    """Return the mean F1 of the intents that occur among the wanted ones."""
    names = sorted(set(wanted))
    return float(f1_score(wanted, found, labels=names, average="macro", zero_division=0))


def calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Return the expected calibration error over equally wide bins of confidence."""
    sure, good = np.asarray(confidences, dtype=float), np.asarray(right, dtype=float)
    places = np.minimum((sure * BINS).astype(int), BINS - 1)
    gap = 0.0
    for place in np.unique(places):
        inside = places == place
        gap += inside.mean() * abs(sure[inside].mean() - good[inside].mean())
    return float(gap)


def outside_recall(
    outside: Sequence[bool], share: Sequence[float], best: Sequence[float],
    best_right: Sequence[bool], loss: float,
) -> float:
    """Return the share of out-of-scope messages told apart when `loss` of the others may be lost.

    A message is taken for out-of-scope when its probability of that (`share`), raised by some
    factor, is above its best other intent's (`best`). The factor is the largest at which at most
    `loss` of the in-scope messages go over although their best other intent is right.
    """
    out = np.asarray(outside, dtype=bool)
    if not out.any() or out.all():
        return 0.0
    needed = np.asarray(best, dtype=float) / np.maximum(np.asarray(share, dtype=float), 1e-12)
    spent = np.sort(needed[~out & np.asarray(best_right, dtype=bool)])
    allowed = int(np.floor(loss * (~out).sum() + 1e-9))
    limit = spent[allowed] if allowed < len(spent) else np.inf
    return float((needed[out] < limit).mean())


def mcc_at(
    wanted: Sequence[str], found: Sequence[str], confidences: Sequence[float],
    threshold: float, outside: str,
) -> float:
    """Return the Matthews correlation when what is less sure counts as out-of-scope."""
    told = [f if c >= threshold else outside for f, c in zip(found, confidences, strict=True)]
    return float(matthews_corrcoef(list(wanted), told))


def best_mcc(
    wanted: Sequence[str], found: Sequence[str], confidences: Sequence[float], outside: str
) -> tuple[float, float]:
    """Return the best Matthews correlation over all thresholds, and that threshold."""
    steps = np.unique(np.concatenate([[0.0], np.round(np.asarray(confidences), 3)]))
    tried = [(mcc_at(wanted, found, confidences, float(t), outside), float(t)) for t in steps]
    return max(tried, key=lambda one: (one[0], -one[1]))


def mistaken(pairs: Sequence[tuple[str, str]]) -> list[tuple[tuple[str, str], int]]:
    """Return (wanted, found) of the errors with their numbers, the most frequent first."""
    counts: dict[tuple[str, str], int] = {}
    for pair in pairs:
        if pair[0] != pair[1]:
            counts[pair] = counts.get(pair, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
