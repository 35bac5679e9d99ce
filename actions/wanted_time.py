"""When somebody wants to be called: a day and an hour out of a plain sentence, in both languages.

Small on purpose: what is not understood is no wish, and the next free slot is offered with its day
and hour in full, so that a misreading is seen.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final
from zoneinfo import ZoneInfo

from bot.text import clean, fold
from bot.text.contacts import phone_spans

_WEEKDAYS: Final = {
    "pazartesi": 0, "sali": 1, "carsamba": 2, "persembe": 3, "cuma": 4, "cumartesi": 5, "pazar": 6,
    "monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5,
    "sunday": 6,
}  # fmt: skip
_PARTS: Final = (
    (r"ogleden sonra|afternoon", dt.time(14)),
    (r"mesai cikisi|is cikisi|aksam|evening", dt.time(17, 30)),
    (r"oglen|ogle|noon", dt.time(12)),
    (r"sabah|morning", dt.time(9)),
)
_NIGHT: Final = re.compile(r"\b(?:gece\w*|night)\b")
_MORNING: Final = re.compile(r"\b(?:sabah\w*|morning)\b")
_EVENING: Final = re.compile(r"\b(?:aksam\w*|evening|ogleden sonra|afternoon)\b")
_CLOCK: Final = re.compile(
    r"(?:\b(?P<label>saat|at|after|around)\s+)?\b(?P<hour>[01]?\d|2[0-3])"
    r"(?:[:.](?P<minute>[0-5]\d)|(?P<half>\s*bucuk))?\s*(?P<half_day>[ap]\.?m\b)?"
    r"(?P<ending>'?(?:[dt][ae]n|[dt][ae]|[ae]|y[ae]|gibi| gibi| civari| sularinda)\b)?"
)
_COUNTED: Final = re.compile(  # "3 gündür", "2 kere": no hour of the day
    r"\b\d+ ?(?:gun|saat(?!i)|dakika|dk|kere|kez|defa|hafta|ay|day|hour|minute|time)\w*"
)
_SHOP_DAY_FROM: Final = 8  # "at 5" is the afternoon: nobody wants a call before this hour


def wanted_time(text: str, now: dt.datetime, zone: str) -> dt.datetime | None:
    """Return the wanted moment (aware, in the shop's zone) that lies ahead, or None."""
    words = fold(_without_phones(clean(text)))
    words = _COUNTED.sub(" ", words)
    local = now.astimezone(ZoneInfo(zone))
    day, hour = _day(words, local), _hour(words)
    if day is None and hour is None:
        return None
    chosen = day or local.date()
    wanted = dt.datetime.combine(chosen, hour or dt.time(9), local.tzinfo)
    if wanted <= local and day is None:
        wanted += dt.timedelta(days=1)
    return wanted if wanted > local else None


def _without_phones(text: str) -> str:
    for start, end, _ in reversed(list(phone_spans(text))):
        text = f"{text[:start]} {text[end:]}"
    return text


def _day(words: str, local: dt.datetime) -> dt.date | None:
    if re.search(r"\b(?:bugun|today)\b", words):
        return local.date()
    if re.search(r"\b(?:obur gun|ertesi gun|day after tomorrow)\b", words):
        return local.date() + dt.timedelta(days=2)
    if re.search(r"\b(?:yarin|tomorrow)\b", words):
        return local.date() + dt.timedelta(days=1)
    named = re.search(rf"\b({'|'.join(sorted(_WEEKDAYS, key=len, reverse=True))})\b", words)
    if not named:
        return None
    ahead = (_WEEKDAYS[named[1]] - local.weekday()) % 7
    return local.date() + dt.timedelta(days=ahead or 7)


def _hour(words: str) -> dt.time | None:
    for match in _CLOCK.finditer(words):
        certain = match["label"] or match["minute"] or match["half"] or match["half_day"]
        if not certain and not match["ending"]:
            continue
        hour, minute = int(match["hour"]), int(match["minute"] or (30 if match["half"] else 0))
        half_day = match["half_day"] or _half_day(words, hour)
        if half_day.startswith("p") and hour < 12:
            hour += 12
        elif half_day.startswith("a") and hour == 12:
            hour = 0
        return dt.time(hour, minute)
    return next((time for pattern, time in _PARTS if re.search(rf"\b(?:{pattern})", words)), None)


def _half_day(words: str, hour: int) -> str:
    """Return which half of the day a bare hour is in, by the words beside it."""
    if _NIGHT.search(words):
        return "p" if 6 <= hour < 12 else "a"  # "gece 11", "gece 3", "gece 12"
    if _MORNING.search(words):
        return "a" if hour < 12 else ""
    if _EVENING.search(words) or hour < _SHOP_DAY_FROM:
        return "p"
    return ""
