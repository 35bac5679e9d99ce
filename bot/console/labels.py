"""Times and states as short labels, in the shop's zone and the reader's language."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

from bot import clock, config
from bot.console import i18n

_MONTHS = {
    "tr": "Oca Şub Mar Nis May Haz Tem Ağu Eyl Eki Kas Ara".split(),
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(),
}
_DAYS = {
    "tr": "Pazartesi Salı Çarşamba Perşembe Cuma Cumartesi Pazar".split(),
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
}
# Signs that turn the writing direction around: in a name or a preview they could disguise words.
_DIRECTION_SIGNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def local(moment: dt.datetime) -> dt.datetime:
    """Return an instant in the shop's zone."""
    return moment.astimezone(ZoneInfo(config.load().shop_time_zone))


def clock_time(moment: dt.datetime) -> str:
    """Return the time of day: `14:05`."""
    return local(moment).strftime("%H:%M")


def day(moment: dt.datetime) -> str:
    """Return the day: today, yesterday, tomorrow, else `Salı, 24 Kas` (with the year if not this)."""
    code, date, today = i18n.language(), local(moment).date(), local(clock.now()).date()
    near = {0: "day.today", -1: "day.yesterday", 1: "day.tomorrow"}.get((date - today).days)
    if near:
        return i18n.text(near)
    label = f"{_DAYS[code][date.weekday()]}, {date.day} {_MONTHS[code][date.month - 1]}"
    return label if date.year == today.year else f"{label} {date.year}"


def moment(at: dt.datetime) -> str:
    """Return day and time, without the day when it is today: `14:05`, `yarın 09:00`."""
    if local(at).date() == local(clock.now()).date():
        return clock_time(at)
    return f"{day(at)} {clock_time(at)}"


def short(at: dt.datetime) -> str:
    """Return what fits into a list: the time today, else the date."""
    here = local(at)
    if here.date() == local(clock.now()).date():
        return clock_time(at)
    return f"{here.day} {_MONTHS[i18n.language()][here.month - 1]}"


def elapsed(since: dt.datetime) -> str:
    """Return how long something has lasted in shop time: `12 dk`, `3 sa 5 dk`, `2 gün`."""
    minutes = max(0, int((clock.now() - since).total_seconds() // 60))
    if minutes < 1:
        return i18n.text("elapsed.now")
    if minutes < 60:
        return i18n.text("elapsed.minutes", minutes=minutes)
    hours, rest = divmod(minutes, 60)
    if hours < 24:
        key = "elapsed.hours_minutes" if rest and hours < 6 else "elapsed.hours"
        return i18n.text(key, hours=hours, minutes=rest)
    return i18n.text("elapsed.days", days=hours // 24)


def one_line(text: str, length: int = 120) -> str:
    """Return a text for a list or a name: one line, no direction signs, cut at a length."""
    plain = " ".join(_DIRECTION_SIGNS.sub("", text).split())
    return plain if len(plain) <= length else plain[: length - 1].rstrip() + "…"


def money(kurus: int, currency: str = "TRY") -> str:
    """Return a sum as the reader's language writes it: `8.499,90 TL`, `8,499.90 TL`."""
    whole, rest = divmod(abs(kurus), 100)
    text = f"{whole:,}.{rest:02d}"
    if i18n.language() == "tr":
        text = text.translate(str.maketrans(",.", ".,"))
    return f"{'-' if kurus < 0 else ''}{text} {'TL' if currency == 'TRY' else currency}"
