"""Fitting linear classifiers, to all texts and to all but those held out to calibrate on."""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from typing import Any, Final

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bot.nlu.balance import FEW
from bot.nlu.features import Features

C: Final = 1.0
SEED: Final = 20
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

KEPT: Final = np.float16
"""Three digits of a weight are enough for a sum of some hundred, and make half the archive."""

Array = np.ndarray[Any, Any]
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
        return cls(part, matrix, csr_matrix((values, places, ends), shape=(len(rows), features.width)))

    def scores(self, numbers: Array, intents: int, vectors: Array | None, weight: float) -> Array:
        """Return the scores (texts x intents) of the texts held out, by a model of the others."""
        known, held = self.part
        learned = joined(self.learned, None if vectors is None else vectors[known], weight)
        weights, bias = fitted(learned, numbers[known])
        # An intent that a split never saw has no line of its own.
        seen = np.unique(numbers[known])
        scores = np.full((len(held), intents), -3.0)
        asked = joined(self.held, None if vectors is None else vectors[held], weight)
        scores[:, seen] = asked @ weights + bias
        return scores


def directions_of(vectors: Array) -> Array | None:
    """Return the main directions of many vectors (dimensions x `DIRECTIONS`), None of few."""
    if len(vectors) < FEW or vectors.shape[1] <= DIRECTIONS:
        return None
    many = vectors.astype(np.float64)
    found: Array = np.linalg.eigh(many.T @ many)[1][:, : -DIRECTIONS - 1 : -1]
    return np.ascontiguousarray(found, dtype=np.float32)


def along(vectors: Array | None, directions: Array | None) -> Any:
    """Return vectors by their main directions, or as they are without any."""
    return vectors if vectors is None or directions is None else vectors @ directions


def joined(matrix: Any, vectors: Array | None, weight: float) -> Any:
    """Return a sparse matrix of words with the weighed vectors of the same texts beside it."""
    if vectors is None:
        return matrix
    scaled = csr_matrix(vectors.astype(np.float64) * weight)
    return hstack([matrix, scaled], format="csr")


def fitted(matrix: Any, numbers: Array) -> tuple[Array, Array]:
    """Return weights (features x intents, 32 bits) and constants of a linear classifier."""
    machine = LinearSVC(C=C, class_weight="balanced", tol=TOLERANCE, random_state=SEED)
    machine.fit(matrix, numbers)
    weights, bias = machine.coef_, machine.intercept_
    if len(weights) == 1:  # two intents share one line
        weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
    # Rounded to what is kept, so that a model says the same before and after it was stored.
    kept = weights.T.astype(KEPT).astype(np.float32)
    return np.ascontiguousarray(kept), bias.astype(np.float32)


def splits(numbers: Array, folds: int = FOLDS) -> list[Part]:
    """Return parts that hold each text out once; none when an intent has a single text."""
    folds = min(folds, int(np.bincount(numbers).min()))
    if folds < 2:
        return []
    folding = StratifiedKFold(folds, shuffle=True, random_state=SEED)
    return list(folding.split(np.zeros(len(numbers)), numbers))


def by_group(groups: Sequence[str]) -> list[Part]:
    """Return parts that hold the texts of one group out, in the groups' order."""
    named = np.array(groups)
    return [
        (np.flatnonzero(named != group), np.flatnonzero(named == group))
        for group in sorted(set(groups))
    ]


Kinds = Sequence[Array | None]  # without vectors, and with the texts' vectors


def fitted_all(
    matrix: Any, numbers: Array, kinds: Kinds, weight: float
) -> list[tuple[Array, Array]]:
    """Return weights and constants of a classifier for each kind."""
    return [fitted(joined(matrix, vectors, weight), numbers) for vectors in kinds]


def unseen(
    keys: Sequence[str], numbers: Array, intents: int, kinds: Kinds, weight: float
) -> tuple[list[Array], Array]:
    """Return the scores (texts x intents) of held-out texts for each kind, and their places."""
    parts = splits(numbers)[: 1 if len(numbers) >= ENOUGH else None]
    if not parts:
        return [np.zeros((0, intents)) for _ in kinds], np.zeros(0, dtype=int)
    held = [Split.of(keys, part) for part in parts]
    scores = [
        np.concatenate([split.scores(numbers, intents, vectors, weight) for split in held])
        for vectors in kinds
    ]
    return scores, np.concatenate([held for _, held in parts])


def of_part(
    keys: Sequence[str], numbers: Array, intents: int, vectors: Array | None, weight: float, part: Part
) -> Array:
    """Return the scores (texts x intents) of the texts that a part holds out."""
    return Split.of(keys, part).scores(numbers, intents, vectors, weight)


@contextlib.contextmanager
def beside(texts: int) -> Iterator[Executor]:
    """Give an executor whose work is done in other processes, in this one for few texts.

    Never in threads: liblinear draws its lots from one generator for the whole process, so that two
    fits at a time would disturb each other, differently each time.
    """
    forks = "fork" in multiprocessing.get_all_start_methods() and sys.platform != "darwin"
    with threadpool_limits(limits=1):
        if texts < ENOUGH or not forks:
            yield _Here()
            return
        with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
            yield pool


class _Here(Executor):
    """Does at once what it is given."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return a future that is done."""
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done
