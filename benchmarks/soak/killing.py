"""The killer: SIGKILL to one process after another, chosen at random, each after a rest.

A process here is a part of the stack as a person sees it: web, a child of web, the worker... Whatever
runs below the supervisor is killed by its own id and alone, so that the rest of its group must notice.
The supervisor itself is killed now and then; everything ends with it, and it is started again. A kill
comes while somebody waits for an answer, if anybody does: at rest there is nothing to lose.
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
from collections.abc import Callable, Sequence

import redis

from benchmarks.soak import looking
from tests.stack import Stack

WIPED = "redis wiped"
KINDS = (
    "worker", "web", "web child", "actions", "rasa", "clock", "redis", WIPED, "lifeline",
)
REST = 45.0  # seconds; nothing is killed more often
_FOR_SOMEBODY = 3.0  # seconds that a kill waits for somebody who waits for an answer
_INTO_IT = 0.2  # and seconds, at most, into what is then being done


@dataclasses.dataclass(frozen=True)
class Habits:
    """How a killer goes about it; times in seconds."""

    gap: tuple[float, float]  # between two kills, at random
    supervisor_after: float  # the first kill of the supervisor
    supervisor_every: float  # and the time between two; it comes once at least
    kinds: Sequence[str] = KINDS


class Killer:
    """Kills until it is told to stop, and until everything was killed once."""

    def __init__(
        self, stack: Stack, rng: random.Random, habits: Habits, busy: Callable[[], bool]
    ) -> None:
        """`busy` tells whether anybody waits for an answer."""
        self._stack, self._rng, self._habits, self._busy = stack, rng, habits, busy
        self._last: dict[str, float] = {}
        self.kills: collections.Counter[str] = collections.Counter()
        self.log: list[tuple[float, str, int]] = []  # time.time(), what, process id
        self.down = 0.0  # seconds without a supervisor that is ready

    async def run(self, stop: asyncio.Event) -> None:
        """Kill until `stop` is set and nothing is left that was never killed."""
        next_supervisor = time.monotonic() + self._habits.supervisor_after
        while not stop.is_set() or self._never():
            await self._pause(stop)
            if stop.is_set() and not self._never():
                return
            early = self._never() == ["supervisor"] and stop.is_set()
            if early or (time.monotonic() >= next_supervisor and self._covered()):
                await self._supervisor()
                next_supervisor = time.monotonic() + self._habits.supervisor_every
            else:
                await asyncio.to_thread(self._one)

    async def _pause(self, stop: asyncio.Event) -> None:
        """Wait until the next kill is due."""
        with contextlib.suppress(asyncio.TimeoutError):
            pause = 0.5 if stop.is_set() else self._rng.uniform(*self._habits.gap)
            await asyncio.wait_for(_for_ever() if stop.is_set() else stop.wait(), pause)
        deadline = time.monotonic() + _FOR_SOMEBODY
        while not self._busy() and time.monotonic() < deadline and not stop.is_set():
            await asyncio.sleep(0.005)
        await asyncio.sleep(self._rng.uniform(0.0, _INTO_IT))

    def _covered(self) -> bool:
        """Tell whether everything below the supervisor was killed once."""
        return self._never() in ([], ["supervisor"])

    def _never(self) -> list[str]:
        return [k for k in (*self._habits.kinds, "supervisor") if not self.kills[k]]

    def _one(self) -> None:
        """Kill one of the parts that have rested, of those that were killed least."""
        now = time.monotonic()
        pids: dict[str, list[int]] = {WIPED: [0]}
        for pid, name in looking.family(self._stack.pid).items():
            pids.setdefault(name, []).append(pid)
        rested = [
            kind for kind in self._habits.kinds
            if kind in pids and now - self._last.get(kind, -REST) >= REST
        ]
        if not rested:
            return
        fewest = min(self.kills[kind] for kind in rested)
        kind = self._rng.choice([k for k in rested if self.kills[k] == fewest])
        pid = self._rng.choice(pids[kind])
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
        began, pid = time.monotonic(), self._stack.pid
        self._kill(pid)
        self._note("supervisor", pid)
        await asyncio.to_thread(self._stack.stop)
        await asyncio.to_thread(self._stack.start)
        self.down += time.monotonic() - began
        for kind in self._habits.kinds:  # everything died with it
            self._last[kind] = time.monotonic()


async def _for_ever() -> None:
    await asyncio.Event().wait()
