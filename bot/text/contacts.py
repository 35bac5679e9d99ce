"""Telephone numbers and e-mail addresses in free text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import phonenumbers

from bot.text.normal import clean

REGION: Final = "TR"
LONGEST: Final = 20_000
"""Characters looked at: finding phones in a megabyte of digits would take seconds."""

# Every quantifier is bounded and the look-behind forbids a start inside a word, so that
# a megabyte of letters costs one pass.
EMAIL: Final = re.compile(
    r"(?<![\w.%+-])[A-Za-z0-9_%+-][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}"
)
# The keyboard's dotted capital and dotless small i in an address are slips.
_SLIPS: Final = str.maketrans(
    {"İ": "i", "ı": "i", "ş": "s", "ğ": "g", "ç": "c", "ö": "o", "ü": "u"}
)
# "ayse@gmail.comdan" : a case ending written on without an apostrophe.
_GLUED_ENDING: Final = re.compile(
    r"\.(com|net|org|tr)(?:a|e|ya|ye|dan|den|da|de|u|i|yi|un|in|nin)$"
)

# "0555 999 88 77den", "05559998877'ye": the library takes digits before letters for a code.
_NUMBER_ENDING: Final = re.compile(
    r"(?<=\d)['’]?(?:[dt][ae]n|[dt][ae]|[yn]?[ae]|[yn]?[iıuü]|n?[iıuü]n|l[iıuü]|"
    r"numara(?:l[ıi]|dan|ya|y[ıi])?|nolu)(?![\w'’])",
    re.IGNORECASE,
)
_DIGITS: Final = re.compile(r"(?<![\w])\+?\d[\d ()./-]{5,18}\d")


def phone_spans(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and E.164 form of each valid telephone number in the text.

    Numbers without a country code are read as Turkish. Offsets are those of ``text``.
    """
    yield from _spans(text)


# Order numbers and telephones are looked for in the same message, one after the other.
@lru_cache(maxsize=16)
def _spans(text: str) -> tuple[tuple[int, int, str], ...]:
    bare = _NUMBER_ENDING.sub(lambda match: " " * len(match.group()), text)
    return tuple(
        (
            match.start,
            match.end,
            phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164),
        )
        for match in phonenumbers.PhoneNumberMatcher(bare, REGION)
    )


def find_phones(text: str) -> list[str]:
    """Return the telephone numbers in the text in E.164 form, each once, in order."""
    return list(dict.fromkeys(number for _, _, number in phone_spans(clean(text[:LONGEST]))))


def looks_like_phone(text: str) -> bool:
    """Tell whether digits in the text were meant as a telephone number, readable or not.

    Seven to thirteen of them that begin with 0, +, 5 or 90. An order number written so is taken for
    one too: whoever asks must be able to live with that.
    """
    for match in _DIGITS.finditer(clean(text[:LONGEST])):
        digits = re.sub(r"\D", "", match.group())
        if 7 <= len(digits) <= 13 and (match.group()[0] in "+05" or digits.startswith("90")):
            return True
    return False


def find_emails(text: str) -> list[str]:
    """Return the e-mail addresses in the text, lower-case, each once, in order."""
    found = []
    for match in EMAIL.finditer(clean(text[:LONGEST]).translate(_SLIPS)):
        found.append(_GLUED_ENDING.sub(r".\1", match.group().lower()))
    return list(dict.fromkeys(found))
