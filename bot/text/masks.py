"""What looks like an order's number and is none, to be cut out before numbers are looked for.

On folded text (``fold``): cards, days, hours, doors, plates, books, parts of machines.
"""

from __future__ import annotations

import re
from typing import Final

from bot.text.contacts import IBAN, ISBN

_MASKED: Final = re.compile(
    r"\[(?:card|id)[^\]]{0,24}\]|(?<!\w)\d{4,6}[*x]{4,8}\d{4}(?!\w)|(?<!\d)\+?\d{1,20} (?:\d{0,4})\*[*\s\d]*"
    r"|(?<![\w*])(?:\*{2,8}[ -]{0,2}){1,4}\d{2,4}(?![\d*])|(?<!\w)(?:x{3,4}[ -]?){1,4}\d{4}(?!\w)"
)
_DATE: Final = re.compile(
    r"(?<!\d)(?:\d{1,2}([./-])\d{1,2}\1(?:19|20)?\d{2}|(?:19|20)\d{2}([./-])\d{1,2}\2\d{1,2})(?!\d)"
)
_CARD: Final = re.compile(r"(?<!\d)(?:[2-6]\d{3}|9792)([ -])\d{4}\1\d{4}\1\d{4}(?!\d)")
_PLUS: Final = re.compile(
    r"(?<![\w+])(?:\+\d{1,3}[ -]?\d[\d -]{6,13}\d|00[1-9]\d ?\d[\d -]{7,12}\d)(?!\d)"
)
_INVOICE: Final = re.compile(r"(?<![\w-])[a-z]{3}20\d{11}(?!\w)")
_BY_SIZE: Final = re.compile(r"(?<![\w.,])\d{1,4} ?[x*] ?\d{2,4}(?: ?[x*] ?\d{2,4})?(?!\d)")
# "07700 900123", "021 555 0199": digits in groups behind a zero are a telephone, of whatever country.
_PHONE_ABROAD: Final = re.compile(
    r"(?<![\w.,#-])(?<!\d )0\d{2,4} \d{3,4}(?: ?\d{3,6})?(?!\w|[.,]\d)"
)
PHONE_TALK: Final = re.compile(
    r"\b(?:call|phone|mobile|landline|cell|ring|tel|telefon\w*|ara(?:yin|r|sin)\w*|whatsapp)\b"
)
LIKE_PHONE: Final = re.compile(
    r"(?<![\w.,#-])(?<!\d )(?:\d{3}[ -]\d{3}[ -]\d{4}|0\d{9,10}|\d{5} \d{5})(?![\w-])"
)
_PLATE: Final = re.compile(
    r"\b(?:plaka|plate|arac|araba|van\b|car\b|truck|kamyon|minibus|motor)\w{0,8}[^\d\n]{0,24}"
    r"(?:0[1-9]|[1-7]\d|8[01]) ?[a-z]{1,3} ?\d{2,5}(?!\d)"
    r"|(?<!\d)\d{2} ?[a-z]{1,3} ?\d{2,5}(?= ?plaka)"
)
_HOURS: Final = re.compile(
    r"\bbetween (?:[01]\d|2[0-3])[0-5]\d (?:and|to) (?:[01]\d|2[0-3])[0-5]\d(?!\d)"
    r"|(?<![\d#])(?:[01]\d|2[0-3])[0-5]\d ?(?:ile|ve|-) ?(?:[01]\d|2[0-3])[0-5]\d(?= aras)"
)
# "8/256": memory and storage; "no:125 d:4": a door.
_STORAGE: Final = re.compile(
    r"(?<![\w.,/-])(?:4|6|8|12|16|24|32) ?[/+] ?(?:64|128|256|512)(?! ?\d)"
)
_DOOR: Final = re.compile(
    r"\bno ?[:.]? ?\d{1,4}(?:/\d{1,3})? ?,?(?:d|daire|kat|k)\b ?[:.]? ?\d{1,4}(?!\d)"
)
# "1350den 1200e düştü", "1250 olmalıydı 1150 yatmış": two sums.
_MOVED: Final = re.compile(
    r"(?<![\w.,])\d{2,5} ?'?[dt][ae]n \d{2,5} ?'?y?[ae] (?:dus|in|cik|yuksel|art)\w*"
    r"|(?<![\w.,])\d{2,5} (?:olmaliydi|olmasi gerek\w*|bekliyordum|yatacakti|yerine),? (?:\w{1,12} ){0,2}"
    r"\d{2,5} (?:yat|yansi|cek)\w*"
)
_IMEI: Final = re.compile(
    r"\bimei(?:'?\w{1,4})?(?: (?:no\w*|numara\w*|number|si"
    r"|is))?(?: ?[12](?=[ :]))?[ :#=]{0,3}\d(?:[ /-]?\d){13,16}(?!\d)"
)
# "06435-KPP-911": the part of a machine.
_PART: Final = re.compile(
    r"(?<![\w-])\d{3,6}-(?=\d{0,4}[a-z])[\da-z]{2,5}-\d{2,5}(?:-[\da-z]{1,4})?(?![\w-])"
)
# "seri no: 21B7-0034-118": in pieces, of which the last ones look like numbers of their own.
_SERIAL: Final = re.compile(
    r"\b(?:seri(?:al|si)?|s/n|sn|p/n|oem|part|parca|lot)"
    r"(?: (?:no\w{0,4}|num\w{0,8}|kod\w{0,4}))?(?: is)?[\s:=#.]{1,3}"
    r"(?=[\da-z-]{0,12}\d)[\da-z]{1,12}(?:[-/][\da-z]{1,12}){1,4}(?!\w)"
)
_DOTS: Final = re.compile(r"\.{2,}")

MASKS: Final = (
    _MASKED, IBAN, ISBN, _PART,
    _SERIAL, _STORAGE, _DOOR, _MOVED, _IMEI, _HOURS, _DATE, _CARD, _PLUS,
    _PHONE_ABROAD, _INVOICE, _BY_SIZE, _PLATE, _DOTS,
)  # fmt: skip
"""In the order in which they are cut out."""
