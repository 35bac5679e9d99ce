"""A Twilio in bad weather: nobody gets a message twice, and each ends in one state that people see."""

from __future__ import annotations

import itertools
import time

import pytest

from tests.fakes.twilio_weather import SHARES, Weather
from tests.journeys.provider import Traffic, judge, talk, unsettled
from tests.stack import Stack

PREFIX = "+9053822"
SECONDS, PEOPLE = 8.0, 7.5  # and new conversations in a second
# Without what only minutes show: a pause before the same words, and a receipt that is asked for. The
# few look-ups of the first seconds fail more often.
WEATHER = {
    name: share * (2.5 if name.startswith("look_") else 1.0)
    for name, share in SHARES.items() if name not in ("busy", "refused_unheard")
}
MUST_BE_MET = {name for name in WEATHER if not name.startswith("look_")}


def _shows_enough(weather: Weather, sender: str) -> bool:
    looked_up = any(m.name.startswith("look_") and m.to != sender for m in weather.met)
    return looked_up and not MUST_BE_MET - set(weather.counts())


@pytest.mark.timeout(180)
def test_in_bad_weather_nobody_gets_a_message_twice(frail: Stack) -> None:
    traffic = Traffic()
    weather = frail.fake.weather(98, WEATHER)
    try:
        phones = (f"{PREFIX}{i:05d}" for i in itertools.count())
        talk(
            frail, traffic, phones, seconds=SECONDS, people=PEOPLE, pause=1.2,
            until=lambda: _shows_enough(weather, frail.fake.from_),
        )
        weather.calm()
        deadline = time.monotonic() + 100
        while left := unsettled(frail, traffic, PREFIX):
            assert time.monotonic() < deadline, f"without an end: {left}"
            time.sleep(0.1)
        frail.fake.callbacks.wait(15)
        found = judge(frail, weather, traffic, PREFIX)
    finally:
        frail.fake.clear_faults()
    print(len(traffic.phones), weather.counts(), found)
    assert not found.problems
    assert not found.doubles
    assert _shows_enough(weather, frail.fake.from_), "this seed shows too little"
    assert len(found.settled) == 3 and found.again, "and so does what it led to"
