"""Where in a text a value stands that the text may spell otherwise.

Numbers are written in groups, telephones without their country, tickets without their letter.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, Final

Place = tuple[int, int]

_COUNTRY: Final = re.compile(r"(?<!\d)(?:(?:\+|00) ?\d{0,3}|90)?[ ().-]{0,2}0?[ ().-]{0,2}$")
_COUNTRY_LENGTH: Final = 12

_LONGEST_GAP: Final = 3
"""Characters between two of a value, as in "(0532) - 123"."""


class Unplaced(dict[str, Any]):
    """An entity without a place: about a message's attachment, or dictated in words.

    It holds neither `start` nor `end`. Who takes them for granted, as Rasa does when it compares
    entities with annotated ones, reads an empty stretch, which touches no word.
    """

    def __missing__(self, name: str) -> int:
        if name in ("start", "end"):
            return 0
        raise KeyError(name)


class Text:
    """A text in which values are looked for, whatever their case."""

    def __init__(self, text: str) -> None:
        upper = text.upper()
        # Folding by `upper` may change the length, and then no place would be right.
        self._text = upper if len(upper) == len(text) else text
        self._bare: tuple[str, list[int]] | None = None

    def place(self, kind: str, value: str) -> Place | None:
        """Return where the value of an identifier stands, None when that can not be told."""
        wanted = value.upper()
        start = self._whole(wanted)
        if start is not None:
            return start, start + len(wanted)
        bare = "".join(char for char in wanted if char.isalnum())
        if kind == "ticket_number":
            return self._apart(bare) or self._apart(bare.lstrip("T"))
        if kind == "phone":
            place = self._apart(bare[2:] if bare.startswith("90") else bare)
            return place and self._with_country(place)
        return None if kind == "email" else self._apart(bare)

    def _whole(self, value: str) -> int | None:
        """Return where a value is written as it is, rather not in the middle of a longer number."""
        first = at = self._text.find(value)
        while at >= 0:
            behind = at + len(value)
            around = self._text[max(0, at - 1) : at] + self._text[behind : behind + 1]
            if not any(char.isdigit() for char in around):
                return at
            at = self._text.find(value, at + 1)
        return first if first >= 0 else None

    def _apart(self, value: str) -> Place | None:
        """Return where the letters and digits of a value follow each other with little between."""
        if self._bare is None:
            places = [at for at, char in enumerate(self._text) if char.isalnum()]
            self._bare = "".join(self._text[at] for at in places), places
        bare, places = self._bare
        at = bare.find(value) if value else -1
        while at >= 0:
            own = places[at : at + len(value)]
            if all(there - here <= _LONGEST_GAP + 1 for here, there in pairwise(own)):
                return own[0], own[-1] + 1
            at = bare.find(value, at + 1)
        return None

    def _with_country(self, place: Place) -> Place:
        before = self._text[max(0, place[0] - _COUNTRY_LENGTH) : place[0]]
        match = _COUNTRY.search(before)
        led = match.group().lstrip(" .)-") if match else ""
        return place[0] - len(led), place[1]
