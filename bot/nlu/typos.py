"""Mistyped words brought back to words that the training sentences know.

Only the beginning of a word is looked at, as the model does: a word whose beginning nobody ever
wrote, and that is one slip away from a beginning that many wrote, was most likely mistyped. A slip is
a letter left out, one too many, a wrong one, or two swapped. Found by leaving out letters on both
sides (the known beginnings once, at training), so that a word costs a dozen look-ups.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

LENGTH: Final = 5
"""Letters of a beginning; shorter words are too near to each other to be told apart."""

OFTEN: Final = 4
"""So many sentences must hold a beginning for it to be what somebody meant."""

_WORD: Final = re.compile(r"[a-z]+")


class Beginnings:
    """The beginnings of words in the training sentences, with the number of their sentences."""

    def __init__(self, counts: dict[str, int]) -> None:
        self.counts = counts
        self._near: dict[str, list[str]] = defaultdict(list)
        for beginning, count in counts.items():
            if count >= OFTEN and len(beginning) == LENGTH:
                for shorter in {beginning, *_without_one(beginning)}:
                    self._near[shorter].append(beginning)
        self._seen: dict[str, str] = {}

    @classmethod
    def of(cls, texts: Iterable[str]) -> Beginnings:
        """Count the beginnings of the words in folded texts."""
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update({word[:LENGTH] for word in _WORD.findall(text)})
        return cls(dict(counts))

    def corrected(self, text: str) -> str:
        """Return a folded text with its mistyped words as they were meant."""
        return _WORD.sub(self._word, text)

    def _word(self, match: re.Match[str]) -> str:
        word = match.group()
        if len(word) < LENGTH - 1 or word[:LENGTH] in self.counts:
            return word
        meant = self._seen.get(word)
        if meant is None:
            if len(self._seen) > 10_000:
                self._seen.clear()
            meant = self._seen[word] = self._meant(word)
        return meant

    def _meant(self, word: str) -> str:
        best, rest = "", word
        for length in (LENGTH, LENGTH + 1, LENGTH - 1):
            begin = word[:length]
            if len(begin) < length:
                continue
            for shorter in (begin, *_without_one(begin)):
                for known in self._near.get(shorter, ()):
                    better = self.counts[known] > self.counts.get(best, 0)
                    if better and is_one_slip(begin, known):
                        best, rest = known, word[length:]
        return best + rest if best else word


def is_one_slip(typed: str, meant: str) -> bool:
    """Tell whether one slip leads from a word that was meant to what was typed."""
    if len(typed) > len(meant):
        return any(shorter == meant for shorter in _without_one(typed))
    if len(typed) < len(meant):
        return any(shorter == typed for shorter in _without_one(meant))
    other = [at for at, (a, b) in enumerate(zip(typed, meant, strict=True)) if a != b]
    if len(other) == 2 and other[1] == other[0] + 1:
        first, second = other
        return typed[first] == meant[second] and typed[second] == meant[first]
    return len(other) == 1


def _without_one(word: str) -> list[str]:
    return [word[:at] + word[at + 1 :] for at in range(len(word))]
