"""Numbers that somebody takes back: "1024 değil 1042", "not 1025", "1024, sorry, 1042".

All on folded text (``fold``). Where nothing tells which of two is meant, both are left.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bot.text.hits import Hit
from bot.text.phrases import one_of

_DENIED_AFTER: Final = re.compile(
    r"(?: ?'?(?:[yn]?[iu]n?|[dt][ae]n?|[yn]?[ae]))?(?: (?:nolu|no'?lu|numarali))?"
    r"(?: (?:sipari\w{0,12}|olan\w{0,4}|icin))?,? "
    r"(?:(?:degil|dgl|degl|deil|diil|dgil)(?:di|mis|dir)?(?!\w)(?! m[iu]\b)"
    r"|(?:yanlis|hatali)(?:mis|ti|ydi|dir)?[ ,.]{1,2}(?:dogru|yaz|asil|no\b|numara))"
)
_DENIED_BEFORE: Final = re.compile(
    r"\b(?:not|isn'?t|wasn'?t|instead of|rather than)"
    r"(?: (?:for|about|the|my|order|number|no\.?|on|with)){0,3}[ #]{1,2}$"
)
_TOLD_AFTER: Final = re.compile(
    r"(?: ?'?[yn]?[iu])?(?: diye)? (?:de|yaz|ver|gir|soyle)(?:mis(?:im|iz|tim)|d[iu](?:m|k))(?!\w)"
)
_TOLD_BEFORE: Final = re.compile(
    r"\b"
    + one_of(
        r"""
        said|wrote|typed|put|gave|entered|sent|told you|wrong (?:number|one|order)(?: is| was)?
        (?:yaz|de|ver|gir|soyle)d[iu]g[iu]m|yanlis(?:likla)?
        """
    )
    + r"(?: (?:it|that|as|was|order|number|no|by mistake|siparis)){0,3}[ ,:]{1,2}$"
)
_MEANT: Final = re.compile(
    one_of(
        r"""
        \b(?:ola?cak\w*|olmali\w*|dogru\w*|asl[iu]\w*|benimki|yanlis\w*|hata\w*|pardon\w*|kusura|ozur)\b
        \b(?:meant|mean|should(?: be|'?ve)?|supposed|correct|right one|actually|wrong|mistake|typo|sorry)\b
        \d ?'?(?:y?m[iu]s)(?!\w)
        """
    )
)
_SLIP_BEFORE: Final = re.compile(r"\byanlis\w* $")
_SLIP_AFTER: Final = re.compile(r" (?:yaz|demis|dedim|vermis|verdim|girmis)")
# Between two numbers of one length, whatever they are.
_CORRECTED: Final = re.compile(
    r"[\s,.!;:*-]{1,3}(?:(?:pardon|ay|aa|ah|yok|dur|hayir|no|sorry|oops|ups|wait|hang|on|hold|actually|i"
    r"|mean|meant|eh|yanlis|yazdim|yazmisim|oldu|olacak|scratch|that|correction|typo|make|it"
    r"|duzeltiyorum|sey|s|its|is|my|bad|rather|demek|istedim)[\s,.!;:'-]{1,4}){1,6}"
)
# "1024: yanlış ürün, 1025: eksik" takes nothing back.
_SLIP: Final = re.compile(
    one_of(
        r"""
        \b(?:pardo+n+|oops|ups|mean|meant|scratch|correction|typo|actually)\b
        \bsorry\b(?! (?:for|to|about))|\bwait\b(?! for)
        \b(?:hang on|hold on|my bad|my mistake)\b|\bwrong(?=\W*(?:number|one\b|no\b|order|it|\d|$))
        \b(?:duzelt\w*|kusura|ozur|yok (?:yok|dur|hayir|pardon)|hayir hayir|dur (?:dur|bi))\b
        \byanlis\w*(?=\W*(?:oldu|yaz|demis|ded|soyle|num|no\b|oku|gir|ver|pardon|\d|$))
        """
    )
)
# Between two that differ by a slip of the finger; "1024 yok 1042 geldi" tells of two.
_UNSURE: Final = re.compile(
    r"\b(?:galiba|sanirim|herhalde|i think|maybe)\b[^\d]{0,12}\b(?:yok|hayir|no)[ ,.]{1,2}$"
)
_BETWEEN: Final = 80
_NOT_MINE: Final = re.compile(
    r"(?: ?'?[yn]?[iu]n?)? (?:is |sip\w{1,8} )?"
    + one_of(
        r"""
        (?:bana|bize) (?:ait )?(?:bile )?degil|ben[iu]m (?:bile )?degil
        (?:not|isn'?t) (?:even )?mine|not my order
        (?:komsunun|baskasinin|arkadasimin)(?: sipari\w{0,12})?(?!\w)
        """
    )
)


def left_after_corrections(folded: str, hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits without those that are taken back; all of them where none would be left."""
    if len({hit.value for hit in hits}) < 2:
        return list(hits)
    strange = {hit.value for hit in hits if _NOT_MINE.match(folded, hit.end)}
    if strange:
        # "1024'ü değil 1042'yi yollamışsınız, 1042 benim değil": the first is the customer's.
        return [hit for hit in hits if hit.value not in strange] or list(hits)
    for is_taken_back in (_is_denied, _is_told_wrong, _is_corrected):
        denied = {hit.value for i, hit in enumerate(hits) if is_taken_back(folded, hits, i)}
        left = [hit for hit in hits if hit.value not in denied]
        if denied and left:
            return left
    return list(hits)


def _is_denied(folded: str, hits: Sequence[Hit], index: int) -> bool:
    """Return True for "1024 değil", "not 1024", "yanlışlıkla 1024 yazmışım"."""
    hit = hits[index]
    before = folded[max(0, hit.start - 40) : hit.start]
    if _DENIED_AFTER.match(folded, hit.end) or _DENIED_BEFORE.search(before):
        return True
    return bool(_SLIP_BEFORE.search(before) and _SLIP_AFTER.match(folded, hit.behind))


def _is_told_wrong(folded: str, hits: Sequence[Hit], index: int) -> bool:
    """Return True for "1024 demişim, 1042 olacak", "I wrote 1024 before but it is wrong"."""
    hit = hits[index]
    told = _TOLD_AFTER.match(folded, hit.end)
    if told is None and not _TOLD_BEFORE.search(folded[max(0, hit.start - 40) : hit.start]):
        return False
    if _MEANT.search(folded, told.end() if told else hit.end):
        return True
    # "pardon, 1042 olacak 1024 yazdım": what is meant may come before.
    return index > 0 and bool(
        is_slip_of(hits[index - 1].value, hit.value) and _MEANT.search(folded, 0, hit.start)
    )


def _is_corrected(folded: str, hits: Sequence[Hit], index: int) -> bool:
    """Return True for "1024, sorry, 1042" and "1024 galiba, yok, 1042": the first."""
    if index + 1 >= len(hits) or len(hits[index].value) != len(hits[index + 1].value):
        return False
    hit, following = hits[index], hits[index + 1]
    between = folded[hit.end : following.start]
    if len(between) > _BETWEEN:
        return False
    if is_slip_of(hit.value, following.value) and (
        _SLIP.search(between) or _UNSURE.search(between)
    ):
        return True
    return bool(_CORRECTED.fullmatch(folded, hit.behind, following.start) and _SLIP.search(between))


def is_slip_of(value: str, other: str) -> bool:
    """Return True for two numbers that differ in one or two digits or in the order of some."""
    if len(value) != len(other) or value == other:
        return False
    apart = [index for index, digit in enumerate(value) if digit != other[index]]
    return len(apart) <= 2 or sorted(value) == sorted(other)
