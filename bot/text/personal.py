"""Turkish identity and tax numbers by their check digits, and how they are shown.

TCKN: 11 digits, rule of the Directorate General of Civil Registration (the tenth digit checks odd
and even places, the eleventh the sum). VKN: 10 digits, rule of the Revenue Administration.
"""

from __future__ import annotations

import re
from typing import Final

from bot.text.reading import Found, Reading

_NUMBER: Final = re.compile(r"(?<![\w.,+-])(\d{10,11})(?!\d|[.,]\d)")
_VKN_LABEL: Final = re.compile(r"\b(?:vkn|vergi|v\.?d\b|vd|tax|vat|mukellef)")
_OTHER: Final = re.compile(r"(?:siparis|sip|order|takip|tracking|kargo|tel|gsm)\w*\W+(?:\w+\W+)?$")


def is_tckn(digits: str) -> bool:
    """Return True for 11 digits whose two check digits fit; the first is never 0."""
    if len(digits) != 11 or not digits.isdigit() or digits[0] == "0":
        return False
    n = [int(digit) for digit in digits]
    tenth = (sum(n[0:9:2]) * 7 - sum(n[1:8:2])) % 10
    return n[9] == tenth and n[10] == sum(n[:10]) % 10


def is_vkn(digits: str) -> bool:
    """Return True for 10 digits whose last one checks the others."""
    if len(digits) != 10 or not digits.isdigit():
        return False
    total = 0
    for place, digit in enumerate(digits[:9]):
        step = (int(digit) + 9 - place) % 10
        weighed = step * 2 ** (9 - place) % 9
        total += 9 if step and not weighed else weighed
    return int(digits[9]) == (10 - total % 10) % 10


def masked(digits: str) -> str:
    """Return a number of which two digits at each end are left: ``10*******46``."""
    return digits[:2] + "*" * (len(digits) - 4) + digits[-2:]


def find_tax_ids(reading: Reading) -> list[Found]:
    """Return ``tax_id`` with the number masked; a VKN only where the message speaks of one."""
    found = []
    for match in _NUMBER.finditer(reading.folded):
        digits = match[1]
        before = reading.folded[max(0, match.start() - 24) : match.start()]
        if _OTHER.search(before):
            continue
        if len(digits) == 11:
            fits = is_tckn(digits)
        else:
            # One in ten numbers passes the check by chance.
            fits = is_vkn(digits) and _VKN_LABEL.search(reading.folded) is not None
        if fits:
            found.append(Found("tax_id", masked(digits), match.start(), match.end()))
    return found
