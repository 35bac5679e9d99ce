"""One process: what it is (`ProcessSpec`), and a running one (`Process`)."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from bot import child

Emit = Callable[[str, str], None]
# Seconds before the next try after a process ended; the last one goes on for ever.
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
_STEADY_AFTER = 30.0  # seconds of life after which earlier failures are forgotten


@dataclasses.dataclass(frozen=True)
class ProcessSpec:
    """A process to keep running."""

    name: str
    command: Callable[[], Sequence[str]]  # asked at every start: the live model may have changed
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    answers: Callable[[], bool] | None = None  # True once it can do its work
    settled_after: float = 0.0  # without `answers`: ready after so many seconds of life
    after: tuple[str, ...] = ()  # names that must be ready before its first start
    stop_seconds: float = 2.0  # time to end in peace after SIGTERM, while others wait
    hidden: tuple[str, ...] = ()  # lines that hold one of these words are not shown


class Process:
    """A spec and the process that runs for it, if any. Started from the main thread only."""

    def __init__(
        self, spec: ProcessSpec, environment: Mapping[str, str], cwd: str, emit: Emit,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self.spec = spec
        self.ready = False
        self.stuck = False
        self.starts = 0
        self.pause = 0.0  # seconds between the last end and the start after it
        self._environment = {**environment, **spec.environment}
        self._cwd, self._emit, self._pauses = cwd, emit, tuple(pauses)
        self._process: subprocess.Popen[str] | None = None
        self._started_at = 0.0
        self._failures = 0
        self._next_start = 0.0
        self._reader: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """Process id, which is also the number of its group, or None."""
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        """Tell whether it was started and has not been found ended."""
        return self._process is not None

    @property
    def age(self) -> float:
        """Seconds since the last start."""
        return time.monotonic() - self._started_at

    @property
    def due(self) -> bool:
        """Tell whether it may be started (again) now."""
        return self._process is None and time.monotonic() >= self._next_start

    def check(self) -> bool:
        """Ask it whether it can do its work."""
        if self.spec.answers is None:
            return self.age >= self.spec.settled_after
        return self.spec.answers()

    def start(self) -> int:
        """Start it; return its process id."""
        self.ready = self.stuck = False
        self.starts += 1
        self._started_at = time.monotonic()
        self._process = child.start(self.spec.command(), self._environment, self._cwd)
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        return self._process.pid

    def poll(self) -> int | None:
        """Return the status if it has just ended (negative: the signal), and plan the next start.

        What its children left in the group is killed: a master that died may leave workers that
        go on working for nobody.
        """
        if self._process is None:
            return None
        status = self._process.poll()
        if status is None:
            return None
        child.signal_group(self._process.pid, signal.SIGKILL)
        if self._reader is not None:
            self._reader.join(timeout=1)
        if self.age >= _STEADY_AFTER:
            self._failures = 0
        self.pause = self._pauses[min(self._failures, len(self._pauses) - 1)]
        self._next_start = time.monotonic() + self.pause
        self._failures += 1
        self._process, self.ready, self.stuck = None, False, False
        return status

    def signal(self, number: int) -> None:
        """Send a signal: SIGTERM to the process alone, which stops its children; others to all."""
        if self._process is None:
            return
        if number == signal.SIGTERM:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, number)
        else:
            child.signal_group(self._process.pid, number)

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in child.readable(process.stdout, self.spec.hidden):
                self._emit(self.spec.name, line)
