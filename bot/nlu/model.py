"""The intent model: two linear classifiers in a cascade, calibrated on sentences they have not seen.

The first sees words and letters only and settles what it is sure of; the second sees the sentence
vector as well and is asked for the rest, which saves the encoder's milliseconds on most messages
at no loss. Kept as plain arrays and JSON, so that loading a model runs no code of its archive.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from bot.nlu import fitting
from bot.nlu.arrays import write_arrays
from bot.nlu.balance import OF_MANY, Balance, balance_of
from bot.nlu.calibration import Calibration
from bot.nlu.cuts import Cut, best_cut
from bot.nlu.features import ANALYZERS, Features, Row, Terms, key
from bot.nlu.typos import Beginnings

OUT_OF_SCOPE: Final = "out_of_scope"

_ARRAYS, _DOCUMENT = "weights.npz", "model.json"

Array = np.ndarray[Any, Any]
Ranking = list[tuple[str, float]]  # intent, probability; best first
Vectors = Callable[[Sequence[str]], Array]


@dataclasses.dataclass(frozen=True)
class Stage:
    """A linear classifier: weights (features x intents, 32 bits), constants, calibration."""

    weights: Array
    bias: Array
    calibration: Calibration

    def scores(self, row: Row) -> Array:
        """Return the scores of one text's features."""
        at, values = row
        # Summed feature by feature, in their order: the same on every machine.
        total: Array = (values[:, None] * self.weights[at]).sum(axis=0, dtype=np.float64)
        return total + self.bias


class IntentModel:
    """A trained model; `fit` makes one, `save` and `load` keep it, `rank` asks it."""

    def __init__(
        self,
        features: Features,
        intents: Sequence[str],
        stages: Sequence[Stage],
        balance: Balance = OF_MANY,
        directions: Array | None = None,
    ) -> None:
        self.intents = list(intents)
        self._features = features
        self._words = stages[0]
        self._whole = stages[1] if len(stages) > 1 else None  # with sentence vectors
        self.balance = balance
        self._directions = directions  # dimensions of a vector x those kept; all without it

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        labels: Sequence[str],
        vectors: Array | None = None,
        balance: Balance | None = None,
    ) -> IntentModel:
        """Train on texts, their intents and, with an encoder, their vectors (texts x 512).

        `balance` is by the number of texts unless one is given. The same data gives the same model.
        Raises ValueError when there are fewer than two intents.
        """
        intents, numbers = _numbered(labels)
        if len(intents) < 2:
            raise ValueError("at least two intents are needed")
        keys = [key(text) for text in texts]
        place = intents.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in intents else -1
        balance = balance or balance_of(len(texts))
        weight = balance.vector_weight
        directions = None if vectors is None else fitting.directions_of(vectors)
        vectors = fitting.along(vectors, directions)
        kinds = [None] if vectors is None else [None, vectors]
        with fitting.beside(len(texts)) as pool:
            job = pool.submit(fitting.unseen, keys, numbers, len(intents), kinds, weight)
            features, matrix = Features.fit(keys)
            lines = fitting.fitted_all(matrix, numbers, kinds, weight)
            held, places = job.result()
        stages = [
            Stage(*line, Calibration.fit(scores, numbers[places], place))
            if len(places)
            else Stage(*line, Calibration(1.0))
            for line, scores in zip(lines, held, strict=True)
        ]
        return cls(features, intents, stages, balance, directions)

    def rank(self, texts: Sequence[str], vectors: Vectors | None = None) -> list[Ranking]:
        """Return all intents of each text with their probabilities, best first.

        `vectors` gives the sentence vectors of texts; without it, words alone decide.
        """
        return [
            [(self.intents[i], float(row[i])) for i in np.argsort(-row, kind="stable")]
            for row in self.probabilities(texts, vectors)
        ]

    def probabilities(self, texts: Sequence[str], vectors: Vectors | None = None) -> Array:
        """Return probabilities (texts x intents, in the order of `intents`)."""
        rows = [self._features.row(key(text)) for text in texts]
        result = np.zeros((len(texts), len(self.intents)))
        for number, row in enumerate(rows):
            scores = self._words.scores(row)[None, :]
            result[number] = self._words.calibration.probabilities(scores)[0]
        unsure = np.flatnonzero(result.max(axis=1) < self.balance.sure) if len(texts) else ()
        if vectors is None or self._whole is None or not len(unsure):
            return result
        found = fitting.along(vectors([texts[number] for number in unsure]), self._directions)
        columns = np.arange(self._features.width, self._features.width + found.shape[1])
        for number, vector in zip(unsure, found, strict=True):
            at, values = rows[number]
            joined = (
                np.concatenate([at, columns]),
                np.concatenate([values, vector * self.balance.vector_weight]),
            )
            scores = self._whole.scores(joined)[None, :]
            whole = self._whole.calibration.probabilities(scores)[0]
            share = self.balance.whole
            result[number] = share * whole + (1.0 - share) * result[number]
        return result

    def cut(self, text: str) -> Cut | None:
        """Return where a folded text falls into two most likely, None when it is too short."""
        stage = self._words
        return best_cut(text, self._features, stage.weights, stage.bias, stage.calibration)

    def save(self, folder: Path) -> None:
        """Write the model into a folder."""
        stages = {"words": self._words, **({"whole": self._whole} if self._whole else {})}
        terms = [sorted(k.places, key=k.places.__getitem__) for k in self._features.kinds]
        calibrations = {name: dataclasses.asdict(s.calibration) for name, s in stages.items()}
        document = {
            "intents": self.intents,
            "terms": terms,
            "calibrations": calibrations,
            "balance": dataclasses.asdict(self.balance),
            "beginnings": self._features.beginnings.counts,
        }
        (folder / _DOCUMENT).write_text(json.dumps(document), encoding="utf-8")
        arrays = {f"rarity{n}": kind.rarity for n, kind in enumerate(self._features.kinds)}
        for name, stage in stages.items():
            weights = stage.weights.astype(fitting.KEPT)
            arrays |= {f"{name}_weights": weights, f"{name}_bias": stage.bias}
        if self._directions is not None:
            arrays["directions"] = self._directions
        write_arrays(folder / _ARRAYS, arrays)

    @classmethod
    def load(cls, folder: Path) -> IntentModel:
        """Read a model written by `save`."""
        document = json.loads((folder / _DOCUMENT).read_text(encoding="utf-8"))
        with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
            kinds = [
                Terms(analyzer, {t: n for n, t in enumerate(terms)}, arrays[f"rarity{number}"])
                for number, (analyzer, terms) in enumerate(
                    zip(ANALYZERS, document["terms"], strict=True)
                )
            ]
            stages = [
                Stage(
                    arrays[f"{name}_weights"].astype(np.float32),
                    arrays[f"{name}_bias"],
                    _calibration(stored),
                )
                for name, stored in document["calibrations"].items()
            ]
            directions = arrays.get("directions")
        features = Features(kinds, Beginnings(document["beginnings"]))
        return cls(features, document["intents"], stages, Balance(**document["balance"]), directions)


def cross_validated(
    texts: Sequence[str],
    labels: Sequence[str],
    vectors: Array | None = None,
    groups: Sequence[str] | None = None,
    folds: int = fitting.FOLDS,
) -> Array:
    """Return each text's probabilities from a model that has not seen it (texts x intents).

    Columns are the intents in alphabetical order. `groups`: texts of one group (a writer) are held
    out together. Calibrated as a whole, not fold by fold.
    """
    intents, numbers = _numbered(labels)
    keys = [key(text) for text in texts]
    place = intents.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in intents else -1
    vectors = None if vectors is None else fitting.along(vectors, fitting.directions_of(vectors))
    weight = balance_of(len(texts)).vector_weight
    parts = fitting.splits(numbers, folds) if groups is None else fitting.by_group(groups)
    scores = np.zeros((len(texts), len(intents)))
    with fitting.beside(len(texts)) as pool:
        jobs = [
            pool.submit(fitting.of_part, keys, numbers, len(intents), vectors, weight, part)
            for part in parts
        ]
        for (_, held), job in zip(parts, jobs, strict=True):
            scores[held] = job.result()
    return Calibration.fit(scores, numbers, place).probabilities(scores)


def _numbered(labels: Sequence[str]) -> tuple[list[str], Array]:
    intents = sorted(set(labels))
    return intents, np.searchsorted(np.array(intents), np.array(labels))


def _calibration(stored: dict[str, Any]) -> Calibration:
    return Calibration(**{**stored, "weights": tuple(stored["weights"])})


