"""The words of the calendar, folded: days, months, relative days, and what tells past from future."""

from __future__ import annotations

import re
from typing import Final

WEEKDAYS: Final = {
    "pazartesi": 0, "sali": 1, "carsamba": 2, "persembe": 3, "cuma": 4, "cumartesi": 5, "pazar": 6,
    "monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5,
    "sunday": 6, "pzt": 0, "prsmb": 3, "cmt": 5, "tues": 1, "thurs": 3,
}  # fmt: skip
MONTHS: Final = {
    "ocak": 1, "subat": 2, "mart": 3, "nisan": 4, "mayis": 5, "haziran": 6, "temmuz": 7,
    "agustos": 8, "eylul": 9, "ekim": 10, "kasim": 11, "aralik": 12, "january": 1, "february": 2,
    "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8, "september": 9,
    "october": 10, "november": 11, "december": 12, "jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6,
    "jul": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
NO_MONTH_ALONE: Final = frozenset(("may", "march", "mar", "jan", "dec", "sep", "oct", "jun", "ekim",
                                   "kasim", "nov", "apr", "aug", "feb", "jul", "sept"))  # fmt: skip
"""Months that are other words too: alone they need a capital or a word beside them."""
NEVER_ALONE: Final = frozenset(("ocak", "aralik"))
"""A stove and a gap: a month only with a day, a year or the word "ayı"."""

DAYS: Final = {
    "evvelsi gun": -2, "evvelki gun": -2, "onceki gun": -2, "day before yesterday": -2,
    "dun": -1, "dunku": -1, "yesterday": -1, "last night": -1, "bugun": 0, "bugunku": 0, "today": 0,
    "tonight": 0, "bu sabah": 0, "bu aksam": 0, "bu gece": 0, "bu ogle": 0, "bu oglen": 0,
    "this morning": 0, "this evening": 0, "this afternoon": 0, "bgn": 0, "yarin": 1, "yarinki": 1,
    "yrn": 1, "tomorrow": 1, "tmrw": 1, "tomorow": 1, "tommorow": 1, "tommorrow": 1, "obur gun": 2,
    "oburku gun": 2, "obursu gun": 2, "yarindan sonra": 2, "day after tomorrow": 2,
    "haftaya bugun": 7, "gecen gece": -1,
}  # fmt: skip
PERIODS: Final = {
    "gecen hafta": ("week", -1), "gectigimiz hafta": ("week", -1), "onceki hafta": ("week", -1),
    "last week": ("week", -1), "bu hafta": ("week", 0), "this week": ("week", 0),
    "haftaya": ("week", 1), "gelecek hafta": ("week", 1), "onumuzdeki hafta": ("week", 1),
    "next week": ("week", 1), "hafta sonu": ("weekend", 0), "haftasonu": ("weekend", 0),
    "weekend": ("weekend", 0), "bu hafta sonu": ("weekend", 0), "gecen hafta sonu": ("weekend", -1),
    "gecen ay": ("month", -1), "gectigimiz ay": ("month", -1), "last month": ("month", -1),
    "bu ay": ("month", 0), "this month": ("month", 0), "gelecek ay": ("month", 1),
    "onumuzdeki ay": ("month", 1), "next month": ("month", 1), "gecen sene": ("year", -1),
    "gecen yil": ("year", -1), "last year": ("year", -1), "bu sene": ("year", 0),
    "bu yil": ("year", 0), "this year": ("year", 0), "seneye": ("year", 1),
    "gelecek sene": ("year", 1), "gelecek yil": ("year", 1), "next year": ("year", 1),
    "gecen yaz": ("summer", -1), "last summer": ("summer", -1), "gecen kis": ("winter", -1),
    "last winter": ("winter", -1),
    "ay sonu": ("month end", 0), "end of the month": ("month end", 0), "ay basi": ("month start", 1),
    "yilbasi": ("new year", 1), "new year": ("new year", 1),
}  # fmt: skip

ENDING: Final = (
    r"(?:'?(?:l[ae]r[iu]?|y[iu]|y[ae]|[iu]n|n[iu]n|s[iu]|n[ae]|n?[dt][ae](?:n|ki)?|ki"
    r"|y?l[ae]|yd[iu]|[dt][iu]r|y?m[iu]s|[ae]|[iu]|s))?(?![a-z])"
)
"""What may be written onto a word of the calendar."""

# The first verb behind a day tells; a word that only looks like one is left out.
_PAST_VERB: Final = re.compile(
    r"(?<![a-z])(?!simdi|kendi|hadi|haydi|yedi|adi\b|belediye|kredi|kedi|cumartesi|saati"
    r"|adeti|sepeti|sureti|siparisti\b)"
    r"[a-z]{2,}(?:(?<=[a-z])[dt][iu](?:m|n|k|n[iu]z|l[ae]r|rd?[iu]m)?"
    r"|m[iu]s(?:[dt][iu]\w*)?|diydi\w*|ken|d[iu]g[iu]\w*|d[iu]kten)(?![a-z])"
)
_FUTURE_VERB: Final = re.compile(
    r"[a-z]+(?:[ae]ca[gk]\w*|[ae]cek\w*|[iu]?[ce]e[mgzn]\b|[iu]c[ea]z?m?\b"
    r"|[ae]b[iu]l[iu]r\w*|[iu]r m[iu]\w*|sin\b|sinler|[ae]l[iu]m\b|m[ae]l[iu]\w*)"
    r"|\bist[iae]\w*|\blazim|\bolur\b|\bkadar\b|\blutfen|\bgelin\b|\barayin"
)
_PAST_ENGLISH: Final = re.compile(
    r"\b(?:was|were|did|didn't|had|came|bought|got|sent|paid|said|told|ago|[a-z]{3,}ed"
    r"|made|went|broke|took|since)\b"
)
_FUTURE_ENGLISH: Final = re.compile(
    r"\b(?:will|can|could|would|please|by|before|need|want|going to|gonna|until|should"
    r"|may i|book|come)\b"
)
_CLAUSE: Final = re.compile(r"[.!?;\n]")


def looks_back(folded: str, start: int, end: int) -> bool | None:
    """Tell whether the clause around a day speaks of the past (True), the future, or neither."""
    stop = _CLAUSE.search(folded, end)
    behind = folded[end : stop.start() if stop else end + 120][:120]
    past, future = _PAST_VERB.search(behind), _FUTURE_VERB.search(behind)
    if past or future:
        return future is None or (past is not None and past.start() < future.start())
    clause = folded[max(0, start - 80) : end] + behind
    past, future = _PAST_ENGLISH.search(clause), _FUTURE_ENGLISH.search(clause)
    if past or future:
        return past is not None and (future is None or past.start() < future.start())
    return None
