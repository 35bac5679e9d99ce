"""The intent model: TF-IDF over words and characters, logistic regression, calibrated.

Texts are folded by `bot.text.normalise`, so that capitals, Turkish letters and chat spelling make
no difference. Words are cut to their beginning: Turkish hangs its grammar on the end. Kept as plain
arrays and JSON, so that loading a model runs no code of its archive.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bot.text import normalise

C: Final = 20.0
SEED: Final = 20
STEM: Final = 5
"""Letters of a word that count; the rest is nearly always case, person and tense."""

FOLDS: Final = 5
TEMPERATURES: Final = tuple(float(t) for t in np.exp(np.linspace(np.log(0.3), np.log(3.0), 60)))

_WORD = re.compile(r"[^\W_]+|[^\w\s]")
_DIGIT = re.compile(r"\d")
_ARRAYS, _TERMS = "weights.npz", "terms.json"

Ranking = list[tuple[str, float]]  # intent, probability; best first


def words(text: str) -> list[str]:
    """Return the beginnings of a folded text's words, single and in pairs."""
    found = [word[:STEM] for word in _WORD.findall(text)]
    return found + [f"{first} {second}" for first, second in itertools.pairwise(found)]


def key(text: str) -> str:
    """Return what the model sees of a text: folded, and digits told from letters only."""
    return _DIGIT.sub("0", normalise(text))


def pieces(text: str) -> list[str]:
    """Return the runs of two to five characters within the words of a folded text."""
    found = []
    for word in text.split():
        padded = f" {word} "
        for size in range(2, 6):
            found += [padded[i : i + size] for i in range(max(1, len(padded) - size + 1))]
    return found


@dataclasses.dataclass(frozen=True)
class Features:
    """One kind of feature: how a text is taken apart, the known terms, and their weights."""

    analyzer: Callable[[str], list[str]]
    places: dict[str, int]
    rarity: np.ndarray[Any, Any]  # inverse document frequency, 32 bits

    def of(self, text: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Return places and values of a folded text's features, of length one."""
        counts = Counter(self.places[t] for t in self.analyzer(text) if t in self.places)
        at = np.array(sorted(counts), dtype=np.intp)
        values = (1.0 + np.log([float(counts[i]) for i in at])) * self.rarity[at]
        length = float(np.sqrt((values**2).sum()))
        return at, (values / length if length else values)


class IntentModel:
    """A trained model; `fit` makes one, `save` and `load` keep it, `rank` asks it."""

    def __init__(
        self,
        features: Sequence[Features],
        intents: Sequence[str],
        weights: np.ndarray[Any, Any],
        bias: np.ndarray[Any, Any],
        temperature: float,
    ) -> None:
        self._features = list(features)
        self.intents = list(intents)
        self._weights = weights  # features x intents, 32 bits
        self._bias = bias
        self.temperature = temperature

    @classmethod
    def fit(cls, texts: Sequence[str], labels: Sequence[str]) -> IntentModel:
        """Train on texts and their intents; the same data gives the same model.

        Raises ValueError when there are fewer than two intents.
        """
        intents = sorted(set(labels))
        if len(intents) < 2:
            raise ValueError("at least two intents are needed")
        keys = [key(text) for text in texts]
        numbers = np.searchsorted(np.array(intents), np.array(labels))
        # Sums of several threads end differently from machine to machine.
        with threadpool_limits(limits=1):
            temperature = _temperature(keys, numbers, len(intents))
            features, weights, bias = _fit(keys, numbers)
        return cls(features, intents, weights, bias, temperature)

    def rank(self, texts: Sequence[str]) -> list[Ranking]:
        """Return all intents of each text with their probabilities, best first."""
        if not texts:
            return []
        keys = [key(text) for text in texts]
        scores = _scores(keys, self._features, self._weights, self._bias)
        probabilities = _softmax(scores, self.temperature)
        return [
            [(self.intents[i], float(row[i])) for i in np.argsort(-row, kind="stable")]
            for row in probabilities
        ]

    def save(self, folder: Path) -> None:
        """Write the model into a folder."""
        terms = [sorted(f.places, key=f.places.__getitem__) for f in self._features]
        document = {"intents": self.intents, "temperature": self.temperature, "terms": terms}
        (folder / _TERMS).write_text(json.dumps(document), encoding="utf-8")
        np.savez_compressed(
            folder / _ARRAYS,
            weights=self._weights,
            bias=self._bias,
            **{f"rarity{n}": f.rarity for n, f in enumerate(self._features)},
        )

    @classmethod
    def load(cls, folder: Path) -> IntentModel:
        """Read a model written by `save`."""
        document = json.loads((folder / _TERMS).read_text(encoding="utf-8"))
        with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
            features = [
                Features(analyzer, {t: n for n, t in enumerate(terms)}, arrays[f"rarity{number}"])
                for number, (analyzer, terms) in enumerate(
                    zip(ANALYZERS, document["terms"], strict=True)
                )
            ]
            return cls(
                features,
                document["intents"],
                arrays["weights"],
                arrays["bias"],
                float(document["temperature"]),
            )


def cross_validated(
    texts: Sequence[str], labels: Sequence[str], folds: int = FOLDS
) -> np.ndarray[Any, Any]:
    """Return each text's probabilities from a model that has not seen it (texts x intents).

    Columns are the intents in alphabetical order. Calibrated as a whole, not fold by fold.
    """
    intents = sorted(set(labels))
    keys = [key(text) for text in texts]
    numbers = np.searchsorted(np.array(intents), np.array(labels))
    with threadpool_limits(limits=1):
        scores = _out_of_fold(keys, numbers, len(intents), folds)
    return _softmax(scores, _best_temperature(scores, numbers))


ANALYZERS: Final = (words, pieces)


def _fit(
    keys: Sequence[str], numbers: np.ndarray[Any, Any]
) -> tuple[list[Features], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    vectorizers = [TfidfVectorizer(analyzer=kind, sublinear_tf=True) for kind in ANALYZERS]
    matrix = hstack([vectorizer.fit_transform(keys) for vectorizer in vectorizers], format="csr")
    # liblinear: one intent against the rest; fifteen times faster here than lbfgs, as accurate.
    regression = LogisticRegression(
        C=C, solver="liblinear", class_weight="balanced", random_state=SEED
    )
    regression.fit(matrix, numbers)
    weights, bias = regression.coef_, regression.intercept_
    if len(weights) == 1:  # two intents share one line
        weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
    features = [
        Features(kind, dict(vectorizer.vocabulary_), vectorizer.idf_.astype(np.float32))
        for kind, vectorizer in zip(ANALYZERS, vectorizers, strict=True)
    ]
    return features, np.ascontiguousarray(weights.T, dtype=np.float32), bias.astype(np.float32)


def _scores(
    keys: Sequence[str],
    features: Sequence[Features],
    weights: np.ndarray[Any, Any],
    bias: np.ndarray[Any, Any],
) -> np.ndarray[Any, Any]:
    """Return the scores of folded texts, texts x intents. One text never changes another's."""
    scores = np.empty((len(keys), len(bias)))
    for row, text in enumerate(keys):
        total = bias.astype(np.float64)
        offset = 0
        for kind in features:
            at, values = kind.of(text)
            # Summed feature by feature, in their order: the same on every machine.
            total = total + (values[:, None] * weights[at + offset]).sum(axis=0, dtype=np.float64)
            offset += len(kind.rarity)
        scores[row] = total
    return scores


def _temperature(keys: Sequence[str], numbers: np.ndarray[Any, Any], intents: int) -> float:
    folds = min(FOLDS, int(np.bincount(numbers, minlength=intents).min()))
    if folds < 2:
        return 1.0
    return _best_temperature(_out_of_fold(keys, numbers, intents, folds), numbers)


def _out_of_fold(
    keys: Sequence[str], numbers: np.ndarray[Any, Any], intents: int, folds: int
) -> np.ndarray[Any, Any]:
    scores = np.zeros((len(keys), intents))
    splits = StratifiedKFold(folds, shuffle=True, random_state=SEED)
    for known, unseen in splits.split(np.zeros(len(keys)), numbers):
        model = _fit([keys[i] for i in known], numbers[known])
        scores[unseen] = _scores([keys[i] for i in unseen], *model)
    return scores


def _best_temperature(scores: np.ndarray[Any, Any], numbers: np.ndarray[Any, Any]) -> float:
    """Return the temperature at which the scores of unseen texts are the best probabilities."""
    rows = np.arange(len(numbers))

    def loss(temperature: float) -> float:
        likelihood = _softmax(scores, temperature)[rows, numbers]
        return float(-np.log(np.maximum(likelihood, 1e-12)).mean())

    return min(TEMPERATURES, key=loss)


def _softmax(scores: np.ndarray[Any, Any], temperature: float) -> np.ndarray[Any, Any]:
    scaled = scores.astype(np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    exponentials = np.exp(scaled)
    result: np.ndarray[Any, Any] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return result
