"""The lifeline: kills every process group of a supervisor that died without stopping them.

A small process of its own, deaf to the signals of the terminal. It reads `add GROUP` and
`drop GROUP` from a pipe whose other end only the supervisor holds; the end of the pipe means that
the supervisor is gone, however it went. It also holds the stack's lock, so that the next start on
the same data waits until the old processes are gone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence


class Lifeline:
    """The supervisor's end."""

    def __init__(self, pass_fds: Sequence[int] = ()) -> None:
        self._pass_fds = tuple(pass_fds)
        self._groups: set[int] = set()
        self._process = self._start()

    @property
    def pid(self) -> int:
        """Process id of the lifeline."""
        return self._process.pid

    def add(self, group: int) -> None:
        """Kill this group, too, should we die."""
        self._groups.add(group)
        self._say([f"add {group}"])

    def drop(self, group: int) -> None:
        """Forget a group that has ended (its number may be given to somebody else)."""
        self._groups.discard(group)
        self._say([f"drop {group}"])

    def check(self) -> None:
        """Start it anew if somebody killed it."""
        if self._process.poll() is not None:
            self._process = self._start()
            self._say([f"add {group}" for group in sorted(self._groups)])

    def close(self) -> None:
        """End it; every group that was not dropped is killed."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", __file__], stdin=subprocess.PIPE, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            pass_fds=self._pass_fds,
        )

    def _say(self, lines: Iterable[str]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # dead: `check` starts the next one with every group
            self._process.stdin.write("".join(line + "\n" for line in lines))
            self._process.stdin.flush()


def _watch() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        word, _, group = line.partition(" ")
        (groups.add if word == "add" else groups.discard)(int(group))
    for group in groups:
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    _watch()
