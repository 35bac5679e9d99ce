"""Which days count, and when the shop's desk is open.

Days are ``datetime.date`` in Turkish local time; moments are aware ``datetime``; nothing
here knows "now". Holidays come from ``holidays_tr.csv`` (made by
``scripts/freeze_holidays.py``), read once on first use. A day outside the years of that
file raises ``CalendarRangeError``: a deadline counted without its holidays would be wrong
and look right.

Three kinds of working day: ``legal`` (Monday to Saturday; warranty and after-sales service
regulations of 13.6.2014, no. 29029), ``office`` (Monday to Friday; desks and banks) and
``courier`` (Monday to Friday, no eve of a holiday: the days on which a parcel surely moves).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

DayKind = Callable[[date], bool]

HALF_DAY_CLOSE: Final = time(13, 0)
_FILE: Final = Path(__file__).with_name("holidays_tr.csv")
_SUNDAY: Final = 6
_DAY: Final = timedelta(days=1)
_MIDNIGHT: Final = time(0)
_LONGEST_CLOSURE: Final = 400
"""Days searched for an opening before the opening hours are taken to be wrong."""


class CalendarRangeError(ValueError):
    """The day lies outside the years whose holidays are known."""


class NeverOpenError(ValueError):
    """The opening hours hold no opening within more than a year."""


class Holiday(NamedTuple):
    """A public holiday; ``half`` ones begin at 13:00."""

    day: date
    half: bool
    name_tr: str
    name_en: str


@lru_cache(maxsize=1)
def _calendar() -> dict[date, Holiday]:
    table: dict[date, Holiday] = {}
    with _FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            day = date.fromisoformat(row["date"])
            entry = Holiday(day, row["kind"] == "half", row["name_tr"], row["name_en"])
            # An eve that is itself a holiday is a holiday.
            if day not in table or table[day].half:
                table[day] = entry
    return table


@lru_cache(maxsize=1)
def _years() -> tuple[int, int]:
    years = {day.year for day in _calendar()}
    return min(years), max(years)


def holiday(day: date) -> Holiday | None:
    """Return the holiday, full or half, on a day, or None.

    CalendarRangeError outside the known years; TypeError for a datetime, whose day hangs on
    a zone that only the caller knows.
    """
    if isinstance(day, datetime):
        raise TypeError("a date is needed, not a datetime")
    first, last = _years()
    if not first <= day.year <= last:
        raise CalendarRangeError(f"holidays are known for {first} to {last}, not for {day.year}")
    return _calendar().get(day)


def is_full_holiday(day: date) -> bool:
    """Return True on a whole public holiday."""
    entry = holiday(day)
    return entry is not None and not entry.half


def is_half_holiday(day: date) -> bool:
    """Return True on a day that becomes a holiday at 13:00 (the eves, and 28 October)."""
    entry = holiday(day)
    return entry is not None and entry.half


def legal(day: date) -> bool:
    """Return True on a working day of the warranty and service regulations; eves count."""
    return not is_full_holiday(day) and day.weekday() != _SUNDAY


def office(day: date) -> bool:
    """Return True from Monday to Friday but for whole holidays; eves count."""
    return not is_full_holiday(day) and day.weekday() < 5


def courier(day: date) -> bool:
    """Return True from Monday to Friday but for whole and half holidays."""
    return holiday(day) is None and day.weekday() < 5


def add_days(start: date, n: int, kind: DayKind) -> date:
    """Return the n-th day of the kind after ``start``, which is not counted.

    0 gives ``start`` itself, of whatever kind. ValueError when n is negative.
    """
    return _step(start, n, kind, _DAY)


def nth_previous(day: date, n: int, kind: DayKind) -> date:
    """Return the n-th day of the kind before ``day``, which is not counted."""
    return _step(day, n, kind, -_DAY)


def _step(day: date, n: int, kind: DayKind, step: timedelta) -> date:
    if n < 0:
        raise ValueError(f"a count of days is needed, not {n}")
    while n:
        day += step
        n -= kind(day)
    return day


def _default_week() -> dict[int, tuple[time, time]]:
    return {weekday: (time(9), time(18)) for weekday in range(5)}


@dataclass(frozen=True)
class WorkingHours:
    """When the shop's desk is open, as told by the shop.

    ``weekly`` maps a weekday (0 is Monday) to opening and closing time in ``zone``; a
    weekday that is missing is closed; closing at 00:00 is the midnight after. ``closures``
    are (first day, last day, note), both days closed. Whole public holidays are closed
    unless ``open_on_holidays``; on half ones the desk closes at ``half_day_close``.
    Moments must be aware (ValueError otherwise) and come back in ``zone``.
    """

    weekly: Mapping[int, tuple[time, time]] = field(default_factory=_default_week)
    closures: tuple[tuple[date, date, str], ...] = ()
    zone: str = "Europe/Istanbul"
    half_day_close: time = HALF_DAY_CLOSE
    open_on_holidays: bool = False

    def __post_init__(self) -> None:
        ZoneInfo(self.zone)
        for weekday, (opens, closes) in self.weekly.items():
            if not 0 <= weekday <= 6:
                raise ValueError(f"weekday must be 0 to 6, not {weekday}")
            if closes != _MIDNIGHT and closes <= opens:
                raise ValueError(
                    f"weekday {weekday} closes at {closes}, before it opens at {opens}"
                )
        for first, last, _ in self.closures:
            if last < first:
                raise ValueError(f"a closure ends on {last}, before it begins on {first}")

    def hours_on(self, day: date) -> tuple[datetime, datetime] | None:
        """Return opening and closing moment of a day, or None when it is closed."""
        if day.weekday() not in self.weekly or self.closure_on(day) is not None:
            return None
        opens, closes = self.weekly[day.weekday()]
        if not self.open_on_holidays:
            if is_full_holiday(day):
                return None
            if is_half_holiday(day) and (closes == _MIDNIGHT or closes > self.half_day_close):
                closes = self.half_day_close
                if closes <= opens:
                    return None
        zone = ZoneInfo(self.zone)
        end_day = day + _DAY if closes == _MIDNIGHT else day
        return datetime.combine(day, opens, zone), datetime.combine(end_day, closes, zone)

    def closure_on(self, day: date) -> str | None:
        """Return the note of the shop's own closure on a day, or None."""
        return next((note for first, last, note in self.closures if first <= day <= last), None)

    def is_working_day(self, day: date) -> bool:
        """Return True when the desk opens on the day at all; usable as a kind of day."""
        return self.hours_on(day) is not None

    def is_open(self, moment: datetime) -> bool:
        """Return True from the opening moment on and before the closing moment."""
        return self.closes_at(moment) is not None

    def closes_at(self, moment: datetime) -> datetime | None:
        """Return when the desk, open at the moment, closes; None when it is closed."""
        local = self._local(moment)
        hours = self.hours_on(local.date())
        return hours[1] if hours and hours[0] <= local < hours[1] else None

    def next_opening(self, moment: datetime) -> datetime:
        """Return the moment itself when the desk is open, else when it opens next.

        NeverOpenError when it does not open within more than a year.
        """
        local = self._local(moment)
        opens, _ = next(self._hours_from(local))
        return max(opens, local)

    def end_of_working_day(self, moment: datetime) -> datetime:
        """Return when the desk closes today, or, once it has, on the next working day."""
        return next(self._hours_from(self._local(moment)))[1]

    def add_working_time(self, moment: datetime, duration: timedelta) -> datetime:
        """Return the moment by which the desk has been open for ``duration``.

        Time while it is closed does not count. A duration that is used up exactly at
        closing time ends then and not at the next opening. ValueError when negative.
        """
        if duration < timedelta(0):
            raise ValueError("a duration must not be negative")
        local = self._local(moment)
        for opens, closes in self._hours_from(local):
            begin = max(opens, local)
            # Arithmetic within one zone ignores clock changes; in UTC it does not.
            left = closes.astimezone(timezone.utc) - begin.astimezone(timezone.utc)
            if duration <= left:
                return (begin.astimezone(timezone.utc) + duration).astimezone(ZoneInfo(self.zone))
            duration -= left
        raise AssertionError("the hours never end")

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, as ``from_dict`` reads them."""
        return {
            "weekly": {
                str(weekday): [opens.strftime("%H:%M"), closes.strftime("%H:%M")]
                for weekday, (opens, closes) in sorted(self.weekly.items())
            },
            "closures": [
                {"from": first.isoformat(), "to": last.isoformat(), "note": note}
                for first, last, note in self.closures
            ],
            "zone": self.zone,
            "half_day_close": self.half_day_close.strftime("%H:%M"),
            "open_on_holidays": self.open_on_holidays,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> WorkingHours:
        """Return the hours that ``to_dict`` wrote; what is missing has its default.

        ``24:00`` is read as midnight. ValueError or KeyError for what can not be read.
        """
        given: dict[str, Any] = {}
        if "weekly" in data:
            given["weekly"] = {
                int(day): (_time(opens), _time(closes))
                for day, (opens, closes) in data["weekly"].items()
            }
        if "closures" in data:
            given["closures"] = tuple(
                (
                    date.fromisoformat(entry["from"]),
                    date.fromisoformat(entry["to"]),
                    str(entry.get("note", "")),
                )
                for entry in data["closures"]
            )
        if "zone" in data:
            given["zone"] = str(data["zone"])
        if "half_day_close" in data:
            given["half_day_close"] = _time(data["half_day_close"])
        if "open_on_holidays" in data:
            given["open_on_holidays"] = bool(data["open_on_holidays"])
        return cls(**given)

    def _local(self, moment: datetime) -> datetime:
        if moment.tzinfo is None or moment.utcoffset() is None:
            raise ValueError("an aware moment is needed")
        return moment.astimezone(ZoneInfo(self.zone))

    def _hours_from(self, local: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the opening hours that are not over at the moment, day by day, for ever."""
        day, closed_days = local.date(), 0
        while closed_days <= _LONGEST_CLOSURE:
            hours = self.hours_on(day)
            if hours and local < hours[1]:
                closed_days = 0
                yield hours
            closed_days += 1
            day += _DAY
        raise NeverOpenError(f"no opening within {_LONGEST_CLOSURE} days")


def _time(written: str) -> time:
    return _MIDNIGHT if written == "24:00" else time.fromisoformat(written)
