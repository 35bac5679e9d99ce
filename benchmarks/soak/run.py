"""One run: the stack, the provider and the crowd together, the killing, and the verdict."""

from __future__ import annotations

import asyncio
import collections
import dataclasses
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa

from benchmarks.driver.forms import Account
from benchmarks.soak import looking
from benchmarks.soak.crowd import Crowd
from benchmarks.soak.killing import KINDS, Habits, Killer, Moments
from benchmarks.soak.ledger import Ledger
from benchmarks.soak.progress import Progress
from benchmarks.soak.provider import Provider
from benchmarks.soak.verify import Found, verify
from tests.fakes.twilio import TwilioFake
from tests.journeys.pairs import TWO_OF_EACH
from tests.stack import Stack, dispose, engine

_SID, _TOKEN, _FROM = "AC" + "0" * 32, "fake-token", "whatsapp:+14155238886"
PUBLIC = "https://destek.example"
# The product sends one person ten messages at once and one more each 6 s, and takes a chat with 20
# answers in 10 minutes for a loop: customers who stay below both are not slowed down by either.
_MOST_AT_ANY_PACE, _SLOW_PACE = 15, 45.0
_UNSETTLED = (
    ("messages without an answer", "SELECT count(*) FROM message WHERE direction = 'in' AND "
     "state = 'received'"),
    ("messages on their way", "SELECT count(*) FROM message WHERE direction = 'out' AND state IN "
     "('queued', 'sending', 'unknown')"),
    ("unfinished turns", "SELECT count(*) FROM turn WHERE state IN ('open', 'outage')"),
)


@dataclasses.dataclass(frozen=True)
class Soak:
    """What a run is to be. Times in real seconds."""

    messages: int
    conversations: int
    rate: float  # messages a second that the crowd aims at
    seed: int
    habits: Habits
    settle: float  # between the end of all work and the look at the processes
    patience: float = 180.0  # how long a customer waits for an answer
    poll: int = 20  # MISSED_POLL_SECONDS
    report_every: float = 30.0
    pairs: bool = False  # two web, two worker, two rasa and two clock processes

    @property
    def layout(self) -> tuple[int, int]:
        """How many children a web process has, and how many there are of each that may be many."""
        return (int(TWO_OF_EACH["WEB_WORKERS"]), 2) if self.pairs else (2, 1)

    @property
    def pace(self) -> float:
        """Seconds between two messages of one customer, on average."""
        return self.conversations / self.rate

    @property
    def planned(self) -> list[int]:
        """How many messages each customer writes."""
        each, more = divmod(self.messages, self.conversations)
        return [each + (i < more) for i in range(self.conversations)]

    def check(self) -> None:
        """Raise ValueError for a run that the product's limits for one chat would distort."""
        if not 1 <= self.conversations <= self.messages or self.rate <= 0:
            raise ValueError("a run needs at least one message for each conversation, and a rate")
        each = max(self.planned)
        if each > _MOST_AT_ANY_PACE and self.pace < _SLOW_PACE:
            raise ValueError(
                f"{each} messages of one customer, one each {self.pace:.0f} s, would meet the limits "
                "for one chat: more conversations or a lower rate are needed"
            )
        if each > 200:
            raise ValueError(f"{each} messages of one customer are too many to tell apart")


@dataclasses.dataclass
class Outcome:
    """What came of a run. Without violations nothing was lost, doubled or disordered."""

    soak: Soak
    folder: Path
    violations: list[str] = dataclasses.field(default_factory=list)
    figures: dict[str, Any] = dataclasses.field(default_factory=dict)
    ledger: Ledger | None = None
    written: list[int] = dataclasses.field(default_factory=list)
    database: str = ""


def run(soak: Soak, folder: Path, say: Callable[[str], None]) -> Outcome:
    """Do a run in an empty folder. The ledger of the outcome is open; nothing else is left running."""
    soak.check()
    return asyncio.run(_run(soak, folder.resolve(), say))


class _Installation(Stack):
    """A stack whose provider is ours and not the one of the tests."""

    def _new_fake(self) -> TwilioFake:
        return cast(TwilioFake, _Told())


class _Told:
    """What a stack is told of its provider; the address is added when that is known."""

    def environment(self) -> dict[str, str]:
        """Return the account's settings."""
        return {
            "TWILIO_ACCOUNT_SID": _SID, "TWILIO_AUTH_TOKEN": _TOKEN, "TWILIO_WHATSAPP_FROM": _FROM,
        }


async def _run(soak: Soak, folder: Path, say: Callable[[str], None]) -> Outcome:
    stack = _Installation(folder, environment={
        "MISSED_POLL_SECONDS": str(soak.poll), "WEB_WORKERS": str(soak.layout[0]),
        "DATA_DIR": str(folder / "var"), **(TWO_OF_EACH if soak.pairs else {}),
    })
    outcome = Outcome(soak, folder, database=stack.database)
    account = Account(_SID, _TOKEN, _FROM, stack.url, PUBLIC)
    ledger = outcome.ledger = Ledger(folder / "provider.sqlite3")
    crowd = Crowd(soak.seed, soak.planned, soak.pace, soak.patience, account, ledger)
    provider = Provider(account, ledger, crowd.hear)
    await provider.start()
    stack.extra["TWILIO_API_BASE_URL"] = provider.url
    killer = Killer(
        stack, random.Random(f"kills {soak.seed}"), soak.habits, _moments(crowd, provider)
    )
    progress = Progress(stack, crowd, killer, provider, say, soak.report_every)
    try:
        await asyncio.to_thread(stack.start)
        say(f"seed {soak.seed}: {soak.messages} messages of {soak.conversations} customers, each "
            f"one in {soak.pace:.1f} s")
        telling = asyncio.ensure_future(progress.run())
        began = time.monotonic()
        await asyncio.gather(crowd.run(), killer.run(crowd.done))
        took = time.monotonic() - began
        settled = await _settled(stack)
        settling = time.monotonic() - began - took
        outcome.violations += [*crowd.violations, *settled]
        say(f"everything was written after {took:.0f} s; settled {settling:.1f} s later")
        await asyncio.sleep(soak.settle)
        outcome.violations += await asyncio.to_thread(_look, stack, soak)
        telling.cancel()
        outcome.written = list(crowd.written)
        found = await asyncio.to_thread(
            verify, stack.database, ledger, soak.seed, soak.planned, outcome.written
        )
        outcome.violations += found.violations
        outcome.figures = {
            **progress.figures(took, settling), **_figures(found), **_kills(killer),
        }
    finally:
        (folder / "kills.txt").write_text("".join(
            f"{time.strftime('%H:%M:%S', time.localtime(at))} {kind} {pid}\n"
            for at, kind, pid in killer.log
        ))
        await asyncio.to_thread(stack.stop)
        await provider.stop()
        dispose(stack.database)
    return outcome


def _moments(crowd: Crowd, provider: Provider) -> Moments:
    """Return what tells that a part of the stack is in the middle of something."""

    def posting() -> bool:
        return crowd.posting > 0

    def taking() -> bool:
        return provider.taking > 0

    found = dict.fromkeys((*KINDS, "supervisor"), lambda: crowd.sent > crowd.answered)
    found |= dict.fromkeys(("web", "web child", "rasa", "actions"), posting)
    return found | dict.fromkeys(("worker", "supervisor"), taking)


async def _settled(stack: Stack) -> list[str]:
    """Wait until nothing is left to be done; return what was left after three minutes."""
    deadline = time.monotonic() + 180.0
    while left := await asyncio.to_thread(_left, stack):
        if time.monotonic() > deadline:
            return left
        await asyncio.sleep(0.3)
    return []


def _left(stack: Stack) -> list[str]:
    with engine(stack.database).connect() as connection:
        counts = {name: int(connection.execute(sa.text(q)).scalar() or 0) for name, q in _UNSETTLED}
    return [f"{count} {name} are left" for name, count in counts.items() if count]


def _look(stack: Stack, soak: Soak) -> list[str]:
    """Look at the processes twice: each must run once, and be the same one.

    Without a rest before, the last one killed may still be starting.
    """
    var = stack.folder / "var"
    deadline = time.monotonic() + (0.0 if soak.settle else 20.0)
    while problems := looking.wrong(stack.pid, var, *soak.layout):
        if time.monotonic() > deadline:
            return problems
        time.sleep(0.5)
    before = looking.family(stack.pid)
    time.sleep(3.0 if soak.settle else 1.0)
    problems = looking.wrong(stack.pid, var, *soak.layout)
    if looking.family(stack.pid) != before:
        problems.append(f"processes changed: {before} became {looking.family(stack.pid)}")
    return problems


def _figures(found: Found) -> dict[str, Any]:
    return dict(sorted(found.counts.items()))


def _kills(killer: Killer) -> dict[str, Any]:
    total = collections.Counter(killer.kills)
    return {
        "kills": sum(total.values()), "kills by process": dict(sorted(total.items())),
        "seconds without a supervisor": round(killer.down, 1),
    }


def new_seed() -> int:
    """Return a seed that nobody chose."""
    return int.from_bytes(os.urandom(3), "big")
