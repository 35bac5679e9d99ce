"""As much of HTTP/1.1 as a load driver needs, both sides, on asyncio's protocols.

Keep-alive, bodies with a Content-Length, one request at a time on a connection. Anything else (chunked
bodies, pipelining) is refused loudly rather than measured wrongly.
"""

from __future__ import annotations

import asyncio
import collections
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

Handler = Callable[[bytes, bytes, bytes], "bytes | Awaitable[bytes]"]

_END = b"\r\n\r\n"
_REASONS = {200: "OK", 201: "Created", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}


class Answer(NamedTuple):
    """What came back. Times are time.monotonic()."""

    status: int
    body: bytes
    began: float  # the request's first byte was handed to the socket
    ended: float  # the answer's last byte was read


class BadHttp(Exception):
    """What came is no HTTP that this module reads."""


def request(
    method: str, host: str, path: str, body: bytes = b"", content_type: str = "",
    headers: tuple[tuple[str, str], ...] = (),
) -> bytes:
    """Return a whole request as bytes, ready to be sent as often as one likes."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "User-Agent: TwilioProxy/1.1"]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    lines += [f"{name}: {value}" for name, value in headers]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + _END + body


def response(status: int, body: bytes, content_type: str = "application/json") -> bytes:
    """Return a whole answer as bytes."""
    head = (
        f"HTTP/1.1 {status} {_REASONS.get(status, 'Status')}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("latin-1") + body


def _length(lowered_head: bytes) -> int:
    at = lowered_head.find(b"\r\ncontent-length:")
    if at < 0:
        if b"\r\ntransfer-encoding:" in lowered_head:
            raise BadHttp("a chunked body")
        return 0
    end = lowered_head.find(b"\r\n", at + 2)
    return int(lowered_head[at + 17 : end if end >= 0 else None])


class _Connection(asyncio.Protocol):
    """One connection of the client."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._buffer = b""
        self._waiting: asyncio.Future[Answer] | None = None
        self._began = 0.0
        self.fresh = True
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def send(self, data: bytes) -> asyncio.Future[Answer]:
        assert self.transport is not None
        self._waiting = self._client.loop.create_future()
        self._began = time.monotonic()
        self.transport.write(data)
        return self._waiting

    def data_received(self, data: bytes) -> None:
        self._buffer = buffer = self._buffer + data if self._buffer else data
        end = buffer.find(_END)
        if end < 0:
            return
        waiting = self._waiting
        try:
            head = buffer[:end].lower()
            status = int(head[9:12])
            size = 0 if status in (204, 304) else _length(head)
        except (BadHttp, ValueError) as error:
            self._fail(error)
            return
        if len(buffer) < end + 4 + size:
            return
        self._buffer, self._waiting = b"", None
        self.fresh = False
        keep = b"\r\nconnection: close" not in head
        if not keep and self.transport is not None:
            self.transport.close()
        self._client.release(self, keep)
        if waiting is not None and not waiting.done():
            body = buffer[end + 4 : end + 4 + size]
            waiting.set_result(Answer(status, body, self._began, time.monotonic()))

    def _fail(self, error: Exception) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(error)
        if self.transport is not None:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._client.lost(self)
        self._fail(ConnectionResetError("the connection was closed before an answer"))


class Client:
    """Connections to one address of loopback, at most `limit`, kept and used again."""

    def __init__(self, host: str, port: int, limit: int) -> None:
        if host not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError(f"load is sent to loopback only, not to {host}")
        self.loop = asyncio.get_running_loop()
        self._address = host, port
        self._limit = limit
        self._open: set[_Connection] = set()
        self._idle: list[_Connection] = []
        self._connecting = 0
        self._queue: collections.deque[asyncio.Future[_Connection | None]] = collections.deque()
        self.resent = 0  # requests that met a kept connection just being closed

    async def send(self, data: bytes) -> Answer:
        """Send a request; return the answer. A kept connection that was just closed is no failure."""
        while True:
            connection = await self._take()
            was_kept = not connection.fresh
            try:
                return await connection.send(data)
            except ConnectionResetError:
                if not was_kept:
                    raise
                self.resent += 1

    async def _take(self) -> _Connection:
        while True:
            while self._idle:
                connection = self._idle.pop()
                if connection.transport is not None and not connection.transport.is_closing():
                    return connection
            if len(self._open) + self._connecting < self._limit:
                self._connecting += 1
                try:
                    _, made = await self.loop.create_connection(
                        lambda: _Connection(self), *self._address
                    )
                finally:
                    self._connecting -= 1
                self._open.add(made)
                return made
            waiting: asyncio.Future[_Connection | None] = self.loop.create_future()
            self._queue.append(waiting)
            given = await waiting
            if given is not None:
                return given

    def release(self, connection: _Connection, keep: bool) -> None:
        """Take a connection back, or hand it straight to who waits."""
        while self._queue:
            waiting = self._queue.popleft()
            if not waiting.done():
                waiting.set_result(connection if keep else None)
                return
        if keep:
            self._idle.append(connection)

    def lost(self, connection: _Connection) -> None:
        """Forget a connection that is gone, and let somebody open another."""
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        while self._queue:
            waiting = self._queue.popleft()
            if not waiting.done():
                waiting.set_result(None)
                return

    def close(self) -> None:
        """Close every connection."""
        for connection in list(self._open):
            if connection.transport is not None:
                connection.transport.close()


class Serving(asyncio.Protocol):
    """One connection of the server: hands (request line and headers, body, raw path) to a handler."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._buffer = b""
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        while True:
            buffer = self._buffer
            end = buffer.find(_END)
            if end < 0:
                return
            head = buffer[:end]
            try:
                size = _length(head.lower())
            except (BadHttp, ValueError):
                self._write(response(400, b'{"message": "only bodies with a Content-Length"}'))
                self._close()
                return
            if len(buffer) < end + 4 + size:
                return
            body = buffer[end + 4 : end + 4 + size]
            self._buffer = buffer[end + 4 + size :]
            path = head.split(b" ", 2)[1]
            answer = self._handler(head, body, path)
            if isinstance(answer, bytes):
                self._write(answer)
            else:
                task = asyncio.ensure_future(self._later(answer))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _later(self, answer: Awaitable[bytes]) -> None:
        self._write(await answer)

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()
