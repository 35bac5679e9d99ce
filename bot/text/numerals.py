"""Numbers in digits and in words, Turkish and English: ``bin üç yüz``, ``1,5 bin``, ``1.299,90``.

What a number counts is for the caller to say; words that are numbers only sometimes (``on``,
``bir``, ``altı``) are returned all the same, with the ending that tells ("onu", "altında").
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

_TR: Final = {
    "sifir": 0, "bir": 1, "bi": 1, "iki": 2, "uc": 3, "dort": 4, "bes": 5, "alti": 6, "yedi": 7,
    "sekiz": 8, "dokuz": 9, "on": 10, "yirmi": 20, "otuz": 30, "kirk": 40, "elli": 50,
    "altmis": 60, "yetmis": 70, "seksen": 80, "doksan": 90, "yuz": 100, "bin": 1000,
    "milyon": 1_000_000,
}  # fmt: skip
_EN: Final = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90, "hundred": 100, "thousand": 1000,
}  # fmt: skip
_LONGEST_WORD: Final = 60
_HALF: Final = Decimal("0.5")

_PIECE: Final = re.compile(
    r"(?<![\w.,])(?:(?P<digits>\d{1,12}(?:[.,]\d{1,6}){0,4})(?P<kilo>k(?![a-z]))?|(?P<word>[a-z]+))"
)
_BETWEEN: Final = re.compile(r"[ \t-]{1,2}(?:and )?")
_AFTER_DIGITS: Final = re.compile(r"'?[a-z]+")
_AFTER_WORD: Final = re.compile(r"'[a-z]+")
_GLUED: Final = re.compile(
    r"((?:sifir|bir|iki|uc|dort|bes|alti|yedi|sekiz|dokuz|on|yirmi|otuz|kirk|elli|altmis|yetmis"
    r"|seksen|doksan|yuz|bin|milyon|bucuk)+)([a-z]{0,8})"
)
_TR_WORD: Final = re.compile("|".join([*sorted(_TR, key=len, reverse=True), "bucuk"]))
# Endings of number words: case, possession ("üçü"), "-lük", "-dir"; not the ordinals.
_ENDING: Final = re.compile(
    r"(?:s?[iu](?:n[iu]|n[ae]|n?[dt][ae]n?|nin)?|[ae]|y[iu]|y[ae]|[iu]n|[nd][ae]n?"
    r"|[dt][ae](?:n|ki)?"
    r"|l[iu](?:k|g[iu])?|y?l[ae]|[dt][iu]r|[iu]m|er|ar|ser|sar|m[iu]s|yd[iu]|nin|nun)?"
)
# "one" behind these is no number ("which one", "new one", "no one").
_NO_ONE: Final = re.compile(
    r"\b(?:this|that|the|which|new|other|another|no|any|every|same|wrong|some|right|old) $"
)


MOST_NUMERALS: Final = 300
"""Numbers looked at in one message; more are a list, of which nothing can be answered."""


Tokens = tuple[tuple[Decimal, str, str], ...]  # value, kind, language


class Numeral(NamedTuple):
    """A number and its place; ``end`` lies before the ``ending`` ("'si", "den", "")."""

    value: Decimal
    start: int
    end: int
    ending: str
    spoken: bool  # no digit in it

    @property
    def whole(self) -> int | None:
        """The value when it has no fraction."""
        return int(self.value) if self.value == int(self.value) else None

    @property
    def behind(self) -> int:
        """The place behind the ending."""
        return self.end + len(self.ending)


def decimal_of(digits: str) -> Decimal | None:
    """Return the value of digits with dots and commas, or None for ``1.2.3`` and the like.

    A dot before three digits groups thousands, before one or two it is the point: ``1.299`` is
    1299 and ``12.50`` is 12,5. A comma is the point but before three digits (``2,000``, English).
    """
    parts = re.split(r"([.,])", digits)
    if len(parts) == 1:
        return Decimal(digits)
    marks, groups = parts[1::2], parts[2::2]
    tail = len(groups[-1]) in (1, 2) or parts[0] == "0"
    grouped = groups[:-1] if tail else groups
    if any(len(group) != 3 for group in grouped) or (grouped and len(parts[0]) > 3):
        return None
    if len(set(marks[: len(grouped)])) > 1 or (tail and grouped and marks[-1] == marks[0]):
        return None
    whole = parts[0] + "".join(grouped)
    return Decimal(f"{whole}.{groups[-1]}" if tail else whole)


class _Sum:
    """A number under way. ``add`` refuses what can not follow, which then begins the next one."""

    def __init__(self) -> None:
        self.total = self.group = Decimal(0)
        self.last = ""
        self.language = ""

    @property
    def value(self) -> Decimal:
        return self.total + self.group

    def add(self, value: Decimal, kind: str, language: str) -> bool:
        if language and self.language and language != self.language:
            return False
        if not self._fits(value, kind):
            return False
        self.language = self.language or language
        self.last = kind
        return True

    def _fits(self, value: Decimal, kind: str) -> bool:
        last = self.last
        if kind == "unit":
            fits = last in ("", "ten", "hundred", "thousand") and (value > 0 or not last)
        elif kind in ("ten", "teen"):
            fits = last in ("", "hundred", "thousand")
        elif kind == "digits":
            fits = not last or (last == "thousand" and value < 1000)
        elif kind == "half":
            fits = last not in ("", "half") and self.group == int(self.group)
        elif kind == "hundred":
            if last in ("", "thousand"):
                self.group += value
                return True
            # "one hundred" is said, "bir yüz" is not.
            if last in ("unit", "digits") and (1 if self.language == "en" else 2) <= self.group < 10:
                self.group *= value
                return True
            return False
        else:  # a thousand ("k" too, after which nothing can follow) or a million
            if (
                last in ("thousand", "kilo")
                or self.total % 1_000_000
                or (self.total and value > 1000)
            ):
                return False
            self.total += (self.group if last else Decimal(1)) * value
            self.group = Decimal(0)
            return True
        if fits:
            self.group += value
        return fits


def find_numerals(folded: str) -> list[Numeral]:
    """Return the numbers of a folded text (``Reading.folded``) in their order."""
    found: list[Numeral] = []
    number, start, end, ending, spoken = _Sum(), 0, 0, "", True

    def close() -> None:
        if number.last:
            found.append(Numeral(number.value, start, end, ending, spoken))

    for match in _PIECE.finditer(folded):
        if len(found) >= MOST_NUMERALS:
            return found
        tokens, suffix, stop = _tokens(folded, match)
        if not tokens:
            continue
        between = folded[end : match.start()] if number.last else ""
        if (
            ending
            or not number.last
            or not _BETWEEN.fullmatch(between)
            or not _joins(number, tokens)
        ):
            close()
            number, start, spoken = _Sum(), match.start(), True
        for token in tokens:
            number.add(*token)
        spoken = spoken and not match["digits"]
        end, ending = stop, suffix
    close()
    return found


def _joins(number: _Sum, tokens: Tokens) -> bool:
    """Tell whether all tokens can continue the number; a look without a change."""
    trial = _Sum()
    trial.total, trial.group = number.total, number.group
    trial.last, trial.language = number.last, number.language
    return all(trial.add(*token) for token in tokens)


def _tokens(folded: str, match: re.Match[str]) -> tuple[Tokens, str, int]:
    """Return the tokens of a piece, its ending, and where the number stops."""
    if match["digits"]:
        value = decimal_of(match["digits"])
        if value is None:
            return (), "", match.end()
        tokens: Tokens = ((value, "digits", ""),)
        if match["kilo"]:
            return (*tokens, (Decimal(1000), "kilo", "")), "", match.end()
        after = _AFTER_DIGITS.match(folded, match.end())
        suffix = after.group() if after and _ENDING.fullmatch(after.group().lstrip("'")) else ""
        return tokens, suffix, match.end()
    word = match["word"]
    if len(word) > _LONGEST_WORD:
        return (), "", match.end()
    if word == "one" and _NO_ONE.search(folded, max(0, match.start() - 9), match.start()):
        return (), "", match.end()
    tokens, suffix = _spoken(word)
    stop = match.end() - len(suffix)
    if tokens and not suffix:
        after = _AFTER_WORD.match(folded, stop)
        suffix = after.group() if after else ""
    return tokens, suffix, stop


@lru_cache(maxsize=4096)
def _spoken(word: str) -> tuple[Tokens, str]:
    """Return the numbers that a word is made of, and the ending written onto it."""
    if word == "yarim":
        return ((_HALF, "unit", "tr"),), ""
    if word in _EN:
        value = _EN[word]
        kind = "teen" if 10 <= value < 20 else _kind(value)
        return ((Decimal(value), kind, "en"),), ""
    match = _GLUED.fullmatch(word)
    if match is None:
        return ((Decimal(1), "unit", "tr"),) if word == "bi" else (), ""
    names, suffix = match.groups()
    if not _ENDING.fullmatch(suffix):
        return (), ""
    tokens = tuple(
        (_HALF, "half", "tr") if name == "bucuk" else (Decimal(_TR[name]), _kind(_TR[name]), "tr")
        for name in _TR_WORD.findall(names)
    )
    # "birbiri" is "each other": words glued that make no number are none.
    makes_one = len(tokens) == 1 or _joins(_Sum(), tokens)
    return (tokens, suffix) if makes_one else ((), "")


def _kind(value: int) -> str:
    if value < 10:
        return "unit"
    if value < 100:
        return "ten"
    return "hundred" if value == 100 else "thousand"
