"""Many who ask for event streams, by plain sockets: cheap enough to ask for a thousand at once.

In this process as `Crowd`, or as a process of its own that takes a JSON command a line:

    python -m tests.crowd HOST PORT
    {"ask": 150, "cookies": ["destek_session=..."]}     asks, and answers nothing
    {"wait": 5}                                         tells what came of it since the last time
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

TARGET = "/console/api/events?topic=inbox"
_END = b"\r\n\r\n"


class Asked:
    """One socket: what was answered, how long that took, and what a stream has said since."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.began = time.monotonic()
        self.status = 0
        self.headers: dict[str, str] = {}
        self.took = 0.0
        self.heard = b""  # after the headers
        self.ended = False
        self._head = b""

    @property
    def is_open(self) -> bool:
        """Whether it has a stream."""
        return self.status == 200 and not self.ended

    def take(self, data: bytes) -> None:
        """Read what came; nothing is the end."""
        if not data:
            self.ended = True
        elif self.status:
            self.heard += data
        else:
            self._head += data
            head, found, rest = self._head.partition(_END)
            if found:
                first, *lines = head.decode("latin-1").split("\r\n")
                self.status, self.took = int(first.split()[1]), time.monotonic() - self.began
                self.headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in lines)
                }
                self.heard = rest

    @property
    def events(self) -> list[tuple[str, Any, str]]:
        """What a stream has said: (event, data, id), without what marks the chunks."""
        found = []
        for block in self.heard.decode(errors="replace").replace("\r\n", "\n").split("\n\n"):
            fields = dict(
                line.split(": ", 1) for line in block.split("\n") if ": " in line
            )
            if "event" in fields:
                found.append((
                    fields["event"], json.loads(fields.get("data", "null")), fields.get("id", "")
                ))
        return found


class Crowd:
    """Everybody who asked, in the order in which they did."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._selector = selectors.DefaultSelector()
        self.asked: list[Asked] = []

    def ask(
        self, count: int, cookies: Sequence[str] = (), target: str = TARGET, last: str = ""
    ) -> list[Asked]:
        """Ask for so many streams at once, with one of the cookies in turn."""
        made = []
        for i in range(count):
            lines = [f"GET {target} HTTP/1.1", "Host: 127.0.0.1", "Accept: text/event-stream"]
            if cookies:
                lines.append(f"Cookie: {cookies[i % len(cookies)]}")
            if last:
                lines.append(f"Last-Event-ID: {last}")
            one = Asked(socket.create_connection(self._address, timeout=30))
            one.socket.sendall("\r\n".join(lines).encode() + _END)
            one.socket.setblocking(False)
            self._selector.register(one.socket, selectors.EVENT_READ, one)
            made.append(one)
        self.asked += made
        return made

    def listen(self, until: Callable[[], bool], within: float) -> bool:
        """Read until something holds; tell whether it came to that within so many seconds."""
        deadline = time.monotonic() + within
        while not until():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            for key, _ in self._selector.select(min(left, 0.05)):
                self._read(key.data)
        return True

    def answered(self, within: float = 30.0) -> bool:
        """Read until everybody has an answer."""
        return self.listen(lambda: all(a.status or a.ended for a in self.asked), within)

    @property
    def open(self) -> int:
        """How many have a stream now."""
        return sum(a.is_open for a in self.asked)

    def with_status(self, status: int) -> list[Asked]:
        """Return who was answered so."""
        return [a for a in self.asked if a.status == status]

    def leave(self, who: Sequence[Asked]) -> None:
        """Close some sockets and forget them."""
        for one in who:
            if not one.ended:
                one.ended = True
                self._selector.unregister(one.socket)
                one.socket.close()
        gone = {id(one) for one in who}
        self.asked = [a for a in self.asked if id(a) not in gone]

    def close(self) -> None:
        """Close every socket."""
        self.leave(list(self.asked))
        self._selector.close()

    def _read(self, one: Asked) -> None:
        try:
            data = one.socket.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        one.take(data)
        # Who was refused closes, as a browser does.
        if one.ended or (one.status not in (0, 200)):
            one.ended = True
            self._selector.unregister(one.socket)
            one.socket.close()


class _Totals:
    """What became of everybody who asked, also of those who have left."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._refused: list[float] = []

    def tidy(self) -> None:
        """Forget who has no stream, but not how long the refusal took."""
        gone = [a for a in self._crowd.asked if a.ended]
        self._refused += [a.took for a in gone if a.status == 204]
        self._crowd.leave(gone)

    def told(self) -> dict[str, Any]:
        """Return the figures since the last time."""
        self.tidy()
        refused, self._refused = self._refused, []
        return {
            "open": self._crowd.open, "refused_seconds": [round(t, 4) for t in refused],
            "unanswered": sum(not a.status for a in self._crowd.asked),
        }


def main() -> None:
    """Do what the lines say until they end."""
    crowd = Crowd(sys.argv[1], int(sys.argv[2]))
    totals = _Totals(crowd)
    commands = selectors.DefaultSelector()
    commands.register(sys.stdin.buffer.raw, selectors.EVENT_READ)  # type: ignore[attr-defined]
    while True:
        crowd.listen(lambda: bool(commands.select(0)), 3600)
        line = sys.stdin.buffer.raw.readline()  # type: ignore[attr-defined]
        if not line:
            break
        command = json.loads(line)
        if "ask" in command:
            crowd.ask(command["ask"], command["cookies"])
            continue
        crowd.answered(command["wait"])
        print(json.dumps(totals.told()), flush=True)
    crowd.close()


if __name__ == "__main__":
    main()
