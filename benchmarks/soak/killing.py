"""The killer: SIGKILL to one process after another, chosen at random, each after a rest.

A process here is a part of the stack as a person sees it: web, a child of web, the worker... Whatever
runs below the supervisor is killed by its own id and alone, so that the rest of its group must notice.
The supervisor itself is killed now and then, when all the others have rested: everything ends with it,
and it is started again. A kill comes in the middle of what its victim does, if that happens soon: at
rest there is nothing to lose.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import dataclasses
import os
import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence

import redis

from benchmarks.soak import looking
from tests.stack import Stack

WIPED = "redis wiped"
KINDS = (
    "worker", "web", "web child", "actions", "rasa", "clock", "redis", WIPED, "lifeline",
)
REST = 45.0  # seconds; nothing is killed more often
_FOR_A_MOMENT = 3.0  # seconds that a kill waits for its victim to be at work
_INTO_IT = 0.06  # and seconds, at most, into that

Moments = Mapping[str, Callable[[], bool]]


@dataclasses.dataclass(frozen=True)
class Habits:
    """How a killer goes about it; times in seconds."""

    gap: tuple[float, float]  # between two kills, at random
    supervisor_after: float  # the first kill of the supervisor; 0: once all others were, without a rest
    supervisor_every: float  # and the time between two; it comes once at least
    kinds: Sequence[str] = KINDS


class Killer:
    """Kills until it is told to stop, and until everything was killed once."""

    def __init__(
        self, stack: Stack, rng: random.Random, habits: Habits, moments: Moments
    ) -> None:
        """`moments` tell by kind whether it is in the middle of something."""
        self._stack, self._rng, self._habits, self._moments = stack, rng, habits, moments
        self._last: dict[str, float] = {}
        self.kills: collections.Counter[str] = collections.Counter()
        self.log: list[tuple[float, str, int]] = []  # time.time(), what, process id
        self.down = 0.0  # seconds without a supervisor that is ready

    async def run(self, stop: asyncio.Event) -> None:
        """Kill until `stop` is set and nothing is left that was never killed."""
        next_supervisor = time.monotonic() + self._habits.supervisor_after
        while True:
            await self._pause(stop)
            never = self._never()
            if stop.is_set() and not never:
                return
            covered = never in ([], ["supervisor"])
            rest = REST if self._habits.supervisor_after else 0.0
            if covered and (stop.is_set() or time.monotonic() >= next_supervisor - rest):
                due = stop.is_set() or time.monotonic() >= next_supervisor
                if due and time.monotonic() - max(self._last.values(), default=0.0) >= rest:
                    await self._supervisor()
                    next_supervisor = time.monotonic() + self._habits.supervisor_every
                continue
            chosen = await asyncio.to_thread(self._choose)
            if chosen is not None:
                await self._moment(chosen[0], stop)
                await asyncio.to_thread(self._end, *chosen)

    async def _pause(self, stop: asyncio.Event) -> None:
        """Wait until the next kill is due."""
        if stop.is_set():
            await asyncio.sleep(0.5)
            return
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(stop.wait(), self._rng.uniform(*self._habits.gap))

    async def _moment(self, kind: str, stop: asyncio.Event) -> None:
        """Wait until what is to be killed is in the middle of something."""
        deadline = time.monotonic() + _FOR_A_MOMENT
        while not self._moments[kind]() and time.monotonic() < deadline and not stop.is_set():
            await asyncio.sleep(0.002)
        await asyncio.sleep(self._rng.uniform(0.0, _INTO_IT))

    def _never(self) -> list[str]:
        return [k for k in (*self._habits.kinds, "supervisor") if not self.kills[k]]

    def _choose(self) -> tuple[str, int] | None:
        """Choose one of the parts that have rested, of those that were killed least."""
        now = time.monotonic()
        pids: dict[str, list[int]] = {WIPED: [0]}
        for pid, name in looking.family(self._stack.pid).items():
            pids.setdefault(name, []).append(pid)
        rested = [
            kind for kind in self._habits.kinds
            if kind in pids and now - self._last.get(kind, -REST) >= REST
        ]
        if not rested:
            return None
        fewest = min(self.kills[kind] for kind in rested)
        kind = self._rng.choice([k for k in rested if self.kills[k] == fewest])
        return kind, self._rng.choice(pids[kind])

    def _end(self, kind: str, pid: int) -> None:
        if self._wipe() if kind == WIPED else self._kill(pid):
            self._note(kind, pid)

    def _note(self, kind: str, pid: int) -> None:
        self._last[kind] = time.monotonic()
        self.kills[kind] += 1
        self.log.append((time.time(), kind, pid))

    def _kill(self, pid: int) -> bool:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False  # it was just being started anew
        return True

    def _wipe(self) -> bool:
        try:
            redis.Redis.from_url(str(self._stack.run_info()["redis_url"])).flushall()
        except (redis.RedisError, OSError):
            return False
        return True

    async def _supervisor(self) -> None:
        await self._moment("supervisor", asyncio.Event())
        began, pid = time.monotonic(), self._stack.pid
        self._kill(pid)
        self._note("supervisor", pid)
        await asyncio.to_thread(self._stack.stop)
        await asyncio.to_thread(self._stack.start)
        self.down += time.monotonic() - began
        for kind in self._habits.kinds:  # everything died with it
            self._last[kind] = time.monotonic()

