"""Ranges of days (``date_range``, an ISO 8601 interval) and lengths of time (``duration``).

A duration is ISO 8601 too: ``P3D``, ``P2W``, ``PT24H``, ``P2Y``; working days ("iş günü") count as
days. "3 gün önce" is a date, not a duration: whoever has both takes the date.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Final

from bot.text.feasts import Day
from bot.text.reading import Found, Reading

WEEK: Final = timedelta(7)
_UNIT: Final = re.compile(
    r"'?[a-z]{0,2}[ -]?(?:is |business |working |whole |full |tam |kusur |koca )?"
    r"(?P<unit>gun|hafta|ay|sene|yil|saat|dakika|dk|dakka|days?|weeks?|months?|years?|yrs?"
    r"|hours?|hrs?|minutes?|mins?)"
    r"(?P<tail>'?[a-z]{0,9})(?![a-z])"
)
_TAIL: Final = re.compile(
    r"'?(?:l[iu][gk]\w*|[dt][iu]r|d[ae]n?|t[ae]n?|[iu]|y[iu]|[yn]?[ae]|s[iu]|[iu]n|n[iu]n"
    r"|[iu]m(?:[iu]z)?|[iu]nd[ae]n?|s[iu]nd[ae]n?"
    r"|[iu]nu|[iu]ne|l[ae]r(?:d[iu]r)?|y?d[iu]|oldu|olmus|m[iu]s|c[iu]k|s[iu]z|ca)?"
)
_ONE: Final = re.compile(
    r"(?<![a-z])(?:an?|half an?|a half) (?P<unit>day|week|month|year|hour|minute)(?![a-z])"
)
_COUPLE: Final = re.compile(
    r"(?<![a-z])(?:a )?(?:couple(?: of)?) (?P<unit>days|weeks|months|years|hours)(?![a-z])"
)
_CODES: Final = {
    "gun": "D", "day": "D", "hafta": "W", "week": "W", "ay": "M", "month": "M", "sene": "Y", "yil": "Y",
    "year": "Y", "yr": "Y", "saat": "TH", "hour": "TH", "hr": "TH", "dakika": "TM", "dk": "TM", "dakka": "TM",
    "minute": "TM", "min": "TM",
}  # fmt: skip
_JOIN: Final = re.compile(
    r"(?: ?- ?| ile | ila | ve | and | to | until | till | (?:through|thru) |,? )(?:the )?"
)
_JOIN_ENDING: Final = re.compile(r"(?:y?l[ae]|d[ae]n|t[ae]n)$")
_BETWEEN: Final = re.compile(r"(?: ?gun[ue]?)? (?:aras\w+|kadar|tarihleri\b|e kadar)")
_HEAD: Final = re.compile(
    r"(?<![\d.,])(?P<day>\d{1,2})(?:'?(?:[iu]|s[iu]|[iu]?nd[ae]n|d[ae]n|t[ae]n"
    r"|y?l[ae]))?(?: ?- ?| ile | ila | ve | to | and )(?:the )?$"
)
_SPAN_OPENS: Final = re.compile(r"\b(?:between|from) (?:the )?$")


def find_ranges(reading: Reading, days: list[Day]) -> list[Found]:
    """Return ``date_range`` for two days that bound a span ("3-5 Aralık", "salıyla cuma arası")."""
    folded, found = reading.folded, list[Found]()
    for index, day in enumerate(days):
        head = _HEAD.search(folded, max(0, day.start - 16), day.start)
        if head and day.first == day.last and 1 <= int(head["day"]) < day.first.day:
            first = day.first.replace(day=int(head["day"]))
            found.append(_range(Day(first, first, head.start(), head.start()), day))
        elif index + 1 < len(days):
            second = _in_order(day, days[index + 1])
            if _bounds(folded, day, second):
                found.append(_range(day, second))
    return found


def _in_order(first: Day, second: Day) -> Day:
    """Return the second day moved behind the first: by a week, or by a year ("Kasım-Mart")."""
    away = (first.first - second.first).days
    if away <= 0:
        return second
    if away < 7 and second.first == second.last:
        return second._replace(first=second.first + WEEK, last=second.last + WEEK)
    try:
        year = first.first.year + (
            (second.first.month, second.first.day) < (first.first.month, first.first.day)
        )
        return second._replace(
            first=second.first.replace(year=year), last=second.last.replace(year=year)
        )
    except ValueError:
        return second


def _bounds(folded: str, first: Day, second: Day) -> bool:
    between = folded[first.end : second.start]
    if not _JOIN.fullmatch(between) or second.last < first.first:
        return False
    if "-" in between or between.strip() in ("to", "ila", "until", "till", "through", "thru"):
        return True
    opened = _SPAN_OPENS.search(folded, max(0, first.start - 14), first.start)
    joined = between.strip() in ("ile", "ve", "and") or _JOIN_ENDING.search(
        folded, first.start, first.end
    )
    return bool(joined) and bool(
        opened or _BETWEEN.match(folded, second.end) or _ends_between(folded, second)
    )


def _ends_between(folded: str, day: Day) -> bool:
    return re.search(r" (?:aras\w+)$", folded[day.start : day.end]) is not None


def _range(first: Day, second: Day) -> Found:
    return Found(
        "date_range",
        f"{first.first.isoformat()}/{second.last.isoformat()}",
        first.start,
        second.end,
    )


def find_durations(reading: Reading) -> list[Found]:
    """Return ``duration`` in its order."""
    folded, found = reading.folded, list[Found]()
    for numeral in reading.numerals:
        match = _UNIT.match(folded, numeral.end)
        if match is None or not _TAIL.fullmatch(match["tail"]) or not 0 < numeral.value <= 10_000:
            continue
        if numeral.ending and not match.group().startswith(("'", numeral.ending)):
            continue
        code = _CODES[match["unit"].rstrip("s") if match["unit"] not in _CODES else match["unit"]]
        found.append(Found("duration", _iso(numeral.value, code), numeral.start, match.end()))
    for match in _ONE.finditer(folded):
        value = Decimal("0.5") if "half" in match.group() else Decimal(1)
        found.append(
            Found("duration", _iso(value, _CODES[match["unit"]]), match.start(), match.end())
        )
    for match in _COUPLE.finditer(folded):
        code = _CODES[match["unit"].rstrip("s")]
        found.append(Found("duration", _iso(Decimal(2), code), match.start(), match.end()))
    return sorted(found, key=lambda item: item.start)


def _iso(value: Decimal, code: str) -> str:
    """Return ISO 8601; a part of a unit is told in the next smaller one ("P1.5Y" is P18M)."""
    smaller = {"TH": (60, "TM"), "Y": (12, "M"), "M": (30, "D"), "W": (7, "D"), "D": (24, "TH")}
    if value != int(value) and code in smaller:
        factor, code = smaller[code]
        value *= factor
    mark = "T" if code.startswith("T") else ""
    return f"P{mark}{int(value)}{code.removeprefix('T')}"
