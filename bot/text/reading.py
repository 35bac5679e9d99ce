"""A message as the finders of values read it: folded without moving a letter.

``Reading(text)`` is made once for each message and handed to every finder, so that folding and
splitting into words are paid for once. Places (``start``, ``end``) are those of ``Reading.text``,
which is ``clean(text)`` cut at ``LONGEST_READ`` characters.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from bot.text.normal import clean
from bot.text.numerals import Numeral, find_numerals

LONGEST_READ: Final = 5_000
"""Characters looked at: more than a WhatsApp message holds, and a long e-mail up to its quotes."""


class Found(NamedTuple):
    """A value and its place: ``text[start:end]`` is what the customer wrote."""

    entity: str
    value: str
    start: int
    end: int


class Word(NamedTuple):
    """A word of letters, folded; ``ending`` is what follows an apostrophe ("izmir'e": "e")."""

    text: str
    ending: str
    start: int
    end: int  # behind the ending


class _Aligned(dict[int, int]):
    """One character for one: what ``fold`` would give, or the character itself."""

    def __missing__(self, code: int) -> int:
        char = chr(code)
        if char.isascii():
            plain = char.lower()
        elif char.isdecimal():
            plain = str(unicodedata.decimal(char))
        else:
            folded = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode().lower()
            plain = folded if len(folded) == 1 else char
        self[code] = ord(plain)
        return self[code]


_TABLE: Final = _Aligned(
    {ord(char): ord(plain) for char, plain in zip("ıİøØłŁđĐəƏ‐‑‒–—―−\u2028\u2029\u0085\xa0",
                                                   "iioollddee-------\n\n\n ", strict=True)}
)  # fmt: skip
_LONGEST_WORD: Final = 40
_WORD: Final = re.compile(r"([a-z]+)(?:'([a-z]+))?")

# Case, possession, plural and "it was": what Turkish writes onto a noun, folded.
_ENDING: Final = re.compile(
    r"(?:l[ae]r)?(?:[iu]m(?:[iu]z)?|[iu]n(?:[iu]z)?|s[iu]n?|[iu]|m|n|m[iu]z|n[iu]z)?"
    r"(?:y?[iu]|y?[ae]|n[iu]|n[ae]|n?[iu]n|n?[dt][ae](?:n|ki(?:l[ae]r)?)?|y?l[ae])?"
    r"(?:l[iu]k?|s[iu]z|c[iu]|[dt][iu]r|y?d[iu](?:m|k)?|y?m[iu]s|y?[iu]m|y?[iu]z|y?s[ae]|ken"
    r"|ki|m[iu])?(?:l[ae]r)?(?:[iu]m|[iu]|[ae]|y[iu]|n[iu]n|[dt][ae]n?)?"
)


_NO_NUMBERS: Final = frozenset(("beside", "besides", "altina", "altinda", "bini", "binin"))
_PER_CENT: Final = re.compile(r"\byuzde (?:\w+ )?$")
_TEN_AFTER: Final = re.compile(r"\b(?:saat|sabah|aksam|gece|ayin|uzerinden|puanim) $")
_ON_COUNTS: Final = re.compile(
    r" (?:lira|tl\b|gun|adet|tane|hafta|ay\b|aylik|yil|sene|saat|dakika|dk|numara|taksi"
    r"|puan|yildiz|bin|yuz|uzer"
    r"|kez|kere|is gun|kilo|paket|kutu|koli|kisi|parca|ver|kala|var\b|bucuk|ceyrek|gibi"
    r"|sandalye|teneke|ton|defa|dolar"
    r"|euro|ocak|subat|mart|nisan|mayis|haziran|temmuz|agustos|eylul|ekim|kasim|aralik"
    r"|yirmi|otuz|kirk|elli|altmis|yetmis|seksen|doksan)|\W*$"
)


class Reading:
    """One message. ``text`` for places, ``folded`` (just as long) for matching."""

    def __init__(self, text: str) -> None:
        self.text: Final = clean(text[: LONGEST_READ + 1000])[:LONGEST_READ]
        self.folded: Final = aligned(self.text)

    @cached_property
    def words(self) -> list[Word]:
        """Words of letters in their order; what is too long for a word is left out."""
        return [
            Word(match[1], match[2] or "", match.start(), match.end())
            for match in _WORD.finditer(self.folded)
            if match.end() - match.start() <= _LONGEST_WORD
        ]

    @cached_property
    def numerals(self) -> list[Numeral]:
        """Numbers, in digits and in words, in their order, without words that only look like one."""
        return [numeral for numeral in find_numerals(self.folded) if self._is_number(numeral)]

    def _is_number(self, numeral: Numeral) -> bool:
        """Tell a number from "ön", "onun", "o yüzden", "beside" and the English "on"."""
        before = self.folded[max(0, numeral.start - 12) : numeral.start]
        if _PER_CENT.search(before):
            return False
        if not numeral.spoken:
            return True
        word = self.folded[numeral.start : numeral.behind]
        if word in _NO_NUMBERS:
            return False
        if word.startswith("uc") and self.turkish and self.text[numeral.start] in "uU":
            return False  # "ucu" is a tip, "üçü" are three
        if word == "on":
            after = _ON_COUNTS.match(self.folded, numeral.end)
            return self.text[numeral.start] in "oO" and bool(after or _TEN_AFTER.search(before))
        if word.startswith("on") and numeral.value == 10:
            return bool(_TEN_AFTER.search(before))
        if numeral.value == 100 and word.startswith("yuz") and numeral.ending:
            return numeral.ending.startswith("'")
        return True

    @cached_property
    def has_digit(self) -> bool:
        """Whether there is a digit at all."""
        return any(char.isdigit() for char in self.folded)

    @cached_property
    def turkish(self) -> bool:
        """Whether the writer has Turkish letters: then "kas" is not meant by "kaş"."""
        return not self.text.isascii() and any(char in "şğıİŞĞçöüÇÖÜ" for char in self.text)

    def spelt(self, start: int, name: str) -> bool:
        """Tell whether a name stands there letter by letter, or the writer has no such letters."""
        written = self.text[start : start + len(name)]
        return not self.turkish or _lower(written) == _lower(name)

    def capital(self, place: int) -> bool:
        """Tell whether a capital letter begins there that no sentence gave it."""
        if not self.text[place].isupper():
            return False
        before = self.text[:place].rstrip()
        shouted = self.text[place : place + 2].isupper() and self.text.isupper()
        return bool(before) and before[-1] not in ".!?:\n" and not shouted


def _lower(text: str) -> str:
    return text.replace("İ", "i").replace("I", "ı").lower()


def aligned(text: str) -> str:
    """Return the text folded character by character: same length, same places."""
    return text.translate(_TABLE)


@lru_cache(maxsize=4096)
def is_ending(folded: str) -> bool:
    """Return True for what can be written onto a Turkish noun ("den", "lerimi"), or nothing."""
    return _ENDING.fullmatch(folded) is not None
