"""Identifiers in a message by rule: order, tracking and ticket numbers, phones, e-mails.

What a number *is* only the shop's records can tell, so a bare number comes as `order_number`, and
as `tracking_number` as well when it has the shape of one or is named so; the actions look both up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from bot.text import (
    find_emails,
    find_numbers,
    find_phones,
    find_ticket_numbers,
    phones_abroad,
    written_out,
)
from bot.text.parcels import told_as_parcels

TRACKING_DIGITS = 11
"""Carriers' numbers have at least this many digits; shops' order numbers rarely do."""

LONGEST: Final = 2_500
"""Characters looked at. Looking for telephones among many digits is slow work."""

_UPS = re.compile(r"1Z[0-9A-Z]{16}")
_S10 = re.compile(r"[A-Z]{2}\d{9}[A-Z]{2}")
_HEPSIJET = re.compile(r"H[JX][0-9A-Z]{7,14}")
_TOKEN = re.compile(r"[^\s,;:!?()#*]+")
# Rasa's own way to fill slots; from a customer it is noise, and must fill none.
_SLOT_FILLING = re.compile(r'\{\s*"[^{}]*\}?')
_NOT_WORD = re.compile(r"[\W_]")

Identifier = tuple[str, str]  # entity, value


def identifiers(text: str) -> list[Identifier]:
    """Return (entity, value) of every identifier in a text; likeliest readings first."""
    return list(_identifiers(text[:LONGEST]))


# Both the classifier and the extractor ask about the same message.
@lru_cache(maxsize=16)
def _identifiers(text: str) -> tuple[Identifier, ...]:
    text = written_out(_SLOT_FILLING.sub(" ", text))
    found: list[Identifier] = [("ticket_number", value) for value in find_ticket_numbers(text)]
    parcels = told_as_parcels(text)
    for value in find_numbers(text):
        found.append(("order_number", value))
        if value in parcels or is_tracking_shaped(value):
            found.append(("tracking_number", value))
    numbers = {value for _, value in found}
    for value in dict.fromkeys([*find_phones(text), *phones_abroad(text)]):
        # Right after "takip no" a code may have the shape of a fixed line.
        if value.startswith("+905") or value.removeprefix("+90") not in numbers:
            found.append(("phone", value))
    found += [("email", value) for value in find_emails(text)]
    return tuple(found)


def is_tracking_shaped(value: str) -> bool:
    """Return True for an upper-case number that may be a carrier's (long digits, UPS, S10, HepsiJET)."""
    digits = sum(char.isdigit() for char in value)
    return digits >= TRACKING_DIGITS or bool(
        _UPS.fullmatch(value) or _S10.fullmatch(value) or _HEPSIJET.fullmatch(value)
    )


def is_only_identifiers(text: str, found: Sequence[Identifier]) -> bool:
    """Return True when a text holds identifiers found in it and no word besides."""
    values = {_NOT_WORD.sub("", value).upper() for _, value in found}
    for token in _TOKEN.findall(written_out(text[:LONGEST])):
        # "1024'ü" and "+90" are parts of a number, "T-20931." is one.
        bare = _NOT_WORD.sub("", token.replace("’", "'").partition("'")[0]).upper()
        if bare and not bare.isdigit() and "@" not in token and bare not in values:
            return False
    return bool(found)
