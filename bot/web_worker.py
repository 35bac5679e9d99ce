"""The web server's worker: gunicorn's threads, with an accepting loop that nobody can hold up.

gunicorn's own (27.0, `gunicorn/workers/gthread.py`, seen) waits for slow peers at two places where
everybody waits with it. A connection that is closed after its answer is lingered over in the
accepting loop, up to 2 s for a peer that does not close its end: five such peers stop all webhooks
for ten seconds. And a new connection that says nothing holds a thread for 5 s: browsers open such
ones in advance, and as many of them as there are threads stop everything as well. Here both wait in
the poller, which costs neither the loop nor a thread; a peer that falls silent in the middle of its
request holds a thread for 15 s, not for ever. A worker out of file descriptors rests for a
moment instead of dying.

What the application can refuse by the first bytes alone (`extensions["destek.door"]`: bytes of a
request to bytes of an answer, or None) is answered in the loop as well: a thousand pages that ask for
a stream at once would otherwise stand in the line for threads in front of every webhook.

When the server stops, the streams end first, so that nothing waits for them.
"""

from __future__ import annotations

import errno
import resource
import selectors
import socket
import struct
import time
from collections.abc import Callable
from concurrent import futures
from functools import partial
from types import FrameType
from typing import Any

from gunicorn.workers import gthread

_FIRST_WORDS = 10.0  # seconds for a new connection to say something
_LINGER = 2.0  # seconds for the other end to close; gunicorn's own figure
_MOST_DRAINED = 65_536  # bytes read from a connection that is being closed; gunicorn's own figure
_AT_ONCE = 32  # connections accepted before others are looked at
_FULL = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_NOTHING = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED)
_GLANCE = 8_192  # bytes of a request that the door is shown
_REST = 0.02  # seconds, when there is no descriptor left
_FILES = 65_536  # descriptors; every connection is one, and so is every database connection
_RESERVED = 0.25  # share of the descriptors that is not for connections


class Worker(gthread.ThreadWorker):
    """gthread for a machine that also has event streams and slow peers."""

    worker_connections: int
    silence = 15  # seconds in the middle of a request, or of an answer, without a byte

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._leaving: dict[gthread.TConn, int] = {}  # in the order of their time-outs: bytes drained
        self._door: Callable[[bytes], bytes | None] = _open_door

    def init_process(self) -> None:
        """Take as many descriptors as the machine gives, and no more connections than those."""
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        files = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
        self.worker_connections = min(self.worker_connections, int(files * (1 - _RESERVED)))
        self.max_keepalived = max(self.worker_connections - self.cfg.threads, 0)
        super().init_process()

    def load_wsgi(self) -> None:
        """Load the application, and what it refuses at the door."""
        super().load_wsgi()
        self._door = getattr(self.wsgi, "extensions", {}).get("destek.door", _open_door)
        from bot import garbage  # here, as everything of ours: gunicorn's parent stays small

        garbage.settle()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End the streams, then stop as ever."""
        from bot.live import hub  # here: gunicorn's parent loads this module and should stay small

        if self.alive:
            self.method_queue.defer(hub.end_all)
        super().handle_exit(sig, frame)

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """The same when the end is to come at once: no thread of a stream is waited for."""
        from bot.live import hub

        hub.end_all()
        super().handle_quit(sig, frame)

    def accept(self, listener: socket.socket) -> None:
        """Accept what is there; a connection gets a thread when it has said something."""
        for _ in range(_AT_ONCE):
            if self.nr_conns >= self.worker_connections:
                return
            try:
                connected, address = listener.accept()
            except OSError as error:
                if error.errno in _FULL:
                    time.sleep(_REST)
                elif error.errno not in _NOTHING:
                    raise
                return
            self.nr_conns += 1
            for limit in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
                connected.setsockopt(socket.SOL_SOCKET, limit, struct.pack("ll", self.silence, 0))
            conn = gthread.TConn(self.cfg, connected, address, listener.getsockname())
            if self._begin(conn):
                continue
            conn.timeout = time.monotonic() + _FIRST_WORDS
            self.pending_conns.append(conn)
            self.poller.register(
                connected, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn)
            )

    def on_pending_socket_readable(self, conn: gthread.TConn, client: socket.socket) -> None:
        """Take a new connection up that says something by now."""
        self.poller.unregister(client)
        self.pending_conns.remove(conn)
        self._begin(conn, spoke=True)

    def _begin(self, conn: gthread.TConn, spoke: bool = False) -> bool:
        """Answer a request at the door or give it a thread; False when nothing was said so far."""
        try:
            words = conn.sock.recv(_GLANCE, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            if not spoke:
                return False
            words = b""
        except OSError:
            self._gone(conn)
            return True
        refusal = self._door(words)
        if refusal is None:
            conn.data_ready = True
            self.enqueue_req(conn)
            return True
        try:
            conn.sock.recv(_GLANCE)  # what is unread at the end would cut the answer off by a reset
            conn.sock.send(refusal)
        except OSError:
            pass  # it has gone already
        self._gone(conn)
        return True

    def finish_request(self, conn: gthread.TConn, fs: futures.Future[Any]) -> None:
        """Keep a connection as ever, or let it go without waiting for the other end."""
        if fs.cancelled() or fs.exception() is not None or fs.result() or self.cfg.is_ssl:
            super().finish_request(conn, fs)
            return
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drain, conn))
        except (OSError, ValueError):
            self._gone(conn)
            return
        conn.timeout = time.monotonic() + _LINGER
        self._leaving[conn] = 0

    def _drain(self, conn: gthread.TConn, client: socket.socket) -> None:
        """Read what the other end still says, so that the last answer is not cut off by a reset."""
        try:
            data = client.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._leaving[conn] += len(data)
        if not data or self._leaving[conn] > _MOST_DRAINED:
            self._let_go(conn)

    def _let_go(self, conn: gthread.TConn) -> None:
        del self._leaving[conn]
        self.poller.unregister(conn.sock)
        self._gone(conn)

    def _gone(self, conn: gthread.TConn) -> None:
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self) -> None:
        """Close what has been silent, or has not been closed, for too long."""
        super().murder_pending()
        now = time.monotonic()
        for conn in list(self._leaving):
            if conn.timeout > now:
                break
            self._let_go(conn)


def _open_door(_words: bytes) -> bytes | None:
    return None
