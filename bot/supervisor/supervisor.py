"""Keeps a list of processes running until it is told to stop.

Each runs in a group of its own. One that ends is started again after a pause that grows; one that
was ready and answers no more is killed and started again. SIGINT, SIGTERM and SIGHUP stop
everything in reverse order, gently at first, by force before the time is up; a second signal uses
force at once. Should the supervisor itself be killed, the kernel and the lifeline end the rest.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import FrameType

from bot.supervisor.console import Console
from bot.supervisor.health import ASK_READY, Monitor
from bot.supervisor.lifeline import Lifeline
from bot.supervisor.processes import PAUSES, Process, ProcessSpec

_TICK = 0.1
_REMIND = 20.0  # seconds between two lines that say what is still waited for
_TELL_AGAIN = 1.0  # seconds between two tries to tell of a change


class Supervisor:
    """Runs in the main thread: `run()` returns when everything has stopped."""

    def __init__(
        self, specs: Sequence[ProcessSpec], environment: Mapping[str, str], cwd: str,
        console: Console, *, on_change: Callable[[dict[str, int]], None] = lambda pids: None,
        lock: int | None = None, pauses: Sequence[float] = PAUSES, stop_within: float = 8.0,
        ask_every: float = ASK_READY,
    ) -> None:
        """`on_change` gets name → process id after every start; times in seconds.

        When it raises OSError (a full disk takes no note), it is asked again until it does not.
        """
        self._console, self._on_change = console, on_change
        self._stop_within = stop_within
        self._processes = [Process(s, environment, cwd, console.line, pauses) for s in specs]
        self._lifeline = Lifeline(() if lock is None else (lock,))
        self._monitor = Monitor(self._processes, ask_every)
        self._stopping = threading.Event()
        self._forced = threading.Event()
        self._said_ready: set[str] = set()
        self._untold_since: float | None = None  # a change that `on_change` could not take

    def run(self, on_ready: Callable[[], None] = lambda: None) -> int:
        """Start everything, call `on_ready` once all are ready, watch, stop. Return exit status."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        self._monitor.start()
        begun = reminded = time.monotonic()
        announced = False
        try:
            while not self._stopping.is_set():
                self._step()
                waiting = [p.spec.name for p in self._processes if not p.ready]
                if not announced and not waiting:
                    announced = True
                    on_ready()
                elif not announced and time.monotonic() - reminded > _REMIND:
                    reminded = time.monotonic()
                    self._say(f"{reminded - begun:.0f} s, waiting for {', '.join(waiting)}")
                self._stopping.wait(_TICK)
        finally:
            self._stop()
        return 0

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        # SIGHUP says that the terminal or make has gone: no second wish of a person.
        if self._stopping.is_set() and number != signal.SIGHUP:
            self._forced.set()
        self._stopping.set()

    def _say(self, text: str) -> None:
        self._console.line("destek", text)

    def _step(self) -> None:
        self._lifeline.check()
        if self._untold_since is not None and time.monotonic() > self._untold_since + _TELL_AGAIN:
            self._changed()
        ready = {p.spec.name: p.age for p in self._processes if p.ready}
        for name in ready.keys() - self._said_ready:
            self._said_ready.add(name)
            self._say(f"{name} is ready ({ready[name]:.1f} s)")
        for process in self._processes:
            name = process.spec.name
            if process.running:
                if process.stuck:
                    self._say(f"{name} answers no more: it is killed and started again")
                    process.signal(signal.SIGKILL)
                self._note_end(process)
            elif process.due and (process.starts or ready.keys() >= set(process.spec.after)):
                try:
                    group = process.start()
                except OSError as error:
                    self._say(f"{name} can not be started: {error.strerror}")
                    self._stopping.set()
                    return
                self._lifeline.add(group)
                self._changed()

    def _note_end(self, process: Process) -> None:
        group = process.pid
        status = process.poll()
        if status is None or group is None:
            return
        self._lifeline.drop(group)
        if not self._stopping.is_set():
            how = f"signal {-status}" if status < 0 else f"status {status}"
            self._said_ready.discard(process.spec.name)
            self._say(f"{process.spec.name} ended ({how}), next start in {process.pause:g} s")

    def _changed(self) -> None:
        try:
            self._on_change({p.spec.name: p.pid for p in self._processes if p.pid is not None})
        except OSError as error:
            if self._untold_since is None:
                self._say(f"the list of processes can not be written yet: {error.strerror}")
            self._untold_since = time.monotonic()
        else:
            self._untold_since = None

    def _stop(self) -> None:
        self._monitor.stop()
        running = [p for p in self._processes if p.running]
        self._say(f"stopping {len(running)} processes")
        deadline = time.monotonic() + self._stop_within
        for index, process in enumerate(reversed(running)):
            process.signal(signal.SIGTERM)
            share = (deadline - time.monotonic()) / (len(running) - index)
            self._wait([process], time.monotonic() + min(process.spec.stop_seconds, share))
        self._wait(running, deadline)
        for process in running:
            process.signal(signal.SIGKILL)
        self._forced.clear()
        self._wait(running, time.monotonic() + 1.5)
        self._lifeline.close()
        self._say("stopped")

    def _wait(self, processes: Sequence[Process], deadline: float) -> None:
        while time.monotonic() < deadline and not self._forced.is_set():
            for process in processes:
                self._note_end(process)
            if not any(process.running for process in processes):
                return
            time.sleep(0.05)
