"""One stream of one page: what it watches, what it has still to be told, the bytes it is sent.

Server-sent events. Three kinds: `changed` with a JSON list of the topics that look different by now,
`beat` when nothing was said for a while, so that a page notices a connection that is dead, and a
comment for proxies that do not read. `id` is the hub's mark of a moment up to which the page has
been told everything; a page that comes back with a mark that still holds is told nothing.
"""

from __future__ import annotations

import dataclasses
import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping

from bot.live.news import LISTS, News

BEAT = 15.0  # seconds of silence
LIFE = 600.0  # seconds; then the page comes back with its mark, on whatever process
GAP = 0.4  # seconds between two events: what changes all the time is told together
_COME_BACK = (1000, 4000)  # milliseconds; spread, for streams often end together


@dataclasses.dataclass(frozen=True)
class Watcher:
    """Who opened a stream: the user, and the state of their sessions that it was opened in."""

    user_id: int
    epoch: int


class Stream:
    """An iterator of bytes for the web server; `tell` and `end` are called from other threads."""

    def __init__(
        self, watcher: Watcher, topics: Mapping[str, int | None], closed: Callable[[Stream], None],
        mark: Callable[[], str], lists_gap: Callable[[], float],
    ) -> None:
        """`topics`: names as the page gave them, with the row id where one is a conversation.

        `closed` is called once, at the end; `mark` for the mark that goes with an event;
        `lists_gap` for the seconds in which the page hears of lists once.
        """
        self.watcher, self.mark, self._lists_gap = watcher, mark, lists_gap
        self.descriptor = -1  # of the connection, while the hub watches it
        self._topics = dict(topics)
        self._closed = closed
        self._until = time.monotonic() + LIFE * random.uniform(0.9, 1.0)
        self._lock = threading.Lock()
        self._pending: set[str] = set()
        self._bell = threading.Event()
        self._ended = threading.Event()
        self._bytes: Iterator[bytes] | None = None

    def begin(self, mark: str, told: str) -> None:
        """Say where the page stands: the present mark, and the one up to which it was told."""
        self._bytes = self._talk(mark, bool(mark) and told == mark)

    def tell(self, news: News) -> None:
        """Take what changed; the page hears of what it watches."""
        found = {
            topic for topic, row in self._topics.items()
            if news.everything
            or (row in news.conversations if row is not None else topic in news.lists)
        }
        with self._lock:
            if found <= self._pending:
                return  # it will be told, or is nothing to this page
            self._pending |= found
        self._bell.set()

    def end(self) -> None:
        """Let the answer come to its end; the page may ask again."""
        self._ended.set()
        self._bell.set()

    def close(self) -> None:
        """Give the place back; the web server calls it however the answer ended."""
        self._ended.set()
        self._closed(self)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        assert self._bytes is not None, "begin() comes first"
        return next(self._bytes)

    def _talk(self, mark: str, told: bool) -> Iterator[bytes]:
        # The mark goes with the event that makes it true, in one piece: neither arrives alone.
        first = _event("beat", {}, mark) if told else _event("changed", sorted(self._topics), mark)
        yield f"retry: {random.randint(*_COME_BACK)}\n".encode() + first
        spoke = time.monotonic()
        lists_from = 0.0  # when lists may be named again
        while not self._ended.is_set():
            now = time.monotonic()
            if now >= self._until:
                return
            with self._lock:
                held = {t for t in self._pending if t in LISTS and now < lists_from}
                topics, self._pending = self._pending - held, held
            if topics:
                if topics & LISTS:
                    lists_from = now + self._lists_gap()
                spoke = now
                yield _event("changed", sorted(topics), self.mark())
                self._ended.wait(GAP)
                continue
            if now - spoke >= BEAT:
                spoke = now
                yield b": still here\n" + _event("beat", {}, self.mark())
            until = min(spoke + BEAT, self._until, lists_from if held else self._until)
            self._bell.wait(max(0.0, until - now))
            self._bell.clear()


def _event(name: str, data: object, mark: str) -> bytes:
    line = f"id: {mark}\n" if mark else ""
    return f"{line}event: {name}\ndata: {json.dumps(data)}\n\n".encode()

