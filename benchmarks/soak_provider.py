"""The provider's part of `make soak`: ten minutes of traffic against a Twilio in bad weather.

`python -m benchmarks.soak_provider`. Starts the whole stack beside the fake, lets people write for
`SOAK_PROVIDER_SECONDS` (environment, default 600) while every call, receipt and look-up meets a fault
with a set probability (`SOAK_PROVIDER_SEED`, default 1), then lets the weather end and waits until
everything has an end. `DATABASE_URL` of an empty database takes the place of SQLite; `PAIRS=1` runs two
web, worker, rasa and clock processes. Prints progress every 30 seconds and a closing table; exits with
1 when a customer got a message twice, or anything else is not as it must be: also when a kind of fault
never happened, as in a run of less than some minutes.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.fakes.twilio_weather import SHARES, Weather
from tests.journeys.pairs import TWO_OF_EACH
from tests.journeys.provider import Report, Traffic, judge, talk, unsettled
from tests.stack import Stack

PREFIX = "+9053823"
PEOPLE = 0.8  # new conversations in a second, of three messages each
PAUSE = 4.0  # seconds between the messages of one person
PROGRESS = 30.0
# The last refusal that may pass later is tried again after up to sixteen minutes; with these shares
# a fourth in a row is as good as never.
PATIENCE = 600.0


class Progress:
    """Prints a line every 30 seconds."""

    def __init__(self, stack: Stack, weather: Weather, traffic: Traffic) -> None:
        self._stack, self._weather, self._traffic = stack, weather, traffic
        self._began, self._next = time.monotonic(), PROGRESS

    def __call__(self, _: float = 0.0) -> None:
        passed = time.monotonic() - self._began
        if passed < self._next:
            return
        self._next += PROGRESS
        open_ = ", ".join(unsettled(self._stack, self._traffic, PREFIX)) or "nothing"
        print(
            f"{passed:4.0f} s: {len(self._traffic.written)} messages of "
            f"{len(self._traffic.phones)} people, {len(self._stack.fake.sent())} accepted, "
            f"{sum(self._weather.counts().values())} faults; open: {open_}", flush=True,
        )


def _table(title: str, counts: Mapping[str, int]) -> None:
    print(f"\n{title}")
    for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        print(f"  {count:6d}  {name}")


def _print(weather: Weather, traffic: Traffic, found: Report) -> None:
    print(
        f"\n{len(traffic.written)} messages in {len(traffic.phones)} conversations; "
        f"{found.accepted} messages accepted by the fake"
    )
    _table("what happened", weather.counts())
    _table("messages of ours by final state", found.states)
    _table("outcomes that could not be known, and how they became known", found.settled)
    _table("accepted again after the provider had reported a failure", found.again)
    print(f"\ndoubles: {found.doubles}")
    for problem in found.problems[:50]:
        print(f"PROBLEM: {problem}")


def run(folder: Path, seconds: float, seed: int) -> Report:
    """Do the whole run in a folder; return what was found."""
    traffic = Traffic()
    database = os.environ.get("DATABASE_URL", "")
    settings = dict(TWO_OF_EACH) if os.environ.get("PAIRS") == "1" else {}
    if database:
        settings["DATABASE_URL"] = database
    with Stack(folder, environment=settings) as stack:
        weather = stack.fake.weather(seed)
        progress = Progress(stack, weather, traffic)
        phones = (f"{PREFIX}{i:05d}" for i in itertools.count())
        talk(
            stack, traffic, phones, seconds=seconds, people=PEOPLE, pause=PAUSE, watch=progress
        )
        weather.calm()
        print(f"the weather ends after {seconds:.0f} s of traffic", flush=True)
        deadline = time.monotonic() + PATIENCE
        while unsettled(stack, traffic, PREFIX) and time.monotonic() < deadline:
            progress()
            time.sleep(1.0)
        stack.fake.callbacks.wait(30)
        while _unheard(stack) and time.monotonic() < deadline:
            progress()
            time.sleep(1.0)
        found = judge(stack, weather, traffic, PREFIX)
        if left := _unheard(stack):
            found.problems.append(f"of {left} messages nobody learnt what became of them")
        if missing := sorted(set(SHARES) - set(weather.counts())):
            found.problems.append(f"the weather showed too little: never {', '.join(missing)}")
        _print(weather, traffic, found)
        return found


def _unheard(stack: Stack) -> int:
    """Return how many messages are with the provider and of unknown fate: their receipts are lost."""
    return int(
        stack.rows(
            "SELECT count(*) FROM message m JOIN identity i ON i.id = m.identity_id WHERE "
            "i.address LIKE :p AND m.direction = 'out' AND m.state = 'sent'", p=PREFIX + "%",
        )[0][0]
    )


def main() -> int:
    """Run; return 0 when all was well."""
    seconds = float(os.environ.get("SOAK_PROVIDER_SECONDS") or 600)
    seed = int(os.environ.get("SOAK_PROVIDER_SEED") or 1)
    with tempfile.TemporaryDirectory(prefix="destek-soak-") as folder:
        found = run(Path(folder), seconds, seed)
    return 1 if found.problems or found.doubles else 0


if __name__ == "__main__":
    sys.exit(main())
