"""Telephone numbers and e-mail addresses in free text."""

from __future__ import annotations

import re
from collections.abc import Iterator
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


def phone_spans(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and E.164 form of each valid telephone number in the text.

    Numbers without a country code are read as Turkish. Offsets are those of ``text``.
    """
    for match in phonenumbers.PhoneNumberMatcher(text, REGION):
        yield (
            match.start,
            match.end,
            phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164),
        )


def find_phones(text: str) -> list[str]:
    """Return the telephone numbers in the text in E.164 form, each once, in order."""
    return list(dict.fromkeys(number for _, _, number in phone_spans(clean(text[:LONGEST]))))


def find_emails(text: str) -> list[str]:
    """Return the e-mail addresses in the text, lower-case, each once, in order."""
    found = []
    for match in EMAIL.finditer(clean(text[:LONGEST]).translate(_SLIPS)):
        found.append(_GLUED_ENDING.sub(r".\1", match.group().lower()))
    return list(dict.fromkeys(found))
