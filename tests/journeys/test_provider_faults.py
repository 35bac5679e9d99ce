"""A Twilio in bad weather: nobody gets a message twice, and each ends in one state that people see."""

from __future__ import annotations

import pytest

from tests.fakes.twilio_weather import SHARES
from tests.journeys.looking import wait_until
from tests.journeys.provider import Traffic, judge, talk, unsettled
from tests.stack import Stack

PREFIX = "+9053822"
PEOPLE = 60
# Without what only minutes show: a pause before the same words, and a receipt that is asked for. The
# few look-ups of the first seconds fail more often.
WEATHER = {
    name: share * (2.5 if name.startswith("look_") else 1.0)
    for name, share in SHARES.items() if name not in ("busy", "refused_unheard")
}
MUST_BE_MET = {name for name in WEATHER if not name.startswith("look_")}


@pytest.mark.timeout(180)
def test_in_bad_weather_nobody_gets_a_message_twice(frail: Stack) -> None:
    traffic = Traffic()
    weather = frail.fake.weather(98, WEATHER)
    try:
        phones = (f"{PREFIX}{i:05d}" for i in range(PEOPLE))
        talk(frail, traffic, phones, seconds=8.0, people=PEOPLE / 8.0, pause=1.2)
        weather.calm()
        wait_until(
            lambda: not unsettled(frail, traffic, PREFIX), 100,
            f"without an end: {unsettled(frail, traffic, PREFIX)}",
        )
        frail.fake.callbacks.wait(15)
        found = judge(frail, weather, traffic, PREFIX)
    finally:
        frail.fake.clear_faults()
    print(len(traffic.phones), weather.counts(), found)
    assert not found.problems
    assert not found.doubles
    assert not MUST_BE_MET - set(weather.counts()), "this seed shows too little"
    assert [m for m in weather.met if m.name.startswith("look_") and m.to != frail.fake.from_]
    assert len(found.settled) == 3 and found.again, "and so does what it led to"
