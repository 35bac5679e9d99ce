"""Questions asked of running processes, each answered within a few seconds by yes or no."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from bot.supervisor.processes import Process

ASK_READY = 10.0  # seconds between two questions to a process that is ready
_ASK_STARTING = 0.25  # and to one that is not yet
_SILENT_AFTER = 6  # unanswered questions in a row after which a process counts as stuck


def http_answers(
    host: str, port: int, path: str, headers: Mapping[str, str] | None = None, timeout: float = 5.0
) -> Callable[[], bool]:
    """Return a check: a GET is answered with any 2xx. Never goes through a proxy."""

    def check() -> bool:
        connection = http.client.HTTPConnection(host, port, timeout=timeout)
        try:
            connection.request("GET", path, headers=dict(headers or {}))
            return 200 <= connection.getresponse().status < 300
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return check


def redis_answers(port: int, password: str) -> Callable[[], bool]:
    """Return a check: the server on this loopback port takes the password and answers a PING."""

    def check() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
                connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
                answer = b""
                while b"PONG" not in answer:
                    piece = connection.recv(256)
                    if not piece or b"-" in piece:
                        return False
                    answer += piece
                return True
        except OSError:
            return False

    return check


class Monitor:
    """Asks every process in a thread of its own, so that a slow answer delays no restart."""

    def __init__(self, processes: Sequence[Process], ask_every: float = ASK_READY) -> None:
        self._processes, self._ask_every = processes, ask_every
        self._stop = threading.Event()
        self._next: dict[str, float] = {}
        self._silent: dict[str, int] = {}
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            for process in self._processes:
                with contextlib.suppress(Exception):  # a check that fails is a "no"
                    self._ask(process)

    def _ask(self, process: Process) -> None:
        name, started = process.spec.name, process.starts
        if not process.running or time.monotonic() < self._next.get(name, 0):
            return
        ready = process.ready
        answered = process.check()
        self._next[name] = time.monotonic() + (
            self._ask_every if answered or ready else _ASK_STARTING
        )
        if started != process.starts:
            return  # it was started anew meanwhile: the answer was another's
        if answered:
            self._silent[name] = 0
            process.ready = True
        elif ready:
            self._silent[name] = self._silent.get(name, 0) + 1
            process.stuck = self._silent[name] >= _SILENT_AFTER
