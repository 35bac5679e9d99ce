"""Times and names as short labels, in the shop's zone and the reader's language."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from bot import clock, config, formatting
from bot.console import i18n

# Signs that turn the writing direction around: in a name or a preview they could disguise words.
_DIRECTION_SIGNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def local(at: dt.datetime) -> dt.datetime:
    """Return an instant in the shop's zone."""
    return at.astimezone(ZoneInfo(config.load().shop_time_zone))


def clock_time(at: dt.datetime) -> str:
    """Return the time of day: `14:05`."""
    return formatting.time_label(local(at))


def day(at: dt.datetime) -> str:
    """Return the day: today, yesterday, else `24 Kasım Salı`."""
    date, today = local(at).date(), local(clock.now()).date()
    near = {0: "day.today", -1: "day.yesterday"}.get((date - today).days)
    return i18n.text(near) if near else formatting.date_label(date, i18n.language(), today)


def moment(at: dt.datetime) -> str:
    """Return day and time: `bugün 14:05`, `yarın 09:00`, `12 Mart Cuma 09:00`."""
    return formatting.moment_label(
        at, i18n.language(), config.load().shop_time_zone, clock.now()
    )


def short(at: dt.datetime) -> str:
    """Return what fits into a list: the time today, else the day."""
    return clock_time(at) if local(at).date() == local(clock.now()).date() else day(at)


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


# A mark that can open (before a word) or close (after one); the two do not exclude each other.
_OPENS = re.compile(r"(?<![\w*~])[*_~](?=\S)")
_CLOSES = re.compile(r"(?<=\S)[*_~](?![\w*~])")
_TAGS = {"*": "strong", "_": "em", "~": "s"}


def marked(text: str) -> Markup:
    """Return a message as HTML with *bold*, _slanted_ and ~struck~ as messengers show them."""
    return Markup("\n".join(_marked_line(line) for line in str(escape(text)).split("\n")))  # noqa: S704


def _marked_line(line: str) -> str:
    """Return an escaped line with our own tags: the first mark pairs with the next that closes it.

    Each list is walked once, so that a message made of nothing but marks takes no longer.
    """
    closing: dict[str, list[int]] = {mark: [] for mark in _TAGS}
    for found in _CLOSES.finditer(line):
        closing[found[0]].append(found.start())
    passed = dict.fromkeys(_TAGS, 0)
    pieces: list[str] = []
    end = 0
    for found in _OPENS.finditer(line):
        start, mark = found.start(), found[0]
        if start < end:
            continue  # inside of what is marked already
        ends = closing[mark]
        while passed[mark] < len(ends) and ends[passed[mark]] < start + 2:
            passed[mark] += 1
        if passed[mark] == len(ends):
            continue
        close = ends[passed[mark]]
        tag = _TAGS[mark]
        pieces += [line[end:start], f"<{tag}>", line[start + 1 : close], f"</{tag}>"]
        end = close + 1
    return "".join([*pieces, line[end:]])


def money(kurus: int, currency: str = "TRY") -> str:
    """Return a sum as the reader's language writes it: `8.499,90 TL`, `8,499.90 TL`."""
    return formatting.money(kurus, currency, i18n.language())
