"""The intent model: two linear classifiers in a cascade, calibrated on sentences they have not seen.

The first sees words and letters only and settles what it is sure of; the second sees the sentence
vector as well and is asked for the rest, which saves the encoder's milliseconds on most messages
at no loss. Kept as plain arrays and JSON, so that loading a model runs no code of its archive.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bot.nlu.arrays import write_arrays
from bot.nlu.calibration import Calibration
from bot.nlu.cuts import Cut, best_cut
from bot.nlu.features import ANALYZERS, Features, Row, Terms, key
from bot.nlu.typos import Beginnings

C: Final = 1.0
SEED: Final = 20
VECTOR_WEIGHT: Final = 0.5
"""How much a sentence vector counts beside the two kinds of words, each of length one."""

SOME: Final = 300
FEW: Final = 12_000
VECTOR_WEIGHT_OF_FEW: Final = 1.5
"""With fewer than `FEW` texts many words of an unseen one are unknown, and its vector tells more. Both
weights come from cross-validation: of the shop's corpus, and of public data sets of 300 to 10,000
sentences; of fewer than `SOME` nothing is known."""

DIRECTIONS: Final = 256
"""Directions of the sentence vectors that a model of many texts looks at, those along which its texts
differ most: half the training time. Held-out writers were understood as well as with all 512
(0.8719 beside 0.8720, and 0.8684 beside 0.8687); with 128 a third of a point less."""

TOLERANCE: Final = 0.03
"""Where the fit stops: a third fewer rounds than at the library's own, the same intents for 9,996 of
10,000 unseen texts."""

FOLDS: Final = 5
ENOUGH: Final = 5_000
"""From as many texts on, a fifth of them held out once is enough to calibrate on."""

SURE: Final = 0.85
"""Confidence with which words alone settle a text. In cross-validation over the corpus the two
stages are equally right above it (0.95), and about two thirds of the texts are settled."""

WHOLE: Final = 0.6
"""Share of the second stage in what it decides, the rest is the first's: on writers that both have
not seen, the mean is right as often as the second alone, more often in Turkish, less in English."""

OUT_OF_SCOPE: Final = "out_of_scope"

_KEPT: Final = np.float16
"""Three digits of a weight are enough for a sum of some hundred, and make half the archive."""

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
        vector_weight: float = VECTOR_WEIGHT,
        directions: Array | None = None,
    ) -> None:
        self.intents = list(intents)
        self._features = features
        self._words = stages[0]
        self._whole = stages[1] if len(stages) > 1 else None  # with sentence vectors
        self._vector_weight = vector_weight
        self._directions = directions  # dimensions of a vector x those kept; all without it

    @classmethod
    def fit(
        cls, texts: Sequence[str], labels: Sequence[str], vectors: Array | None = None
    ) -> IntentModel:
        """Train on texts, their intents and, with an encoder, their vectors (texts x 512).

        The same data gives the same model. Raises ValueError when there are fewer than two intents.
        """
        intents, numbers = _numbered(labels)
        if len(intents) < 2:
            raise ValueError("at least two intents are needed")
        keys = [key(text) for text in texts]
        place = intents.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in intents else -1
        features, matrix = Features.fit(keys)
        weight = _weight(len(texts))
        directions = None if vectors is None else _directions(vectors)
        vectors = _along(vectors, directions)
        kinds = [None] if vectors is None else [None, vectors]
        parts = _splits(numbers, FOLDS)[: 1 if len(numbers) >= ENOUGH else FOLDS]
        with threadpool_limits(limits=1), ThreadPoolExecutor(2) as pool:
            # Two at a time, each on a core of its own; the longest first.
            splits = [pool.submit(Split.of, keys, part) for part in parts]
            jobs = [
                (pool.submit(_fitted, _joined(matrix, kind, weight), numbers),
                 pool.submit(_unseen, splits, numbers, len(intents), kind, weight))
                for kind in reversed(kinds)
            ]  # fmt: skip
            stages = []
            for fitted, unseen in reversed(jobs):
                scores, places = unseen.result()
                calibration = (
                    Calibration.fit(scores, numbers[places], place)
                    if len(places)
                    else Calibration(1.0)
                )
                weights, bias = fitted.result()
                stages.append(Stage(weights, bias, calibration))
        return cls(features, intents, stages, weight, directions)

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
        unsure = np.flatnonzero(result.max(axis=1) < SURE) if len(texts) else ()
        if vectors is None or self._whole is None or not len(unsure):
            return result
        found = _along(vectors([texts[number] for number in unsure]), self._directions)
        columns = np.arange(self._features.width, self._features.width + found.shape[1])
        for number, vector in zip(unsure, found, strict=True):
            at, values = rows[number]
            joined = (
                np.concatenate([at, columns]),
                np.concatenate([values, vector * self._vector_weight]),
            )
            scores = self._whole.scores(joined)[None, :]
            whole = self._whole.calibration.probabilities(scores)[0]
            result[number] = WHOLE * whole + (1.0 - WHOLE) * result[number]
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
            "vector_weight": self._vector_weight,
            "beginnings": self._features.beginnings.counts,
        }
        (folder / _DOCUMENT).write_text(json.dumps(document), encoding="utf-8")
        arrays = {f"rarity{n}": kind.rarity for n, kind in enumerate(self._features.kinds)}
        for name, stage in stages.items():
            weights = stage.weights.astype(_KEPT)
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
        return cls(features, document["intents"], stages, document["vector_weight"], directions)


def cross_validated(
    texts: Sequence[str],
    labels: Sequence[str],
    vectors: Array | None = None,
    groups: Sequence[str] | None = None,
    folds: int = FOLDS,
) -> Array:
    """Return each text's probabilities from a model that has not seen it (texts x intents).

    Columns are the intents in alphabetical order. `groups`: texts of one group (a writer) are held
    out together. Calibrated as a whole, not fold by fold.
    """
    intents, numbers = _numbered(labels)
    keys = [key(text) for text in texts]
    place = intents.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in intents else -1
    vectors = None if vectors is None else _along(vectors, _directions(vectors))
    with threadpool_limits(limits=1), ThreadPoolExecutor(2) as pool:
        parts = _splits(numbers, folds) if groups is None else _by_group(groups)
        weight = _weight(len(texts))
        jobs = [
            pool.submit(lambda p: Split.of(keys, p).scores(numbers, len(intents), vectors, weight), part)
            for part in parts
        ]
        scores = np.zeros((len(texts), len(intents)))
        for (_, held), job in zip(parts, jobs, strict=True):
            scores[held] = job.result()
    return Calibration.fit(scores, numbers, place).probabilities(scores)


Part = tuple[Array, Array]  # places of the texts to learn from, and of those held out


@dataclasses.dataclass(frozen=True)
class Split:
    """A part of the texts, and the features of both its sides as the one side knows them."""

    part: Part
    learned: Any
    held: Any

    @classmethod
    def of(cls, keys: Sequence[str], part: Part) -> Split:
        """Take the texts of a part apart."""
        known, held = part
        features, matrix = Features.fit([keys[i] for i in known])
        rows = [features.row(keys[i]) for i in held]
        places = np.concatenate([at for at, _ in rows]) if rows else np.zeros(0, dtype=int)
        values = np.concatenate([value for _, value in rows]) if rows else np.zeros(0)
        ends = np.cumsum([0, *(len(at) for at, _ in rows)])
        unseen = csr_matrix((values, places, ends), shape=(len(rows), features.width))
        return cls(part, matrix, unseen)

    def scores(self, numbers: Array, intents: int, vectors: Array | None, weight: float) -> Array:
        """Return the scores (texts x intents) of the texts held out, by a model of the others."""
        known, held = self.part
        learned = _joined(self.learned, None if vectors is None else vectors[known], weight)
        weights, bias = _fitted(learned, numbers[known])
        # An intent that a split never saw has no line of its own.
        seen = np.unique(numbers[known])
        scores = np.full((len(held), intents), -3.0)
        unseen = _joined(self.held, None if vectors is None else vectors[held], weight)
        scores[:, seen] = unseen @ weights + bias
        return scores


def _numbered(labels: Sequence[str]) -> tuple[list[str], Array]:
    intents = sorted(set(labels))
    return intents, np.searchsorted(np.array(intents), np.array(labels))


def _calibration(stored: dict[str, Any]) -> Calibration:
    return Calibration(**{**stored, "weights": tuple(stored["weights"])})


def _weight(texts: int) -> float:
    """Return what a sentence vector counts in a model trained on so many texts."""
    return VECTOR_WEIGHT_OF_FEW if SOME <= texts < FEW else VECTOR_WEIGHT


def _directions(vectors: Array) -> Array | None:
    """Return the main directions of many vectors (dimensions x `DIRECTIONS`), None of few."""
    if len(vectors) < FEW or vectors.shape[1] <= DIRECTIONS:
        return None
    many = vectors.astype(np.float64)
    found: Array = np.linalg.eigh(many.T @ many)[1][:, : -DIRECTIONS - 1 : -1]
    return np.ascontiguousarray(found, dtype=np.float32)


def _along(vectors: Array | None, directions: Array | None) -> Any:
    return vectors if vectors is None or directions is None else vectors @ directions


def _joined(matrix: Any, vectors: Array | None, weight: float) -> Any:
    if vectors is None:
        return matrix
    scaled = csr_matrix(vectors.astype(np.float64) * weight)
    return hstack([matrix, scaled], format="csr")


def _fitted(matrix: Any, numbers: Array) -> tuple[Array, Array]:
    """Return weights (features x intents, 32 bits) and constants of a linear classifier."""
    machine = LinearSVC(C=C, class_weight="balanced", tol=TOLERANCE, random_state=SEED)
    machine.fit(matrix, numbers)
    weights, bias = machine.coef_, machine.intercept_
    if len(weights) == 1:  # two intents share one line
        weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
    # Rounded to what is kept, so that a model says the same before and after it was stored.
    kept = weights.T.astype(_KEPT).astype(np.float32)
    return np.ascontiguousarray(kept), bias.astype(np.float32)


def _splits(numbers: Array, folds: int) -> list[Part]:
    folds = min(folds, int(np.bincount(numbers).min()))
    if folds < 2:
        return []
    splits = StratifiedKFold(folds, shuffle=True, random_state=SEED)
    return list(splits.split(np.zeros(len(numbers)), numbers))


def _by_group(groups: Sequence[str]) -> list[Part]:
    named = np.array(groups)
    return [
        (np.flatnonzero(named != group), np.flatnonzero(named == group))
        for group in sorted(set(groups))
    ]


def _unseen(
    splits: Sequence[Future[Split]], numbers: Array, intents: int, vectors: Array | None, weight: float
) -> tuple[Array, Array]:
    """Return scores of texts by models that have not seen them, and the places of these texts."""
    if not splits:
        return np.zeros((0, intents)), np.zeros(0, dtype=int)
    ready = [split.result() for split in splits]
    scores = [split.scores(numbers, intents, vectors, weight) for split in ready]
    return np.concatenate(scores), np.concatenate([split.part[1] for split in ready])
