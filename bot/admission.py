"""Admission to a door that one thread at a time passes: who may wait there, and how long.

SQLite lets one writer in. While another program holds the file, each thread that waits for it is
one less for everybody else, and a provider hangs up after some seconds anyway. So the line in front
of the door is kept short while it does not move: who stands too far behind is sent away, and once
somebody has waited in vain, all but the one who tries are refused at once.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

PATIENCE = 10.0  # seconds that the first in line waits for the file; providers wait 15 at least
PROBE = 0.5  # and once somebody has waited in vain, until somebody gets through
STUCK = 1.0  # seconds after which a line does not move


class Door:
    """One door of a process. `busy` makes the error that those hear who are refused."""

    def __init__(self, busy: Callable[[], Exception], most_waiting: Callable[[], int]) -> None:
        """`most_waiting` says how many threads may wait while the line does not move."""
        self._busy, self._most_waiting = busy, most_waiting
        self._lock = threading.Lock()
        self._guard = threading.Lock()
        self._waiting = 0
        self._failures = 0  # how many have waited in vain
        self._failing = False  # the last one has
        self._since: float | None = None  # when the first in line began

    def check(self, place: int) -> None:
        """Raise when it is pointless to wait behind so many; ask again every `STUCK` seconds."""
        since = self._since
        if since is None:
            return
        if self._failing:
            raise self._busy()  # one tries already whether it has opened
        if time.monotonic() - since > STUCK and place >= self._most_waiting():
            raise self._busy()

    @contextlib.contextmanager
    def line(self) -> Iterator[float]:
        """Wait in line; within, this thread is the first, and may try for the given seconds."""
        failures = self._failures
        self._wait()
        try:
            if self._failures != failures:
                raise self._busy()  # who stood before us has waited long enough for both
            self._since = time.monotonic()
            yield PROBE if self._failing else PATIENCE
        finally:
            self._since = None
            self._lock.release()

    def _wait(self) -> None:
        self.check(self._waiting)
        until = time.monotonic() + PATIENCE
        with self._guard:
            self._waiting += 1
        try:
            while not self._lock.acquire(timeout=STUCK):
                self.check(self._waiting - 1)
                if time.monotonic() > until:
                    raise self._busy()
        finally:
            with self._guard:
                self._waiting -= 1

    def opened(self) -> None:
        """Say that the first in line got through."""
        self._failing = False

    def stayed_shut(self) -> None:
        """Say that the first in line has waited in vain."""
        self._failing = True
        self._failures += 1
