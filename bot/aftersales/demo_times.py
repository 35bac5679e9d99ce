"""Relative times of the demo shop, such as `D-2 17:20` or `12 days ago 13:05`."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

from bot import workdays

_COURIER = re.compile(r"D(?:(?P<sign>[+-])(?P<count>\d+))?(?: (?P<time>\d\d:\d\d))?")
_AGO = re.compile(r"(?P<count>\d+) days ago(?: (?P<time>\d\d:\d\d))?")
_NOON = "12:00"


def resolve(text: str, now: dt.datetime, zone: str) -> dt.datetime:
    """Return the instant that a relative time means, seen from `now` in the shop's zone.

    `D-n` is the n-th courier day before the day of `now`, `D+n` the n-th after it; `n days ago`
    counts calendar days; `now` is the instant itself. Without a time of day: noon. ValueError for
    anything else.
    """
    if text == "now":
        return now
    place = ZoneInfo(zone)
    today = now.astimezone(place).date()
    if match := _COURIER.fullmatch(text):
        count = int(match["count"] or 0)
        step = workdays.nth_previous if match["sign"] == "-" else workdays.add_days
        day = step(today, count, workdays.courier)
    elif match := _AGO.fullmatch(text):
        day = today - dt.timedelta(days=int(match["count"]))
    else:
        raise ValueError(f"{text!r} is no relative time of the demo shop")
    time = dt.time.fromisoformat(match["time"] or _NOON)
    return dt.datetime.combine(day, time, place).astimezone(dt.timezone.utc)
