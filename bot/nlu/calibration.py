"""From scores to probabilities that hold: temperature, and out-of-scope by more than one sign.

Everything here is set on sentences that the scoring model has not seen.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import numpy as np
from sklearn.linear_model import LogisticRegression

Array = np.ndarray[Any, Any]

TEMPERATURES: Final = tuple(float(t) for t in np.exp(np.linspace(np.log(0.05), np.log(3.0), 80)))

IN_SCOPE_LOSS: Final = 0.015
"""Share of in-scope sentences that may be given up to tell what is not for the shop."""

_FEW: Final = 20
"""Out-of-scope sentences from which on the signs of it can be weighed."""


def softmax(scores: Array, temperature: float) -> Array:
    """Return probabilities (texts x intents) of scores."""
    scaled = scores.astype(np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    exponentials = np.exp(scaled)
    result: Array = exponentials / exponentials.sum(axis=1, keepdims=True)
    return result


def best_temperature(scores: Array, numbers: Array) -> float:
    """Return the temperature at which scores of unseen texts are the best probabilities."""
    rows = np.arange(len(numbers))

    def loss(temperature: float) -> float:
        likelihood = softmax(scores, temperature)[rows, numbers]
        return float(-np.log(np.maximum(likelihood, 1e-12)).mean())

    return min(TEMPERATURES, key=loss)


def calibration_error(confidences: Array, right: Array, bins: int = 15) -> float:
    """Return the expected calibration error: mean gap of confidence and accuracy, by bins."""
    places = np.minimum((np.asarray(confidences) * bins).astype(int), bins - 1)
    gaps = [
        (places == place).mean() * abs(confidences[places == place].mean() - right[places == place].mean())
        for place in np.unique(places)
    ]  # fmt: skip
    return float(sum(gaps))


@dataclasses.dataclass(frozen=True)
class Calibration:
    """How one stage's scores become probabilities.

    `place`: the column of out-of-scope, -1 without one. `weights`: of the signs for it and their
    constant. `odds`: by how much its odds are raised, so that as much as `IN_SCOPE_LOSS` allows is
    told apart; a refusal that can be corrected costs less than a wrong answer.
    """

    temperature: float
    place: int = -1
    weights: tuple[float, ...] = ()
    odds: float = 1.0

    @classmethod
    def fit(cls, scores: Array, numbers: Array, place: int) -> Calibration:
        """Set everything on scores of unseen texts and the columns that are right."""
        temperature = best_temperature(scores, numbers)
        outside = numbers == place
        if place < 0 or min(outside.sum(), (~outside).sum()) < _FEW:
            return cls(temperature)
        signs = _signs(scores, softmax(scores, temperature), place)
        judge = LogisticRegression(C=10.0).fit(signs, outside)
        weights = (*map(float, judge.coef_[0]), float(judge.intercept_[0]))
        plain = cls(temperature, place, weights)
        return dataclasses.replace(plain, odds=_odds(plain.probabilities(scores), numbers, place))

    def probabilities(self, scores: Array) -> Array:
        """Return probabilities (texts x intents) of scores."""
        found = softmax(scores, self.temperature)
        if not self.weights:
            return found
        signs = _signs(scores, found, self.place)
        logit = signs @ np.array(self.weights[:-1]) + self.weights[-1] + np.log(self.odds)
        outside = 1.0 / (1.0 + np.exp(-np.clip(logit, -40, 40)))
        rest = np.maximum(1.0 - found[:, self.place], 1e-12)
        found *= ((1.0 - outside) / rest)[:, None]
        found[:, self.place] = outside
        return found


def _signs(scores: Array, probabilities: Array, place: int) -> Array:
    """Return the signs of out-of-scope: its odds among all, the best other score, its own.

    A text that resembles nothing has low scores everywhere, whatever its best probability is.
    """
    best = np.delete(scores, place, axis=1).max(axis=1)
    share = np.clip(probabilities[:, place], 1e-9, 1 - 1e-9)
    return np.column_stack([np.log(share / (1 - share)), best, scores[:, place]])


def _odds(probabilities: Array, numbers: Array, place: int) -> float:
    """Return the factor on the odds of out-of-scope that costs `IN_SCOPE_LOSS` of the rest."""
    inside = numbers != place
    share = probabilities[:, place]
    best = np.delete(probabilities, place, axis=1)
    columns = np.delete(np.arange(probabilities.shape[1]), place)
    right = columns[best.argmax(axis=1)] == numbers
    # What the odds must be raised by until a text goes over to out-of-scope.
    needed = best.max(axis=1) / np.maximum(share, 1e-12)
    lost = np.sort(needed[inside & right])
    allowed = int(IN_SCOPE_LOSS * inside.sum())
    if allowed >= len(lost):
        return 1.0
    return float(np.clip(lost[allowed], 1.0, 20.0))
