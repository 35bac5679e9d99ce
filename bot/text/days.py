"""Days in a message, resolved to ISO 8601 by the shop's day: ``2026-11-24``, or a first and a last
day, ``2026-11-16/2026-11-22``, for weeks, months and holidays.

``today`` is the day in the shop's zone (Europe/Istanbul); nothing here knows "now". Day first, as
in Türkiye. A weekday or a date without a year lies in the past or the future by the verb behind it;
without one, weekdays are coming and dates are the nearest. "Bu salı" is this week's, past or
coming: whoever acts on it says the date.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from itertools import islice
from typing import Final

from bot.text.calendar_words import (
    DAYS,
    ENDING,
    MONTHS,
    NEVER_ALONE,
    NO_MONTH_ALONE,
    PERIODS,
    WEEKDAYS,
    looks_back,
)
from bot.text.feasts import Day, HolidayName, find_feasts
from bot.text.numerals import Numeral
from bot.text.reading import Found, Reading


def _any(words: dict[str, int] | dict[str, tuple[str, int]]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_MONTH: Final = rf"(?P<month>{_any(MONTHS)})"
_NUMERIC: Final = re.compile(
    r"(?<![\d.,/-])(?:(?P<y1>(?:19|20)\d\d)[./-](?P<m1>\d{1,2})[./-](?P<d1>\d{1,2})"
    r"|(?P<d>\d{1,2})(?P<mark>[./-])(?P<m>\d{1,2})(?:(?P=mark)(?P<y>(?:19"
    r"|20)?\d\d))?)(?![\d/-]|[.,]\d)"
)
_NO_DATE: Final = re.compile(
    r" ?(?:tl|lira|₺|\$|€|%|kg|gr|cm|mm|lt|puan|inch|yildiz|star|\*|x\d)|[ap]\.?m\b"
)
_CLOCK_BEFORE: Final = re.compile(r"\bsaat(?:i|ler)? (?:tam )?$|\d[.:]\d\d ?- ?$")
_INTO_MONTH: Final = re.compile(
    r"'?(?:s?[iu]nd[ae](?:n|y[iu]\w*)?|s?[iu]n[ae](?= (?:kadar|al|ertele|cek))"
    r"|'[iu](?=\W*$|,))(?![a-z])"
)
_YEAR: Final = re.compile(r",? ?'?((?:19|20)\d\d)(?!\d)")
_MONTH_AFTER: Final = re.compile(rf"(?:st|nd|rd|th)?\.? ?(?:of )?{_MONTH}{ENDING}")
_DAY_AFTER: Final = re.compile(r",? (?:the )?(\d{1,2})(?:st|nd|rd|th)?(?![\d.,:])")
_BARE_MONTH: Final = re.compile(
    rf"(?<![a-z'])(?P<which>gecen|gectigimiz|bu|gelecek|onumuzdeki|last|this|next|in|since"
    rf"|of|from)? ?{_MONTH}"
    rf"(?P<ending>'?(?:d[ae]n?|t[ae]n?|[iu]n|[aeiu]))?(?P<more> ay[iu]\w*| sonu\w*| bas\w+"
    rf"| ortas\w+| gibi)?(?![a-z])"
)
_WEEKDAY: Final = re.compile(
    rf"(?<![a-z'])(?P<which>(?:haftaya|gelecek hafta|onumuzdeki hafta|gecen hafta|bu hafta"
    rf"|next week|last week"
    rf"|gecen|gectigimiz|gelecek|onumuzdeki|bu|evvelki|last|this|next|coming"
    rf"|past) )?(?P<day>{_any(WEEKDAYS)})(?P<tail>{ENDING})"
    rf"(?: (?:next week|gun[ue]\w*))?"
)
_NAMED: Final = re.compile(rf"(?<![a-z'])(?:the )?({_any(DAYS)}){ENDING}")
_PERIOD: Final = re.compile(rf"(?<![a-z'])(?:the |this )?({_any(PERIODS)}){ENDING}")
_OF_MONTH: Final = re.compile(r"(?<![a-z])(?:bu |gelecek |gecen )?ayin $")
_OF_MONTH_ENDING: Final = re.compile(
    r"'?(?:[ae]|[iu]|s[iu]|y[iu]|[iu]?n[dt][ae]n?|s[iu]nd[ae]n?|[iu]na|d[ae]|t[ae]|s[iu]na"
    r"|unda|u)(?![a-z])"
)
_THE_NTH: Final = re.compile(
    r"(?<![\w.])(?:the )?(\d{1,2})(?:st|nd|rd|th)(?! (?:time|order|message|attempt|day"
    r"|floor|of [a-z]|one|call|try|email|item|star|week|year|month|party|gen|birthday"
    r"|anniversary))\b"
)
_AWAY: Final = re.compile(
    r"[ '-]?(?:is |business |working )?(gun|hafta|ay|sene|yil|days?|weeks?|months?"
    r"|years?) (once|evvel|oncesi\w*|onceki|sonra\w*|ago|earlier|later|from now)\b"
)
_IN_AWAY: Final = re.compile(r" (days?|weeks?|months?)\b")
_YEAR_ALONE: Final = re.compile(
    r"(?<![\w.,/-])((?:19|20)\d\d)(?:'?(?:d[ae]n?|t[ae]n?)(?![a-z])| (?:yil|sene)\w*)"
)
_UNITS: Final = {"gun": "day", "hafta": "week", "ay": "month", "sene": "year", "yil": "year"}
_YEARS: Final = range(1900, 2100)
_MOST_DAYS: Final = 50  # of a kind; more are no question about a day


def find_days(reading: Reading, today: date, holiday: HolidayName) -> list[Day]:
    """Return the days of a message in their order; what overlaps is told by the longer one."""
    found = [
        *_written(reading, today),
        *_with_month(reading, today),
        *_counted(reading, today),
        *_words(reading, today),
        *find_feasts(reading, today, holiday),
    ]
    found.sort(key=lambda day: (day.start - day.end, day.start))
    kept: list[Day] = []
    used = bytearray(len(reading.folded))
    for day in found:
        if not any(used[day.start : day.end]):
            kept.append(day)
            used[day.start : day.end] = b"\x01" * (day.end - day.start)
    return sorted(kept, key=lambda day: day.start)


def as_found(days: list[Day]) -> list[Found]:
    """Return days as ``date``."""
    return [Found("date", day.iso, day.start, day.end) for day in days]


def _written(reading: Reading, today: date) -> list[Day]:
    """Return dates in digits; without a year only two digits and two of a month are one."""
    found: list[Day] = []
    for match in _NUMERIC.finditer(reading.folded) if reading.has_digit else ():
        if match["y1"]:
            year, month, day = int(match["y1"]), int(match["m1"]), int(match["d1"])
        else:
            day, month = int(match["d"]), int(match["m"])
            if month > 12 >= day and match["y"]:
                day, month = month, day  # 11/23/2026 can only be the American way
            if not match["y"]:
                if _CLOCK_BEFORE.search(reading.folded, max(0, match.start() - 10), match.start()):
                    continue
                told = re.match(
                    r"'?(?:d[ae]n?|t[ae]n?|tarih\w*)\b| tarih", reading.folded[match.end() :]
                )
                short = len(match["m"]) < 2 or len(match["d"]) < 2
                if (
                    _NO_DATE.match(reading.folded, match.end())
                    or match["mark"] == "-"
                    or (short and not told)
                ):
                    continue
                year = _nearest_year(reading, today, month, day, match.start(), match.end())
            else:
                year = int(match["y"]) + (2000 if len(match["y"]) == 2 else 0)
        _append(found, year, month, day, match.start(), match.end())
    return found


def _with_month(reading: Reading, today: date) -> list[Day]:
    """Return dates with a month in words, and months alone as a period."""
    folded, found, used = reading.folded, list[Day](), set[int]()
    for numeral in reading.numerals:
        match = _MONTH_AFTER.match(folded, numeral.end)
        if match is None or numeral.whole is None or not 1 <= numeral.whole <= 31:
            continue
        month, end = MONTHS[match["month"]], match.end()
        used.add(match.start("month"))
        year = _YEAR.match(folded, match.end("month"))
        end = max(end, year.end()) if year else end
        number = (
            int(year[1])
            if year
            else _nearest_year(reading, today, month, numeral.whole, numeral.start, end)
        )
        _append(found, number, month, numeral.whole, numeral.start, end)
    for match in islice(_BARE_MONTH.finditer(folded), _MOST_DAYS):
        if match.start("month") in used:
            continue
        name, month = match["month"], MONTHS[match["month"]]
        start = (
            match.start("which")
            if match["which"] not in (None, "in", "of", "since", "from")
            else match.start("month")
        )
        day, year = _DAY_AFTER.match(folded, match.end("month")), _YEAR.match(folded, match.end())
        if day and 1 <= int(day[1]) <= 31 and not name.endswith(("k", "s", "n", "z")):
            year = _YEAR.match(folded, day.end())
            number = (
                int(year[1])
                if year
                else _nearest_year(reading, today, month, int(day[1]), start, day.end())
            )
            _append(found, number, month, int(day[1]), start, year.end() if year else day.end())
        elif year or _is_month(reading, match):
            if year:
                number, end = int(year[1]), year.end()
            else:
                number, end = _month_year(reading, today, match), match.end()
            if number in _YEARS:
                last = calendar.monthrange(number, month)[1]
                found.append(Day(date(number, month, 1), date(number, month, last), start, end))
    return found


def _is_month(reading: Reading, match: re.Match[str]) -> bool:
    """Tell whether a month's name without a day means the month."""
    name, beside = match["month"], match["which"] or match["more"]
    if name in NEVER_ALONE:
        if (match["ending"] or "").startswith("'") and reading.text[match.start("month")].isupper():
            return True
        return bool(match["more"]) and match["more"].startswith(" ay")
    if name in NO_MONTH_ALONE:
        if len(name) < 5 and name != "may":
            return False
        return (
            bool(beside)
            or (bool(match["ending"]) and len(match["ending"]) > 1)
            or (name not in ("may", "march") and reading.capital(match.start("month")))
        )
    return True


def _month_year(reading: Reading, today: date, match: re.Match[str]) -> int:
    month, which = MONTHS[match["month"]], match["which"]
    if which in ("gecen", "gectigimiz", "last"):
        return today.year - (month >= today.month)
    if which in ("gelecek", "onumuzdeki", "next"):
        return today.year + (month <= today.month)
    return _nearest_year(reading, today, month, 15, match.start(), match.end())


def _counted(reading: Reading, today: date) -> list[Day]:
    """Return days by a count: ``ayın 23'ü``, ``3 gün önce``, ``in two weeks``, ``the 20th``, 2023."""
    folded, found = reading.folded, list[Day]()
    for numeral in reading.numerals:
        number = numeral.whole
        if number is None or number < 1:
            continue
        of_month = _OF_MONTH.search(folded, max(0, numeral.start - 14), numeral.start)
        if of_month and number <= 31:
            ending = _OF_MONTH_ENDING.match(folded, numeral.end)
            end = ending.end() if ending else numeral.behind
            _append_nth(found, reading, today, number, of_month.start(), end)
        elif (
            not numeral.spoken and number <= 31 and (into := _INTO_MONTH.match(folded, numeral.end))
        ):
            _append_nth(found, reading, today, number, numeral.start, into.end())
        elif (away := _AWAY.match(folded, numeral.end)) and number <= 1000:
            sign = 1 if away[2].startswith(("sonra", "later", "from")) else -1
            _append_away(found, today, sign * number, away[1], numeral, away.end())
        elif (
            (away := _IN_AWAY.match(folded, numeral.end))
            and folded.endswith("in ", 0, numeral.start)
            and looks_back(folded, numeral.start, away.end()) is False
        ):
            _append_away(found, today, number, away[1], numeral, away.end())
    for match in re.finditer(r"(?<![a-z])a (day|week|month|year) ago\b", folded):
        _append_away(found, today, -1, match[1], match, match.end())
    for match in _THE_NTH.finditer(folded) if reading.has_digit else ():
        if 1 <= int(match[1]) <= 31:
            _append_nth(found, reading, today, int(match[1]), match.start(), match.end())
    for match in _YEAR_ALONE.finditer(folded) if reading.has_digit else ():
        year = int(match[1])
        found.append(Day(date(year, 1, 1), date(year, 12, 31), match.start(), match.end()))
    return found


def _append_nth(
    found: list[Day], reading: Reading, today: date, number: int, start: int, end: int
) -> None:
    """Append a day of the month: this one, or the one before or after by the sentence."""
    back, folded = looks_back(reading.folded, start, end), reading.folded
    year, month = today.year, today.month
    if folded.startswith("gecen", start) or (back and number > today.day):
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    elif folded.startswith("gelecek", start) or (back is False and number < today.day):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    _append(found, year, month, number, start, end)


def _append_away(
    found: list[Day], today: date, number: int, unit: str, place: Numeral | re.Match[str], end: int
) -> None:
    unit = _UNITS.get(unit, unit.rstrip("s"))
    start = place.start if isinstance(place, Numeral) else place.start()
    if unit in ("day", "week"):
        day = today + timedelta(number * (7 if unit == "week" else 1))
    else:
        months = today.year * 12 + today.month - 1 + number * (12 if unit == "year" else 1)
        year, month = divmod(months, 12)
        if year not in _YEARS:
            return
        day = date(year, month + 1, min(today.day, calendar.monthrange(year, month + 1)[1]))
    found.append(Day(day, day, start, end))


def _words(reading: Reading, today: date) -> list[Day]:
    """Return relative days, periods and weekdays."""
    folded, found = reading.folded, list[Day]()
    for match in islice(_NAMED.finditer(folded), _MOST_DAYS):
        day = today + timedelta(DAYS[match[1]])
        found.append(Day(day, day, match.start(1), match.end()))
    for match in islice(_PERIOD.finditer(folded), _MOST_DAYS):
        first, last = _period(
            *PERIODS[match[1]], today, looks_back(folded, match.start(), match.end())
        )
        found.append(Day(first, last, match.start(1), match.end()))
    for match in islice(_WEEKDAY.finditer(folded), _MOST_DAYS):
        if folded.endswith("black ", 0, match.start()):
            continue  # a sale, not a day
        if match["day"] == "sali" and reading.text[match.start("day")] in "şŞ":
            continue  # a shawl
        if match["day"] == "pazar" and re.match(r" ?yer|[a-z]", folded[match.end("tail") :]):
            continue  # a market place
        which = (match["which"] or "").strip()
        if match.group().endswith("next week"):
            which = "next week"
        day = _weekday(
            WEEKDAYS[match["day"]], which, today, looks_back(folded, match.start(), match.end())
        )
        found.append(Day(day, day, match.start(), match.end()))
    return found


def _weekday(weekday: int, which: str, today: date, back: bool | None) -> date:
    this_week = today + timedelta(weekday - today.weekday())
    if which in ("haftaya", "gelecek hafta", "onumuzdeki hafta", "next week", "next"):
        return this_week + timedelta(7)
    if which in ("gecen hafta", "last week"):
        return this_week - timedelta(7)
    if which in ("bu", "bu hafta", "this"):
        return this_week
    if which in ("gecen", "gectigimiz", "evvelki", "last", "past") or (not which and back):
        return today - timedelta((today.weekday() - weekday) % 7 or 7)
    return today + timedelta((weekday - today.weekday()) % 7 or 7)


def _period(kind: str, step: int, today: date, back: bool | None) -> tuple[date, date]:
    """Return first and last day of a week, weekend, month or year."""
    monday = today - timedelta(today.weekday())
    if kind == "week":
        first = monday + timedelta(7 * step)
        return first, first + timedelta(6)
    if kind == "weekend":
        first = monday + timedelta(5 - (7 if step < 0 or (back and today.weekday() < 5) else 0))
        return first, first + timedelta(1)
    if kind == "year":
        return date(today.year + step, 1, 1), date(today.year + step, 12, 31)
    if kind in ("summer", "winter"):
        year = today.year - (today.month < (6 if kind == "summer" else 12))
        month = 6 if kind == "summer" else 12
        return date(year, month, 1), date(year, 8, 31) if month == 6 else date(year + 1, 2, 28)
    if kind == "new year":
        year = today.year if back else today.year + 1
        return date(year, 1, 1), date(year, 1, 1)
    year, month = divmod(today.year * 12 + today.month - 1 + step, 12)
    last = date(year, month + 1, calendar.monthrange(year, month + 1)[1])
    if kind == "month end":
        return last, last
    first = date(year, month + 1, 1)
    return (first, first) if kind == "month start" else (first, last)


def _nearest_year(reading: Reading, today: date, month: int, day: int, start: int, end: int) -> int:
    """Return the year of a date without one: by the sentence, else the nearest."""
    back = looks_back(reading.folded, start, end)
    candidates = []
    for year in (today.year - 1, today.year, today.year + 1):
        try:
            candidates.append(date(year, month, day))
        except ValueError:
            continue
    fitting = [d for d in candidates if back is None or (d <= today if back else d >= today)]
    if not fitting:
        return today.year
    return min(fitting, key=lambda d: abs(d - today)).year


def _append(found: list[Day], year: int, month: int, day: int, start: int, end: int) -> None:
    try:
        resolved = date(year, month, day)
    except ValueError:
        return
    if year in _YEARS:
        found.append(Day(resolved, resolved, start, end))
