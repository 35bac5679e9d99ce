"""What the intent model counts in a text: beginnings of words, pairs of them, runs of letters.

Texts are folded by `bot.text.normalise`, so that capitals, Turkish letters and chat spelling make
no difference. Words are cut to their beginning: Turkish hangs its grammar on the end.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.nlu.typos import Beginnings
from bot.text import normalise

STEM: Final = 5
"""Letters of a word that count; the rest is nearly always case, person and tense."""

RARE: Final = 3_000
"""From as many texts on, a term that stands in a single one is left out: half the memory, and no
difference in what unseen sentences are taken for."""

LONGEST: Final = 2_000
"""Characters looked at: the beginning and the end of a longer text. A pasted mail costs no more."""

_TAIL: Final = 500
_SPEAKING: Final = 3
"""From so many words on, what somebody wants is in the words; an emoji beside them is a mood."""

UNREADABLE: Final = "unreadable"
"""What is seen of a text in another script, or of signs alone: that there was something."""

_EMOJI = re.compile(r"\bemoji[a-z]+\b")
_DOUBLED = re.compile(r"([a-z])\1+")
_WORD = re.compile(r"[^\W_]+|[^\w\s]")
_DIGIT = re.compile(r"\d")

Array = np.ndarray[Any, Any]
Row = tuple[Array, Array]  # places and values of a text's features


def shortened(text: str) -> str:
    """Return the text, or beginning and end of one longer than `LONGEST` characters."""
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST - _TAIL]} {text[-_TAIL:]}"


def key(text: str) -> str:
    """Return what the model sees of a text: folded, digits told from letters only, no letter twice.

    Stretched words ("saaaat") can not be told from those with a double letter, so none has one.
    """
    folded = plain(normalise(shortened(text)))
    if not folded and text.strip():
        return UNREADABLE
    words_only = without_emoji(folded)
    return words_only if len(words_only.split()) >= _SPEAKING else folded


def plain(folded: str) -> str:
    """Return folded text with every digit as 0 and no letter twice in a row."""
    return _DIGIT.sub("0", _DOUBLED.sub(r"\1", folded))


def without_emoji(folded: str) -> str:
    """Return a folded text without the words that stand for emoji."""
    return " ".join(_EMOJI.sub(" ", folded).split())


def words(text: str) -> list[str]:
    """Return the beginnings of a folded text's words, single and in pairs."""
    found = [word[:STEM] for word in _WORD.findall(text)]
    return found + [f"{first} {second}" for first, second in itertools.pairwise(found)]


def pieces(text: str) -> list[str]:
    """Return the runs of two to five characters within the words of a folded text."""
    found = []
    for word in text.split():
        padded = f" {word} "
        for size in range(2, 6):
            found += [padded[i : i + size] for i in range(max(1, len(padded) - size + 1))]
    return found


ANALYZERS: Final = (words, pieces)


@dataclasses.dataclass(frozen=True)
class Terms:
    """One kind of feature: how a text is taken apart, the known terms, and their rarity."""

    analyzer: Callable[[str], list[str]]
    places: dict[str, int]
    rarity: Array  # inverse document frequency, 32 bits

    def of(self, text: str) -> Row:
        """Return places and values of a folded text's features, of length one."""
        places = self.places
        counts = Counter(places[t] for t in self.analyzer(text) if t in places)
        at = np.array(sorted(counts), dtype=np.intp)
        values = (1.0 + np.log([float(counts[i]) for i in at])) * self.rarity[at]
        length = float(np.sqrt((values**2).sum()))
        return at, (values / length if length else values)


class Features:
    """The features of texts: TF-IDF over each analyzer, side by side; and the words they know."""

    def __init__(self, kinds: Sequence[Terms], beginnings: Beginnings) -> None:
        self.kinds = tuple(kinds)
        self.beginnings = beginnings
        self.width = sum(len(kind.rarity) for kind in kinds)

    @classmethod
    def fit(cls, keys: Sequence[str]) -> tuple[Features, Any]:
        """Learn the terms of folded texts; returns them and the texts' sparse matrix."""
        rare = 2 if len(keys) >= RARE else 1
        vectorizers = [
            TfidfVectorizer(analyzer=kind, sublinear_tf=True, min_df=rare) for kind in ANALYZERS
        ]
        matrix = hstack([v.fit_transform(keys) for v in vectorizers], format="csr")
        kinds = [
            Terms(kind, dict(vectorizer.vocabulary_), vectorizer.idf_.astype(np.float32))
            for kind, vectorizer in zip(ANALYZERS, vectorizers, strict=True)
        ]
        return cls(kinds, Beginnings.of(keys)), matrix

    def row(self, text: str) -> Row:
        """Return places and values of the features of a text's key, mistyped words put right."""
        text = self.beginnings.corrected(text)
        places, values, offset = [], [], 0
        for kind in self.kinds:
            at, value = kind.of(text)
            places.append(at + offset)
            values.append(value)
            offset += len(kind.rarity)
        return np.concatenate(places), np.concatenate(values)
