"""Telling that something changed: a note in memory for the caller, one PUBLISH a moment later.

The way of a message passes here, so nothing here waits: the caller adds an id to a set, and a thread
of this process publishes what has come together, at once after a quiet time and ten times a second
at most. A Redis that is away costs nothing but freshness: the thread tries again for a minute and
then says "everything changed"; pages look by themselves meanwhile.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import threading
import time

import redis
from sqlalchemy.orm import Session

from bot import config, db
from bot.live.news import CHANNEL, INBOX, TICKETS, News

__all__ = ["INBOX", "TICKETS", "changed", "changed_with", "signed_out"]
_TOGETHER = 0.1  # seconds in which changes are told in one go
_RETRY_AFTER = 2.0  # seconds, when Redis did not take it
_GIVE_UP_AFTER = 60.0  # seconds; by then every open page has looked by itself
_MOST = 1000  # ids; with more of them "everything" is shorter and as true
_PATIENCE = 0.5  # seconds for one call


def changed(conversation_id: int | None, *lists: str) -> None:
    """Tell that a conversation looks different, and lists (`INBOX`, `TICKETS`); after the commit.

    Returns at once, whatever becomes of it.
    """
    _publisher.add(conversation_id, lists, None)


def changed_with(session: Session, conversation_id: int | None, *lists: str) -> None:
    """Tell the same once the transaction of `session` (from `db.write()`) has committed."""
    db.after_commit(session, functools.partial(changed, conversation_id, *lists))


def signed_out(user_id: int) -> None:
    """Tell that somebody signed out: their streams end, and those who may open them again do."""
    _publisher.add(None, (), user_id)


class _Publisher:
    """What this process has to tell, and the thread that tells it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._telling = threading.Lock()  # held from taking the news until it is told
        self._bell = threading.Event()
        self._thread: threading.Thread | None = None
        self._address = ""
        self._client: redis.Redis[bytes] | None = None
        self._client_of = ""
        self._clear()

    def _clear(self) -> None:
        self._conversations: set[int] = set()
        self._lists: set[str] = set()
        self._signed_out: set[int] = set()
        self._everything = False

    def add(self, conversation_id: int | None, lists: tuple[str, ...], user_id: int | None) -> None:
        # Read here and not in the thread: settings belong to who calls.
        address = config.load().redis
        if not address:
            return
        with self._lock:
            self._address = address
            if conversation_id is not None:
                self._conversations.add(int(conversation_id))
            self._lists.update(lists)
            if user_id is not None:
                self._signed_out.add(user_id)
            if self._thread is None or not self._thread.is_alive():  # a fork leaves no threads
                self._thread = threading.Thread(target=self._run, name="live-tell", daemon=True)
                self._thread.start()
        if not self._bell.is_set():
            self._bell.set()

    def _take(self) -> tuple[str, News | None]:
        with self._lock:
            if not (
                self._conversations or self._lists or self._signed_out or self._everything
            ):
                return self._address, None
            everything = self._everything or len(self._conversations) > _MOST
            news = News(
                frozenset() if everything else frozenset(self._conversations),
                frozenset(self._lists), frozenset(self._signed_out), everything,
            )
            self._clear()
            return self._address, news

    def _run(self) -> None:
        failing_since: float | None = None
        while True:
            self._bell.wait()
            self._bell.clear()
            while True:
                with self._telling:
                    address, news = self._take()
                    told = news is not None and self._publish(address, news)
                if news is None:
                    break
                if told:
                    failing_since = None
                    time.sleep(_TOGETHER)
                    continue
                now = time.monotonic()
                failing_since = failing_since or now
                if now - failing_since < _GIVE_UP_AFTER:
                    with self._lock:  # one word for all that was not told
                        self._everything = True
                        self._signed_out |= news.signed_out
                else:
                    failing_since = None
                time.sleep(_RETRY_AFTER)

    def _publish(self, address: str, news: News) -> bool:
        try:
            if self._client is None or self._client_of != address:
                self._client_of = address
                self._client = redis.Redis.from_url(
                    address, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE
                )
            self._client.publish(CHANNEL, news.encode())
            return True
        except (redis.RedisError, OSError, ValueError):
            self._client = None
            return False

    def flush(self) -> None:
        """Tell what is left before the process ends; a command ends right after its commit."""
        mine = self._telling.acquire(timeout=2 * _PATIENCE)
        address, news = self._take()
        if news is not None:
            with contextlib.suppress(Exception):
                self._publish(address, news)
        if mine:
            self._telling.release()


_publisher = _Publisher()
atexit.register(_publisher.flush)
