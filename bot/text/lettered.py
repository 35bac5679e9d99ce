"""Codes with letters: which of them may be an order's or a parcel's.

A letter before the digits is far oftener a model's, a flight's, a machine's ("HD9252", "TK1980",
"C02XK1234567") than an order's. So a code counts where it begins as shops' numbers do, has a
parcel's shape, stands by itself, or where a word of orders or parcels is beside it.
All on folded text (``fold``).
"""

from __future__ import annotations

import re
from typing import Final

_SHOP: Final = re.compile(
    r"(?:tr|sip|siparis|spr|sp|nr|no|nu|num|ord|order|wc|woo|o|po|srv|rt|web|shop|kod|tel|ref|takip)[-_]?\d"
)
# Ten digits and more behind few letters are a courier's: "KP12345678901", "HX7204918365".
_PARCEL: Final = re.compile(
    r"[a-z]{2,4}\d{10,14}|[a-z]{2}\d{9}[a-z]{2}|h[jx][0-9a-z]{7,14}|t\d{4,9}"
)
# The papers of a car and of the customs; they speak of parcels too.
_PAPERS: Final = re.compile(r"(?=\w{0,16}[a-z])[a-hj-npr-z0-9]{17}|\d{2}[a-z]{2}[0-9a-z]{12,16}")
_BESIDE: Final = re.compile(
    r"\b(?:siparis|order|kargo|takip|tracking|gonderi|paket|parcel|shipment|barkod|barcode|yurtici|aras|mng"
    r"|dhl|ptt|surat|ups|fedex|hepsijet|sendeo|kargoist|horoz|tex|kolay gelsin)\w{0,12}"
    r"(?:\W{1,3}(?:no|num|kod|number|code|id|is|su|bu)\w{0,7}){0,3}\W{0,4}$"
)
_BEHIND: Final = re.compile(
    r"(?:'?[a-z]{1,5})? (?:(?:nolu|no'?lu|numarali|kodlu|ile|is) )?(?:the )?"
    r"(?:sipari|order|kargo|takip|tracking|gonderi|paket|parcel|shipment)"
)
_ASKED_BEHIND: Final = re.compile(
    r"'?(?:[a-z]{1,4})? (?:ner(?:de|ede)|ne oldu|noldu|iptal|ne durumda|has(?:n'?t| not)|not arrived)"
)
_ASKED_BEFORE: Final = re.compile(r"\b(?:where(?: is|'s)|cancel|status of) $")
_REFERENCE: Final = re.compile(
    r"\bref\w{0,8}(?: (?:no|num|numara\w{0,4}|code|kod\w{0,3}))?[\s:=]{1,3}$"
)
_WORD: Final = re.compile(r"[a-z]{2,}")


def is_order_code(folded: str, start: int, end: int, labelled: bool) -> bool:
    """Return True when ``folded[start:end]`` has no letter before its digits, or may be an order's."""
    value = folded[start:end].lstrip("#")
    if labelled or re.fullmatch(r"\d{3,20}(?:[-/]\d{2,7}){0,2}(?:-[a-z])?", value):
        return True
    if _PAPERS.fullmatch(value):
        return False
    if _REFERENCE.search(folded[max(0, start - 24) : start]):
        return False  # a bank's
    if _SHOP.match(value) or _PARCEL.fullmatch(value):
        return True
    if not _WORD.search(folded[:start] + " " + folded[end:]):
        return True
    return bool(
        _BESIDE.search(folded[max(0, start - 40) : start])
        or _BEHIND.match(folded, end)
        or _ASKED_BEHIND.match(folded, end)
        or _ASKED_BEFORE.search(folded[max(0, start - 12) : start])
    )
