"""Wording of dates, times and money in both languages."""

from __future__ import annotations

from datetime import date, datetime, time, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.formatting import (
    capitalise,
    date_label,
    moment_label,
    money,
    number,
    number_suffix,
    slot_label,
    till_date_label,
    till_label,
    time_label,
    time_suffix,
    window_label,
)

ZONE = "Europe/Istanbul"
TUESDAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 14, 5, tzinfo=ZoneInfo(ZONE))


def at(month: int, day: int, hour: int = 0, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(ZONE))


def test_a_date_has_its_weekday_and_the_year_when_it_is_another() -> None:
    assert date_label(TUESDAY, "tr") == "24 Kasım Salı"
    assert date_label(TUESDAY, "en") == "Tue 24 Nov"
    assert date_label(TUESDAY, "tr", today=date(2026, 1, 1)) == "24 Kasım Salı"
    assert date_label(TUESDAY, "tr", today=date(2027, 1, 1)) == "24 Kasım 2026 Salı"
    assert date_label(TUESDAY, "en", today=date(2027, 1, 1)) == "Tue 24 Nov 2026"
    assert date_label(TUESDAY, "de") == "24 Kasım Salı"


@given(st.dates(date(2024, 1, 1), date(2032, 12, 31)))
def test_both_languages_name_the_same_day(day: date) -> None:
    turkish, english = date_label(day, "tr"), date_label(day, "en")
    assert english == f"{day:%a} {day.day} {day:%b}"
    assert turkish.split()[0] == english.split()[1]


def test_moments_seen_from_now() -> None:
    assert moment_label(at(11, 24, 17), "tr", ZONE, NOW) == "bugün 17:00"
    assert moment_label(at(11, 25, 9), "tr", ZONE, NOW) == "yarın 09:00"
    assert moment_label(at(11, 23, 17), "en", ZONE, NOW) == "yesterday 17:00"
    assert moment_label(at(11, 26, 9), "en", ZONE, NOW) == "Thu 26 Nov 09:00"
    assert moment_label(at(3, 12, 9, year=2027), "tr", ZONE, NOW) == "12 Mart 2027 Cuma 09:00"


def test_the_day_is_the_shops_day() -> None:
    late = datetime(2026, 11, 24, 21, 30, tzinfo=timezone.utc)
    assert moment_label(late, "tr", ZONE, NOW) == "yarın 00:30"
    with pytest.raises(ValueError, match="aware"):
        moment_label(datetime(2026, 11, 24, 9), "tr", ZONE, NOW)  # noqa: DTZ001


def test_windows_and_slots() -> None:
    assert window_label(date(2026, 11, 25), date(2026, 11, 26), "tr") == (
        "25 Kasım Çarşamba – 26 Kasım Perşembe"
    )
    assert window_label(TUESDAY, TUESDAY, "en") == "Tue 24 Nov"
    with pytest.raises(ValueError, match="window"):
        window_label(TUESDAY, date(2026, 11, 23), "tr")
    assert slot_label(at(11, 28, 13), at(11, 28, 15), "tr", ZONE, NOW) == (
        "28 Kasım Cumartesi 13:00–15:00"
    )
    assert slot_label(at(11, 25, 17), at(11, 25, 17, 30), "en", ZONE, NOW) == (
        "tomorrow between 17:00 and 17:30"
    )
    assert slot_label(at(11, 24, 23), at(11, 25, 1), "en", ZONE, NOW) == (
        "today 23:00 – tomorrow 01:00"
    )
    with pytest.raises(ValueError, match="slot"):
        slot_label(at(11, 28, 13), at(11, 28, 12), "tr", ZONE, NOW)


def test_till() -> None:
    assert till_label(at(3, 12, 9), "tr", ZONE, at(3, 1)) == "12 Mart Perşembe 09:00'a kadar"
    assert till_label(at(11, 24, 17), "tr", ZONE, NOW) == "bugün 17:00'ye kadar"
    assert till_label(at(11, 24, 17, 30), "en", ZONE, NOW) == "today by 17:30"
    assert till_date_label(date(2026, 12, 7), "tr") == "7 Aralık Pazartesi gününe kadar"
    assert till_date_label(date(2026, 12, 7), "en") == "by Mon 7 Dec"


@pytest.mark.parametrize(
    ("moment", "suffix"),
    [
        *(((0, 0), "a"), ((6, 0), "ya"), ((9, 0), "a"), ((10, 0), "a"), ((12, 0), "ye")),
        *(((13, 0), "e"), ((16, 0), "ya"), ((17, 0), "ye"), ((20, 0), "ye"), ((21, 0), "e")),
        *(((17, 30), "a"), ((17, 5), "e"), ((8, 40), "a"), ((8, 50), "ye"), ((8, 15), "e")),
    ],
)
def test_the_ending_of_a_time_follows_its_last_word(moment: tuple[int, int], suffix: str) -> None:
    assert time_suffix(time(*moment)) == suffix


@pytest.mark.parametrize(
    ("value", "endings"),
    [
        (3, ("e", "te", "ten")),
        (40, ("a", "ta", "tan")),
        (67, ("ye", "de", "den")),
        (100, ("e", "de", "den")),
        (1024, ("e", "te", "ten")),
        (42_000, ("e", "de", "den")),
        (3_000_000, ("a", "da", "dan")),
    ],
)
def test_the_ending_of_a_number(value: int, endings: tuple[str, str, str]) -> None:
    assert (
        tuple(number_suffix(value, case) for case in ("dative", "locative", "ablative")) == endings
    )


def test_times() -> None:
    assert time_label(time(9, 5)) == "09:05"
    assert time_label(at(11, 24, 17, 30)) == "17:30"


@pytest.mark.parametrize(
    ("kurus", "turkish", "english"),
    [
        (129_990, "1.299,90 TL", "1,299.90 TL"),
        (5, "0,05 TL", "0.05 TL"),
        (-15_000, "-150,00 TL", "-150.00 TL"),
        (123_456_789, "1.234.567,89 TL", "1,234,567.89 TL"),
    ],
)
def test_money(kurus: int, turkish: str, english: str) -> None:
    assert money(kurus) == turkish
    assert money(kurus, lang="en") == english


def test_other_currencies_and_plain_numbers() -> None:
    assert money(1250, "EUR") == "12,50 EUR"
    assert number(12_500) == "12.500"
    assert number(12_500, "en") == "12,500"


def test_capitals() -> None:
    assert capitalise("iade") == "İade"
    assert capitalise("ısı") == "Isı"
    assert capitalise("item", "en") == "Item"
    assert capitalise("") == ""
