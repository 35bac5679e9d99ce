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

_MOST_TRIES: Final = 120
"""Numbers that turn out to be no telephones before the library gives the text up."""

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
    r"\.(com|net|org|tr)(?:(?:y|n)?[aeiu]|(?:d|t)[ae]n?(?:ki)?|n?[iu]n|[dt][iu]r?|y?d[iu]|m[iu]s|y?l[ae]|l[iu])$"
)

# "0555 999 88 77den", "05559998877'ye": the library takes digits before letters for a code.
_NUMBER_ENDING: Final = re.compile(
    r"(?<=\d)['’]?(?:[dt][ae]n|[dt][ae]|[yn]?[ae]|[yn]?[iıuü]|n?[iıuü]n|l[iıuü]|"
    r"numara(?:l[ıi]|dan|ya|y[ıi])?|nolu)(?![\w'’])",
    re.IGNORECASE,
)
_DIGITS: Final = re.compile(r"(?<![\w])\+?\d[\d ()./-]{5,18}\d")
IBAN: Final = re.compile(
    r"(?<![\w-])(?:tr ?\d{2}(?: ?\d{4}){4,5}(?: ?\d{1,4})?"
    r"|(?:de|fr|at|be|ch|it|es|az|ge|ro|gr|pl|dk|se|lu|pt|cy|cz|hu|lt|sa"
    r"|ae)\d{2}(?: ?\d{4}){3,6}(?: ?\d{1,4})?"
    r"|(?:gb|nl|ie|bg|az|ro|kz|qa)\d{2} ?[a-z]{4}(?: ?\d{4}){2,5}(?: ?\d{1,4})?"
    r"|iban\w{0,4}[ :]{1,3}\d(?: ?\d){11,25})(?!\w)",
    re.IGNORECASE,
)
"""An account number of a bank, Turkish or of another country, whole or in groups of four."""

# "return code 5518203746": ten digits in the shape of a mobile, and a code by their label.
_CODE: Final = re.compile(
    r"\b((?:iade|return|kargo|takip|tracking|servis|service|paket|parcel|gönderi|gonderi|sipariş"
    r"|siparis|order)\w*"
    r"(?: (?:takip|kargo|tracking))? (?:kod|code|no\b|numaras)\w*(?: you sent| is| olarak)*[ :=]{1,3})"
    r"(5\d{9})(?!\d)",
    re.IGNORECASE,
)


# "seri no 5120003847": digits of another kind than a telephone's, by the words before them.
_LABELLED: Final = re.compile(
    r"\b((?:ser[iı](?:al|si)?|s/n|sn|imei|lot|parti|batch|oem|part|parça|parca|stok|ürün|urun|product|model|sku"
    r"|barkod|barcode|ean|isbn|sicil|poliçe|police|policy|müşteri|musteri|customer|vergi|vkn|dekont|ref\w*)"
    r"(?:[ıius]{0,3}|'[a-z]{1,3})(?: (?:no|nu|num|numara\w{0,5}|kod\w{0,4}|number|code|nr))?"
    r"(?: (?:is|olan|olarak))?[ :=#.]{1,3})(\d{10,11})(?!\d)",
    re.IGNORECASE,
)
ISBN: Final = re.compile(
    r"(?<![\w-])97[89](?:[ -]?\d){10}(?!\d)|\bisbn[^\d\n]{0,24}\d(?:[ -]?[\dx]){8,13}(?!\w)",
    re.IGNORECASE,
)
"""The number of a book: "978-0-13-468599-1", "ISBN 0-306-40615-2"."""

# "41261 - 41263 - 41270": a list, which the library would call.
_LIST: Final = re.compile(
    r"(?<![\w+.,-])[1-9]\d{3,6}(?: {1,2}[-/–] {1,2}[1-9]\d{3,6}){1,20}(?![\w.,-])"
)


def phone_spans(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and E.164 form of each valid telephone number in the text.

    Numbers without a country code are read as Turkish. Offsets are those of ``text``.
    """
    yield from _spans(text)


# Order numbers and telephones are looked for in the same message, one after the other.
@lru_cache(maxsize=16)
def _spans(text: str) -> tuple[tuple[int, int, str], ...]:
    bare = _NUMBER_ENDING.sub(lambda match: " " * len(match.group()), text)
    bare = IBAN.sub(lambda match: " " * len(match.group()), bare)
    for pattern in (ISBN, _LIST):
        bare = pattern.sub(lambda match: " " * len(match.group()), bare)
    for pattern in (_CODE, _LABELLED):
        bare = pattern.sub(lambda match: match[1] + " " * len(match[2]), bare)
    return tuple(
        (
            match.start,
            match.end,
            phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164),
        )
        for match in phonenumbers.PhoneNumberMatcher(bare, REGION, max_tries=_MOST_TRIES)
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
