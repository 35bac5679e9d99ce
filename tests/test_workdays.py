"""Working days and opening hours, pinned to dates that were checked by hand."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import workdays
from bot.workdays import (
    CalendarRangeError,
    NeverOpenError,
    WorkingHours,
    add_days,
    courier,
    holiday,
    is_full_holiday,
    is_half_holiday,
    legal,
    nth_previous,
    office,
)

ISTANBUL = ZoneInfo("Europe/Istanbul")
HOURS = WorkingHours()


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ISTANBUL)


# year: (eve, first and last day of the Ramazan holiday, then of the Kurban holiday)
FEASTS = {
    2025: ((3, 29), (3, 30), (4, 1), (6, 5), (6, 6), (6, 9)),
    2026: ((3, 19), (3, 20), (3, 22), (5, 26), (5, 27), (5, 30)),
    2027: ((3, 8), (3, 9), (3, 11), (5, 15), (5, 16), (5, 19)),
    2028: ((2, 25), (2, 26), (2, 28), (5, 4), (5, 5), (5, 8)),
}
FIXED = ((1, 1), (4, 23), (5, 1), (5, 19), (7, 15), (8, 30), (10, 29))


@pytest.mark.parametrize("year", FEASTS)
def test_the_holidays_of_a_year_are_these_and_no_others(year: int) -> None:
    eve, first, last, eve_2, first_2, last_2 = (date(year, *day) for day in FEASTS[year])
    full = {date(year, *day) for day in FIXED}
    for begin, end in ((first, last), (first_2, last_2)):
        full |= {begin + timedelta(n) for n in range((end - begin).days + 1)}
    half = {eve, eve_2, date(year, 10, 28)}
    days = [date(year, 1, 1) + timedelta(n) for n in range(365)]
    assert {day for day in days if is_full_holiday(day)} == full
    assert {day for day in days if is_half_holiday(day)} == half


def test_holidays_have_names_in_both_languages() -> None:
    entry = holiday(date(2027, 3, 9))
    assert entry is not None
    assert (entry.name_tr, entry.name_en) == ("Ramazan Bayramı", "Eid al-Fitr")
    assert holiday(date(2027, 3, 12)) is None


def test_an_eve_that_is_a_holiday_itself_is_a_holiday() -> None:
    assert is_full_holiday(date(2029, 4, 23))


def test_unknown_years_are_refused_and_not_guessed() -> None:
    for day in (date(2023, 12, 29), date(2033, 1, 3)):
        with pytest.raises(CalendarRangeError):
            office(day)
    with pytest.raises(CalendarRangeError):
        add_days(date(2032, 12, 30), 5, legal)
    with pytest.raises(TypeError):
        legal(at(2026, 11, 24))


def test_the_file_says_what_the_library_says() -> None:
    from scripts.freeze_holidays import rows

    with (Path(workdays.__file__).parent / "holidays_tr.csv").open(encoding="utf-8") as file:
        assert [tuple(row) for row in csv.reader(file)][1:] == rows()


@pytest.mark.parametrize(
    ("day", "kinds"),
    [
        (date(2026, 11, 24), (True, True, True)),  # Tuesday
        (date(2026, 11, 28), (True, False, False)),  # Saturday
        (date(2026, 11, 29), (False, False, False)),  # Sunday
        (date(2027, 3, 8), (True, True, False)),  # eve
        (date(2027, 3, 9), (False, False, False)),  # feast
    ],
)
def test_kinds_of_day(day: date, kinds: tuple[bool, bool, bool]) -> None:
    assert (legal(day), office(day), courier(day)) == kinds


# start: refund after 14 calendar days, legal day 10, legal day 20, data request after 30
# calendar days, 3 office days, first and third courier day
DEADLINES = [
    "2026-11-23 2026-12-07 2026-12-04 2026-12-16 2026-12-23 2026-11-26 2026-11-24 2026-11-26",
    "2026-12-30 2027-01-13 2027-01-12 2027-01-23 2027-01-29 2027-01-05 2026-12-31 2027-01-05",
    "2027-03-05 2027-03-19 2027-03-20 2027-04-01 2027-04-04 2027-03-15 2027-03-12 2027-03-16",
    "2027-05-12 2027-05-26 2027-05-27 2027-06-08 2027-06-11 2027-05-20 2027-05-13 2027-05-20",
]


@pytest.mark.parametrize("row", DEADLINES)
def test_deadlines(row: str) -> None:
    start, refund, loan, repair, data, refusal, first, third = map(date.fromisoformat, row.split())
    assert start + timedelta(14) == refund
    assert add_days(start, 10, legal) == loan
    assert add_days(start, 20, legal) == repair
    assert start + timedelta(30) == data
    assert add_days(start, 3, office) == refusal
    assert add_days(start, 1, courier) == first
    assert add_days(start, 3, courier) == third


def test_notice_before_the_feast_of_2026() -> None:
    assert add_days(date(2026, 5, 15), 20, legal) == date(2026, 6, 13)


@pytest.mark.parametrize(
    ("first", "days"),
    [
        ((2026, 5, 26), 6),
        ((2027, 3, 6), 6),
        ((2025, 6, 5), 5),
        ((2027, 5, 15), 5),
        ((2028, 5, 4), 5),
    ],
)
def test_longest_runs_without_a_courier(first: tuple[int, int, int], days: int) -> None:
    begin = date(*first)
    assert courier(begin - timedelta(1)) and courier(begin + timedelta(days))
    assert not any(courier(begin + timedelta(n)) for n in range(days))


def test_counting_none_and_backwards() -> None:
    sunday = date(2026, 11, 29)
    assert add_days(sunday, 0, office) == sunday
    assert nth_previous(sunday, 1, office) == date(2026, 11, 27)
    assert nth_previous(date(2027, 3, 12), 2, courier) == date(2027, 3, 4)
    for count in (add_days, nth_previous):
        with pytest.raises(ValueError, match="-1"):
            count(sunday, -1, office)


@given(
    st.dates(date(2025, 1, 1), date(2030, 1, 1)),
    st.integers(1, 60),
    st.sampled_from([legal, office, courier]),
)
def test_counting_back_undoes_counting_on(start: date, n: int, kind: workdays.DayKind) -> None:
    end = add_days(start, n, kind)
    assert kind(end)
    assert sum(kind(start + timedelta(step)) for step in range(1, (end - start).days + 1)) == n
    if kind(start):
        assert nth_previous(end, n, kind) == start


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        (at(2026, 11, 24, 11), at(2026, 11, 24, 11)),
        (at(2026, 11, 24, 3), at(2026, 11, 24, 9)),
        (at(2026, 11, 24, 18), at(2026, 11, 25, 9)),
        (at(2026, 11, 27, 18, 1), at(2026, 11, 30, 9)),
        (at(2027, 3, 8, 12, 59), at(2027, 3, 8, 12, 59)),
        (at(2027, 3, 8, 13), at(2027, 3, 12, 9)),
        (at(2027, 3, 8, 13, 1), at(2027, 3, 12, 9)),
        (at(2026, 3, 19, 13, 1), at(2026, 3, 23, 9)),
    ],
)
def test_next_opening(moment: datetime, opening: datetime) -> None:
    assert HOURS.next_opening(moment) == opening
    assert HOURS.is_open(moment) == (moment == opening)
    # The same moment, told in another zone.
    utc = moment.astimezone(timezone.utc)
    assert HOURS.next_opening(utc) == opening
    assert HOURS.next_opening(utc).utcoffset() == timedelta(hours=3)


def test_opening_and_closing_moments_themselves() -> None:
    assert HOURS.is_open(at(2026, 11, 24, 9))
    assert not HOURS.is_open(at(2026, 11, 24, 18))
    assert HOURS.closes_at(at(2026, 11, 24, 9)) == at(2026, 11, 24, 18)
    assert HOURS.closes_at(at(2027, 3, 8, 9)) == at(2027, 3, 8, 13)
    assert HOURS.closes_at(at(2026, 11, 24, 18)) is None


def test_end_of_working_day() -> None:
    assert HOURS.end_of_working_day(at(2026, 11, 24, 3)) == at(2026, 11, 24, 18)
    assert HOURS.end_of_working_day(at(2026, 11, 24, 18)) == at(2026, 11, 25, 18)
    assert HOURS.end_of_working_day(at(2027, 3, 8, 12, 59)) == at(2027, 3, 8, 13)
    assert HOURS.end_of_working_day(at(2027, 3, 8, 13, 1)) == at(2027, 3, 12, 18)


@pytest.mark.parametrize(
    ("moment", "hours", "end"),
    [
        (at(2026, 11, 24, 11), 2, at(2026, 11, 24, 13)),
        (at(2026, 11, 24, 17), 1, at(2026, 11, 24, 18)),
        (at(2026, 11, 24, 17), 2, at(2026, 11, 25, 10)),
        (at(2026, 11, 24, 3), 1, at(2026, 11, 24, 10)),
        (at(2026, 11, 24, 3), 0, at(2026, 11, 24, 9)),
        (at(2026, 11, 27, 17), 10, at(2026, 11, 30, 18)),
        (at(2027, 3, 8, 12), 2, at(2027, 3, 12, 10)),
    ],
)
def test_working_time(moment: datetime, hours: int, end: datetime) -> None:
    assert HOURS.add_working_time(moment, timedelta(hours=hours)) == end


@given(st.integers(0, 3 * 365 * 24 * 60), st.integers(1, 3000), st.integers(1, 3000))
def test_working_time_adds_up(offset: int, first: int, second: int) -> None:
    start = at(2025, 1, 1) + timedelta(minutes=offset)
    once = HOURS.add_working_time(start, timedelta(minutes=first + second))
    twice = HOURS.add_working_time(
        HOURS.add_working_time(start, timedelta(minutes=first)), timedelta(minutes=second)
    )
    assert once == twice
    assert HOURS.is_open(once - timedelta(minutes=1))


def test_a_saturday_eve_closes_early_too() -> None:
    hours = WorkingHours({5: (time(10), time(16)), 6: (time(14), time(18))})
    assert hours.closes_at(at(2027, 5, 15, 11)) == at(2027, 5, 15, 13)
    assert hours.next_opening(at(2027, 5, 15, 13)) == at(2027, 5, 22, 10)
    late = WorkingHours({5: (time(14), time(20))})
    assert not late.is_working_day(date(2027, 5, 15))


def test_own_closures_and_open_holidays() -> None:
    hours = WorkingHours(closures=((date(2026, 11, 25), date(2026, 11, 26), "sayım"),))
    assert hours.next_opening(at(2026, 11, 24, 19)) == at(2026, 11, 27, 9)
    assert hours.closure_on(date(2026, 11, 26)) == "sayım"
    assert add_days(date(2026, 11, 24), 1, hours.is_working_day) == date(2026, 11, 27)
    open_hours = WorkingHours(open_on_holidays=True)
    assert open_hours.is_open(at(2027, 3, 9, 11)) and open_hours.is_open(at(2027, 3, 8, 17))


def test_round_the_clock_and_other_zones() -> None:
    always = WorkingHours({day: (time(0), time(0)) for day in range(7)}, open_on_holidays=True)
    assert always.is_open(at(2026, 11, 24, 23, 59)) and always.is_open(at(2026, 11, 29, 0))
    assert always.add_working_time(at(2026, 11, 24), timedelta(days=3)) == at(2026, 11, 27)
    # Clocks in Berlin went back on 25 October 2026: that day had 25 hours.
    berlin = WorkingHours(
        {day: (time(0), time(0)) for day in range(7)}, zone="Europe/Berlin", open_on_holidays=True
    )
    zone = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 10, 25, tzinfo=zone)
    assert berlin.add_working_time(start, timedelta(hours=25)) == datetime(
        2026, 10, 26, tzinfo=zone
    )


def test_hours_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="weekday"):
        WorkingHours({7: (time(9), time(18))})
    with pytest.raises(ValueError, match="closes"):
        WorkingHours({0: (time(18), time(9))})
    with pytest.raises(ValueError, match="closure"):
        WorkingHours(closures=((date(2026, 2, 2), date(2026, 2, 1), ""),))
    with pytest.raises(ValueError, match="aware"):
        HOURS.is_open(datetime(2026, 11, 24, 11))  # noqa: DTZ001
    with pytest.raises(ValueError, match="negative"):
        HOURS.add_working_time(at(2026, 11, 24), timedelta(minutes=-1))
    with pytest.raises(NeverOpenError):
        WorkingHours({}).next_opening(at(2026, 11, 24))


def test_written_and_read_back() -> None:
    hours = WorkingHours(
        {0: (time(8, 30), time(17)), 5: (time(10), time(0))},
        closures=((date(2026, 12, 31), date(2027, 1, 2), "yılbaşı"),),
        half_day_close=time(12, 30),
        open_on_holidays=True,
    )
    assert WorkingHours.from_dict(json.loads(json.dumps(hours.to_dict()))) == hours
    assert WorkingHours.from_dict({}) == HOURS
    assert WorkingHours.from_dict({"weekly": {"0": ["09:00", "24:00"]}}).closes_at(
        at(2026, 11, 23, 10)
    ) == at(2026, 11, 24)
