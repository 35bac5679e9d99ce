"""The product's understanding without a server: its own model, spelling, vectors and wishes."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from benchmarks.nlu.sentences import Sentence
from bot.nlu import sentence_vectors
from bot.nlu.cuts import Cut
from bot.nlu.model import OUT_OF_SCOPE, IntentModel, Ranking, cross_validated
from bot.nlu.spelling import learned, repaired
from bot.nlu.wishes import Understanding, understand
from tests.stack import ROOT

OUTPUT: Final = ROOT / "var" / "bench-nlu"

Array = np.ndarray[Any, Any]


def vectors_of(texts: Sequence[str], spellings: dict[str, str], name: str) -> Array | None:
    """Return the vectors of repaired texts, kept in a file of that name; None without encoder."""
    if not sentence_vectors.available():
        return None
    kept = OUTPUT / "vectors" / f"{name}.npz"
    return sentence_vectors.vectors([repaired(text, spellings) for text in texts], kept)


@dataclasses.dataclass
class Asked:
    """A trained model, asked as the product asks it."""

    model: IntentModel
    spellings: dict[str, str]

    @classmethod
    def trained(
        cls, sentences: Sequence[Sentence], name: str, spellings: dict[str, str] | None = None
    ) -> Asked:
        """Train on sentences; `name` is the file that their vectors are kept in."""
        texts = [one.text for one in sentences]
        spellings = learned(texts) if spellings is None else spellings
        vectors = vectors_of(texts, spellings, name)
        return cls(IntentModel.fit(texts, [one.intent for one in sentences], vectors), spellings)

    def vectors(self, texts: Sequence[str]) -> Array:
        """Return vectors of texts as people wrote them."""
        return np.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> Array:
        return sentence_vectors.vector(repaired(text, self.spellings))

    @functools.cached_property
    def _vectors(self) -> Any:
        return self.vectors if sentence_vectors.available() else None

    def rank(self, texts: Sequence[str]) -> list[Ranking]:
        """Return all intents of each text with probabilities: the model alone."""
        return self.model.rank(texts, self._vectors)

    def cut(self, text: str) -> Cut | None:
        """Return where a message falls into two, as the wishes ask for it."""
        return self.model.cut(text)

    def understood(self, text: str) -> Understanding:
        """Return what the product makes of a message: wishes and ranking."""
        return understand(text, self)


def unseen(
    sentences: Sequence[Sentence], name: str, groups: Sequence[str] | None = None
) -> tuple[list[str], Array]:
    """Return the intents, and each sentence's probabilities by a model that has not seen it.

    By the stage with sentence vectors, which is asked for all of them. Spellings are learned from
    all sentences: held out are intents, not the alphabet.
    """
    texts = [one.text for one in sentences]
    vectors = vectors_of(texts, learned(texts), name)
    labels = [one.intent for one in sentences]
    return sorted(set(labels)), cross_validated(texts, labels, vectors, groups)


def split(ranking: Ranking) -> tuple[float, str, float]:
    """Return the probability of out-of-scope, the best other intent, and its probability."""
    share = next((p for name, p in ranking if name == OUT_OF_SCOPE), 0.0)
    best = next(((name, p) for name, p in ranking if name != OUT_OF_SCOPE), ("", 0.0))
    return share, *best
