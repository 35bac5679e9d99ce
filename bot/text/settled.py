"""Which of a message's numbers are left when all of them are seen together.

One number tells of another: "128 gb geldi, 256 istedim", "1024 değil 1042", "1450 istedi, 1250 idi".
All on folded text (``fold``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bot.text.corrections import is_slip_of, left_after_corrections
from bot.text.hits import Hit
from bot.text.sums import may_be_sum

# "1.299,90 TL … 1299", "15 bin 400 lira tuttu, 15400 yani": the sum once more.
_NAMED_SUM: Final = re.compile(
    r"(?<![\d.,])(?:(\d{1,3}) bin(?: (\d{3}))?|(\d{1,3})[.,](\d{3})(?:[.,]\d{2})?|(\d{3,6})[.,]\d{2})"
    r" ?(?:tl|lira|try|usd|eur|dolar)"
)
# "2,750 by phone": a sum without its currency; "20.731 nolu" is an order.
_GROUPED: Final = re.compile(
    r"(?<![\w.,])\d{1,3}[.,]\d{3}(?![\w.,]|'?[a-z]{0,3} (?:no|num|sip|order))"
)
_LIST: Final = re.compile(
    r"[\s,/&+>-]{1,4}(?:(?:ve|ile|ya da|veya|yahut|and|or|not|to|degil|yerine|olcak|olacak"
    r"|but)[\s,]{1,2}){0,2}"
)
_AND: Final = re.compile(r"[\s,/&+-]{1,3}(?:(?:ve|ile|ya da|veya|and|or|mi yoksa)[\s,]{1,2})?")
_MEASURED: Final = re.compile(
    r"(?<![\w.,])\d{1,5} ?(?:(?:gb|tb|mb|cm|mm|ml|lt|kg|gr|mah|w|v|hz|inc|inch|litre|lt|watt|volt"
    r"|kilo|beden|numara"
    r"|adet|tane|koli|kutu|paket|pcs|pieces|units|parca|kisilik|devir|points?|metre|yasinda|yas)\b"
    r"|'?l[iu]k\b)"
    r"|\d of \d|\b(?:boyum|kilom|beden)\b"
)
# "20000 mAh diye satılıyor, üzerinde 10000 yazıyor": an amount beside another.
_READ_AFTER: Final = re.compile(
    r" (?:yaziyo|yazili|yaziyor|goster|cik(?:ti|iyo)|geldi|olcuyo|var\b|olmasi|yerine|instead|written|only)"
)
_PLACED: Final = re.compile(
    r"\b(?:daire|kat|sok|sokak\w*|sk|apt|cad\w*|mah|mahalle\w*|blok|bina|apartment|floor|street"
    r"|adres\w*|ev)\b"
)
_OBJECT: Final = re.compile(r"'?(?:y?[iu]|n?[iu]n)|")
_PAST: Final = re.compile(r"'?(?:y?d[iu]|t[iu])")
_WORD: Final = re.compile(r"[a-z]{2,}")
_MOST_WORDS: Final = 3
"""A number of three digits without a label is an order's only in a message this short."""

_ORDER_NEAR: Final = re.compile(
    r"\b(?:siparis|order)\w*[^\d]{0,12}(?:\d{3,4}\W{1,3}(?:ve|and|ile|or)? ?)?$"
)
_CONCERNED: Final = re.compile(r" (?:icin|hakkinda|ile ilgili)\b")
_STOP: Final = re.compile(r"[.,;:!?)\n-][ (]{0,2}$")
_LONG: Final = 8
"""More digits than this are no matter of one shop's counting."""

_POST_CODE: Final = re.compile(r"(?:0[1-9]|[1-7]\d|8[01])\d{3}")
_MOVED: Final = re.compile(r"\b(?:moved|posta kod\w*|zip|post ?code|postal)\b[^.!?]*$")


def settled(folded: str, hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits that may be orders, in their order."""
    hits = _named_alike(_listed(folded, hits), _named_sums(folded))
    others = _Others(folded, hits)
    left = [h for h in hits if not h.why and (h.labelled or not others.tell(h))]
    return left_after_corrections(folded, _of_one_shop(folded, left))


def _of_one_shop(folded: str, hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits without short bare digits that are longer or shorter than the orders.

    The orders of one shop count on, so beside "sipariş no 10243", "10243'ü iptal" or a message that
    ends in "… 10243" a bare 1450 is something else; in "10243 ve 1450" it is not.
    """
    short = [h for h in hits if h.value.isdigit() and len(h.value) <= _LONG]
    sure = [h for h in short if h.labelled] or [h for h in short if _is_pinned(folded, h)]
    return [
        hit
        for hit in hits
        if not sure
        or hit not in short
        or hit.labelled
        or hit.behind != hit.end
        or any(_are_joined(folded, hit, order) for order in sure)
        or any(_is_near(hit.value, order.value) for order in sure)
    ]


def _are_joined(folded: str, hit: Hit, other: Hit) -> bool:
    first, second = sorted((hit, other), key=lambda one: one.start)
    return _AND.fullmatch(folded[first.behind : second.start]) is not None


def _is_pinned(folded: str, hit: Hit) -> bool:
    """Return True for a number that is spoken of as an order, or ends the message after a stop."""
    ending = folded[hit.end : hit.behind]
    if ending:
        return _PAST.fullmatch(ending) is None
    if _CONCERNED.match(folded, hit.end):
        return True
    return (
        not folded[hit.behind :].strip(" .!?)\n")
        and _STOP.search(folded[max(0, hit.start - 4) : hit.start]) is not None
    )


def _is_near(value: str, other: str) -> bool:
    """Return True for two of one length, or on both sides of 10 000 and the like."""
    low, high = sorted((int(value), int(other)))
    return len(value) == len(other) or low * 5 > high * 4


def _listed(folded: str, hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits with those of one length in a row taken for the same: "IMEI 1…, 2…"."""
    found: list[Hit] = []
    for hit in hits:
        last = found[-1] if found else None
        if last is not None and len(last.value) == len(hit.value):
            between = folded[last.behind : hit.start]
            if (
                last.why == "label"
                and not hit.why
                and not hit.labelled
                and _LIST.fullmatch(between)
            ):
                hit = hit._replace(why="label")
            elif last.why == "year" and hit.labelled and not hit.why and _AND.fullmatch(between):
                found[-1] = last._replace(why="", labelled=True)
        found.append(hit)
    return found


def _named_sums(folded: str) -> dict[str, str]:
    """Return the whole part of each sum that is written with a point, a comma or "bin"."""
    sums = {}
    for match in _NAMED_SUM.finditer(folded):
        thousands, rest = match[1] or match[3], match[2] or match[4] or "000"
        sums[match[5] or thousands + rest] = "sum"
    return sums


def _named_alike(hits: Sequence[Hit], sums: dict[str, str]) -> list[Hit]:
    """Return the hits with a number that is something else in one place so in the others too."""
    known = {**sums, **{hit.value: hit.why for hit in hits if hit.why}}
    return [
        hit._replace(why=known[hit.value])
        if hit.value in known and not hit.labelled and hit.behind == hit.end
        else hit
        for hit in hits
    ]


class _Others:
    """What the numbers of a message, seen together, tell of one that has no label."""

    def __init__(self, folded: str, hits: Sequence[Hit]) -> None:
        self.folded = folded
        self.longest = max((len(hit.value) for hit in hits if not hit.why), default=0)
        self.measured = bool(
            len(_WORD.findall(folded[:200])) > _MOST_WORDS
            or _MEASURED.search(folded)
            or _PLACED.search(folded)
        )
        self.sums = [int(h.value) for h in hits if h.why == "sum" and h.value.isdigit()]
        self.sums += [int(re.sub(r"\D", "", m.group())) for m in _GROUPED.finditer(folded)]
        self.amounts = [int(h.value) for h in hits if h.why == "unit" and h.value.isdigit()]
        self.codes = {h.value for h in hits if h.why in ("label", "place") and len(h.value) == 5}

    def tell(self, hit: Hit) -> bool:
        """Return True when they make something else of it: a measure, a sum, a post code."""
        length = len(hit.value)
        ending = self.folded[hit.end : hit.behind]
        if (ending and not _PAST.fullmatch(ending)) or not hit.value.isdigit():
            # "998'i iptal edin" is an order, "182'den randevu" is not.
            return length <= 3 and self.measured and not _OBJECT.fullmatch(ending)
        if length <= 3:
            before = self.folded[max(0, hit.start - 40) : hit.start]
            return (self.measured and not _ORDER_NEAR.search(before)) or self.longest >= length + 2
        if _is_of_size(hit.value, self.sums, 20 if ending else 4):
            return bool(ending) or may_be_sum(self.folded, hit.start, hit.end)
        if _is_of_size(hit.value, self.amounts, 4):
            return _READ_AFTER.match(self.folded, hit.end) is not None
        if _POST_CODE.fullmatch(hit.value):
            if _MOVED.search(self.folded[max(0, hit.start - 24) : hit.start]):
                return True
            return any(is_slip_of(hit.value, code) for code in self.codes)
        return False


def _is_of_size(value: str, amounts: Sequence[int], times: int) -> bool:
    """Return True for a number so many times another at most, and one part of it at least."""
    number = int(value)
    return any(number < times * amount and amount < times * number for amount in amounts)
