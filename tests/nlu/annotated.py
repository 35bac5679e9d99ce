"""How well extracted entities agree with texts annotated in Rasa's markup.

`[yarın](date) [İzmire](city) gelir mi`: what stands in brackets is one entity. A found entity
agrees with an annotated one of its kind when their places touch: annotators and rules differ in
whether "gün" or a case ending belongs to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

MARKUP = re.compile(r"\[([^\[\]]+)\]\((\w+)\)|\[([^\[\]]+)\]\{\"entity\": ?\"(\w+)\"[^{}]*\}")

Span = tuple[str, int, int]  # entity, start, end


@dataclass
class Score:
    """Counts of one entity, and the disagreements: (text, what was missed or wrongly found)."""

    right: int = 0
    missed: int = 0
    extra: int = 0
    misses: list[tuple[str, str]] = field(default_factory=list)
    extras: list[tuple[str, str]] = field(default_factory=list)

    @property
    def precision(self) -> float:
        found = self.right + self.extra
        return self.right / found if found else 1.0

    @property
    def recall(self) -> float:
        wanted = self.right + self.missed
        return self.right / wanted if wanted else 1.0


def plain(line: str) -> tuple[str, list[Span]]:
    """Return the text without markup, and the annotated spans in it."""
    text, spans, at = "", [], 0
    for match in MARKUP.finditer(line):
        text += line[at : match.start()]
        words, entity = match[1] or match[3], match[2] or match[4]
        spans.append((entity, len(text), len(text) + len(words)))
        text += words
        at = match.end()
    return text + line[at:], spans


def scores(lines: Iterable[str], extract: Callable[[str], Iterable[Span]]) -> dict[str, Score]:
    """Return the score of each entity that is annotated or found anywhere in the lines."""
    table: dict[str, Score] = {}
    for line in lines:
        text, wanted = plain(line)
        found = list(dict.fromkeys(extract(text)))
        for span in wanted:
            score = table.setdefault(span[0], Score())
            if any(_agree(span, other) for other in found):
                score.right += 1
            else:
                score.missed += 1
                score.misses.append((text, text[span[1] : span[2]]))
        for span in found:
            if not any(_agree(span, other) for other in wanted):
                score = table.setdefault(span[0], Score())
                score.extra += 1
                score.extras.append((text, text[span[1] : span[2]]))
    return table


def _agree(one: Span, other: Span) -> bool:
    return one[0] == other[0] and one[1] < other[2] and other[1] < one[2]
