"""What is told while a run goes on, and its figures at the end."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from typing import Any

from benchmarks.driver.figures import percentile
from benchmarks.soak import looking
from benchmarks.soak.crowd import Crowd
from benchmarks.soak.killing import Killer
from benchmarks.soak.provider import Provider
from tests.stack import Stack


class Progress:
    """Tells every `every` seconds how far a run is, and keeps what the final report needs."""

    def __init__(
        self, stack: Stack, crowd: Crowd, killer: Killer, provider: Provider,
        say: Callable[[str], None], every: float,
    ) -> None:
        self._stack, self._crowd, self._killer = stack, crowd, killer
        self._provider, self._say, self._every = provider, say, every
        self._began = time.monotonic()
        self._before = (self._began, 0)
        self._first: dict[str, float] = {}
        self._most: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._most_harness = 0.0

    async def run(self) -> None:
        """Tell until cancelled."""
        self._began = time.monotonic()
        self._before = (self._began, 0)
        await self._look()
        while True:
            await asyncio.sleep(self._every)
            await self._look()
            self._tell()

    async def _look(self) -> None:
        if not self._stack.is_started:
            return
        found = await asyncio.to_thread(looking.memory, self._stack.pid)
        self._last = found
        self._first = self._first or found
        for name, size in found.items():
            self._most[name] = max(size, self._most.get(name, 0.0))
        self._most_harness = max(self._most_harness, looking.memory_mb(os.getpid()))

    def _tell(self) -> None:
        now, crowd = time.monotonic(), self._crowd
        rate = (crowd.answered - self._before[1]) / (now - self._before[0])
        self._before = (now, crowd.answered)
        sizes = ", ".join(f"{name} {size:.0f}" for name, size in self._last.items())
        kills = ", ".join(f"{name} {n}" for name, n in sorted(self._killer.kills.items()))
        self._say(
            f"{now - self._began:5.0f} s  sent {crowd.sent}, answered {crowd.answered} "
            f"({rate:.1f}/s), waiting {crowd.sent - crowd.answered}\n"
            f"         killed: {kills or 'nothing yet'}\n"
            f"         MB: {sizes}; harness {looking.memory_mb(os.getpid()):.0f}; "
            f"database {self._database_mb():.1f}"
        )

    def _database_mb(self) -> float:
        files = (self._stack.folder / "var").glob("destek.sqlite3*")
        return sum(file.stat().st_size for file in files) / 1e6

    def figures(self, took: float, settling: float) -> dict[str, Any]:
        """Return the figures of a run that took so many seconds."""
        crowd, waits = self._crowd, sorted(self._crowd.latencies)
        return {
            "written": crowd.sent, "answered in time": crowd.answered, "seconds": round(took),
            "messages a second": round(crowd.sent / took, 1),
            "seconds until settled": round(settling, 1),
            "seconds until the answer": {
                "p50": round(percentile(waits, 0.5), 2), "p95": round(percentile(waits, 0.95), 2),
                "p99": round(percentile(waits, 0.99), 2), "longest": round(max(waits, default=0), 1),
            },
            "webhooks posted twice on purpose": crowd.twice,
            "webhooks tried again": crowd.tried_again,
            "webhooks never posted": crowd.never, "webhooks given up": crowd.left,
            "receipts lost": self._provider.lost_receipts,
            "requests that the provider refused": self._provider.refused,
            "look-ups in the provider's list": self._provider.listings,
            "memory at the start (MB)": self._first, "most memory (MB)": self._most,
            "memory at the end (MB)": self._last,
            "most memory of the harness (MB)": round(self._most_harness),
            "database (MB)": round(self._database_mb(), 1),
        }
