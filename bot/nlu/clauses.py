"""Cutting a message into the clauses that may each hold a wish."""

from __future__ import annotations

import dataclasses
import re
from typing import Final

from bot.text import normalise

MIN_WORDS: Final = 2
"""A part of fewer words beside "ve" or "and" belongs to its neighbour ("renk ve beden")."""

MAX_CLAUSES: Final = 12
"""More are a story, and the whole of it is looked at instead."""

# After a digit a full stop is an ordinal ("2. siparişim"); "s.a." is one word.
_SENTENCE_END: Final = re.compile(r"\n+|(?<=[?!…])\s+|(?<=[^\d\s.]{2}\.)\s+|(?<=\.\.)\s+|;\s*")
_FURTHER: Final = (
    r"bir de|birde|hem de|ayrica|ayriyeten|bunun disinda|bunun yaninda|onun disinda|ek olarak"
    r"|bu arada|and also|also|plus|another thing|one more thing|besides|by the way|in addition"
    r"|apart from that|on top of that"
)
_CONNECTOR: Final = re.compile(
    rf"[,.]?\s*\b(?:(?P<further>(?:ve |and )?(?:{_FURTHER}))|ve|and)\b[,:]?\s*"
)
_GREETING: Final = re.compile(
    r"(?:(?:selamun aleykum|aleykum selam|merhaba(?:lar)?|selam(?:lar)?|gunaydin|tunaydin"
    r"|(?:iyi|hayirli) (?:gunler|aksamlar|geceler|sabahlar|calismalar|isler|cumalar|pazarlar)"
    r"|kolay gelsin|hello|hi|hey|hiya|howdy|greetings|dear (?:sir|madam|team)"
    r"|good (?:morning|afternoon|evening|day))"
    r"(?: (?:hocam|abi|abla|ablacim|abicim|efendim|arkadaslar|there|all|team|guys|dilerim))?"
    r"[\s,.!:;-]*)+"
)
_WORDS: Final = re.compile(r"[^\W_]+")


@dataclasses.dataclass(frozen=True)
class Clause:
    """A folded part of a message; `further` when the words before it announce another matter."""

    text: str
    further: bool = False


def without_greeting(text: str) -> str:
    """Return folded text without a greeting in front; a greeting alone stays."""
    match = _GREETING.match(text)
    rest = text[match.end() :] if match else text
    return rest if _WORDS.search(rest) else text


def clauses(text: str) -> list[Clause]:
    """Return the clauses of a message in order, folded, without greetings in front of them.

    Cut at line ends, at ends of sentences, and at "bir de", "ayrıca", "also", "and" and the like.
    """
    found: list[Clause] = []
    for sentence in _SENTENCE_END.split(text):
        found += _within(without_greeting(normalise(sentence)))
        if len(found) > MAX_CLAUSES:
            return [Clause(without_greeting(normalise(text)))]
    return found


def _within(sentence: str) -> list[Clause]:
    parts: list[Clause] = []
    start, further = 0, False
    for match in _CONNECTOR.finditer(sentence):
        before, after = sentence[start : match.start()], sentence[match.end() :]
        announced = match["further"] is not None
        if not announced and min(_length(before), _length(after)) < MIN_WORDS:
            continue
        if _length(before):
            parts.append(Clause(before.strip(" ,."), further))
        elif not announced:
            continue
        start, further = match.end(), announced
    rest = sentence[start:].strip()
    if _length(rest):
        parts.append(Clause(rest, further))
    return parts


def _length(text: str) -> int:
    return len(_WORDS.findall(text))
