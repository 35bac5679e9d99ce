"""Wording of values for people: dates, times, money, numbers, in Turkish and English.

A date always carries its weekday, computed here and never typed, so that the two can not
contradict each other in a promise. ``lang`` is ``"tr"`` or ``"en"``; anything else is
taken as Turkish. Money is integer kuruş (hundredths). Moments are aware and shown in the
zone that the caller names; nothing here knows "now".
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

_MONTHS: Final = {
    "tr": (
        "Ocak",
        "Şubat",
        "Mart",
        "Nisan",
        "Mayıs",
        "Haziran",
        "Temmuz",
        "Ağustos",
        "Eylül",
        "Ekim",
        "Kasım",
        "Aralık",
    ),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}
_WEEKDAYS: Final = {
    "tr": ("Pazartesi", "Salı", "Çarşamba", "Perşembe", "Cuma", "Cumartesi", "Pazar"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_NEAR_DAYS: Final = {
    "tr": {-1: "dün", 0: "bugün", 1: "yarın"},
    "en": {-1: "yesterday", 0: "today", 1: "tomorrow"},
}
_CURRENCY_NAMES: Final = {"TRY": "TL"}
_DASH: Final = "–"

# The ending of a number written in digits follows its last spoken word:
# dative ("to"), locative ("at"), ablative ("from").
_ENDINGS: Final = {
    0: ("a", "da", "dan"), 1: ("e", "de", "den"), 2: ("ye", "de", "den"), 3: ("e", "te", "ten"),
    4: ("e", "te", "ten"), 5: ("e", "te", "ten"), 6: ("ya", "da", "dan"), 7: ("ye", "de", "den"),
    8: ("e", "de", "den"), 9: ("a", "da", "dan"), 10: ("a", "da", "dan"), 20: ("ye", "de", "den"),
    30: ("a", "da", "dan"), 40: ("a", "ta", "tan"), 50: ("ye", "de", "den"), 60: ("a", "ta", "tan"),
    70: ("e", "te", "ten"), 80: ("e", "de", "den"), 90: ("a", "da", "dan"), 100: ("e", "de", "den"),
    1000: ("e", "de", "den"), 1_000_000: ("a", "da", "dan"), 1_000_000_000: ("a", "da", "dan"),
}  # fmt: skip
_CASES: Final = {"dative": 0, "locative": 1, "ablative": 2}


def date_label(day: date, lang: str = "tr", today: date | None = None) -> str:
    """Return ``24 Kasım Salı`` / ``Tue 24 Nov``, with the year when it is not today's.

    Without ``today`` the year is left out.
    """
    lang = _known(lang)
    month, weekday = _MONTHS[lang][day.month - 1], _WEEKDAYS[lang][day.weekday()]
    written = f"{day.day} {month}"
    if today is not None and day.year != today.year:
        written += f" {day.year}"
    return f"{weekday} {written}" if lang == "en" else f"{written} {weekday}"


def time_label(moment: time | datetime) -> str:
    """Return ``17:30``: 24 hours, as written in both languages."""
    return f"{moment.hour:02}:{moment.minute:02}"


def moment_label(moment: datetime, lang: str, zone: str, now: datetime) -> str:
    """Return ``bugün 17:00``, ``yarın 09:00`` or ``12 Mart Cuma 09:00``, seen from ``now``.

    Both moments must be aware (ValueError otherwise).
    """
    local, today = _local(moment, zone), _local(now, zone).date()
    near = _NEAR_DAYS[_known(lang)].get((local.date() - today).days)
    return f"{near or date_label(local.date(), lang, today)} {time_label(local)}"


def window_label(
    date_from: date, date_to: date, lang: str = "tr", today: date | None = None
) -> str:
    """Return ``25 Kasım Çarşamba – 26 Kasım Perşembe``; one day alone when both are equal.

    ValueError when the window ends before it begins.
    """
    if date_to < date_from:
        raise ValueError(f"the window ends on {date_to}, before it begins on {date_from}")
    first, last = date_label(date_from, lang, today), date_label(date_to, lang, today)
    return first if date_from == date_to else f"{first} {_DASH} {last}"


def slot_label(start: datetime, end: datetime, lang: str, zone: str, now: datetime) -> str:
    """Return ``28 Kasım Cumartesi 13:00–15:00`` / ``Sat 28 Nov between 13:00 and 15:00``.

    Over midnight both ends are given in full.
    """
    if end < start:
        raise ValueError(f"the slot ends at {end}, before it begins at {start}")
    local_start, local_end = _local(start, zone), _local(end, zone)
    first = moment_label(start, lang, zone, now)
    if local_start.date() == local_end.date():
        if _known(lang) == "en":
            day = first.removesuffix(f" {time_label(local_start)}")
            return f"{day} between {time_label(local_start)} and {time_label(local_end)}"
        return f"{first}{_DASH}{time_label(local_end)}"
    return f"{first} {_DASH} {moment_label(end, lang, zone, now)}"


def till_label(moment: datetime, lang: str, zone: str, now: datetime) -> str:
    """Return ``12 Mart Cuma 09:00'a kadar`` / ``by Fri 12 Mar 09:00``, ``today by 17:30``."""
    label = moment_label(moment, lang, zone, now)
    if _known(lang) == "en":
        day, _, hour = label.partition(" ")
        return f"{day} by {hour}" if day in _NEAR_DAYS["en"].values() else f"by {label}"
    return f"{label}'{time_suffix(_local(moment, zone), 'dative')} kadar"


def till_date_label(day: date, lang: str = "tr", today: date | None = None) -> str:
    """Return ``7 Aralık Pazartesi gününe kadar`` / ``by Mon 7 Dec``; the day is included."""
    label = date_label(day, lang, today)
    return f"by {label}" if _known(lang) == "en" else f"{label} gününe kadar"


def time_suffix(moment: time | datetime, case: str = "dative") -> str:
    """Return the Turkish ending of a time in digits: ``ye`` for 17:00, ``a`` for 17:30."""
    return number_suffix(moment.minute or moment.hour, case)


def number_suffix(value: int, case: str = "dative") -> str:
    """Return the Turkish ending, without apostrophe, of a number in digits.

    ``case`` is ``dative`` (17'ye), ``locative`` (17'de) or ``ablative`` (17'den); KeyError
    for another.
    """
    return _ENDINGS[_last_word(abs(value))][_CASES[case]]


def _last_word(value: int) -> int:
    """Return the value of the word that is said last: 7 for 17, 1000 for 42000."""
    if value % 10 or value == 0:
        return value % 10
    if value % 100:
        return value % 100
    if value % 1_000:
        return 100
    if value % 1_000_000:
        return 1_000
    return 1_000_000 if value % 1_000_000_000 else 1_000_000_000


def number(value: int, lang: str = "tr") -> str:
    """Return the number with thousands parted: ``12.500`` / ``12,500``."""
    grouped = f"{value:,}"
    return grouped if _known(lang) == "en" else grouped.replace(",", ".")


def money(kurus: int, currency: str = "TRY", lang: str = "tr") -> str:
    """Return hundredths of a currency as ``1.299,90 TL`` / ``1,299.90 TL``."""
    whole, part = divmod(abs(kurus), 100)
    point = "." if _known(lang) == "en" else ","
    sign = "-" if kurus < 0 else ""
    return f"{sign}{number(whole, lang)}{point}{part:02} {_CURRENCY_NAMES.get(currency, currency)}"


def capitalise(text: str, lang: str = "tr") -> str:
    """Return the text with a capital first letter: Turkish ``iade`` gives ``İade``."""
    if not text:
        return text
    first = "İ" if text[0] == "i" and _known(lang) == "tr" else text[0].upper()
    return first + text[1:]


def _known(lang: str) -> str:
    return "en" if lang == "en" else "tr"


def _local(moment: datetime, zone: str) -> datetime:
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError("an aware moment is needed")
    return moment.astimezone(ZoneInfo(zone))
