"""The streams of one web process, and the two threads that serve them all.

One thread holds the process's only subscription at Redis and hands what it hears to the streams.
The other looks after them: it notices connections that are gone, so that a reader who goes from page
to page holds one place and not ten, ends the streams of users who may no longer read, and renews the
mark with which a page comes back. Both end some time after the last stream.

A stream holds a thread of the web server. So there are places for half of the threads and not one
more, some for each user; who gets none looks by polling, as everybody does while Redis is away.
"""

from __future__ import annotations

import collections
import contextlib
import select
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping

import redis
import structlog

from bot.live.news import CHANNEL, News
from bot.live.stream import GAP, Stream, Watcher

_log = structlog.get_logger("live")
_PATIENCE = 0.5  # seconds for one call of Redis
_SUBSCRIBED_WITHIN = 1.0  # seconds that a first stream waits for the subscription
_RETRY_AFTER = 2.0  # seconds of silence towards a Redis that is away
_PING_EVERY, _DEAF_AFTER = 5.0, 10.0  # seconds; a Redis that hangs is as good as away
_LOOKS = 40.0  # at lists, a second, that a process asks its pages for at most
_LINGER = 30.0  # seconds that the threads outlive the last stream
_LOOK_AFTER = 15.0  # seconds between two looks at users and marks
_REFUSED_FOR = 3.0  # seconds in which a browser that has its share is not looked at anew
_MOST_REFUSED = 10_000  # browsers remembered
_hubs: weakref.WeakSet[Hub] = weakref.WeakSet()


class Hub:
    """All streams of a process. Safe to use from any thread; opens nothing until it is asked."""

    def __init__(
        self, address: str, places: int, per_user: int,
        mark: Callable[[], str], allowed: Callable[[set[int]], Mapping[int, int]],
    ) -> None:
        """Set up for the Redis at `address`.

        `mark()` differs whenever a page may show something else. `allowed(user_ids)` returns the
        session epoch of those users who may read.
        """
        self.places, self.per_user = places, per_user
        self._address, self._mark, self._allowed = address, mark, allowed
        self._lock = threading.Lock()
        self._streams: set[Stream] = set()
        self._entering = 0
        self._here = threading.local()  # whether the request of this thread is one of them
        self._gate = threading.Lock()
        self._of_user: collections.Counter[int] = collections.Counter()
        self._threads: list[threading.Thread] = []
        self._hears = threading.Event()  # the subscription stands
        self._away_until = 0.0
        self._idle_since = 0.0
        self._marks = ("", "")  # of the last look and of the one before
        self._refused: dict[int, float] = {}
        self._connections: select.epoll | None = None
        self._by_descriptor: dict[int, Stream] = {}
        _hubs.add(self)

    # For the door

    def turns_away(self, browser: int = 0) -> bool:
        """Tell whether asking is useless now: no place left, or this browser was just refused.

        Costs next to nothing; asked before anything else of a request is looked at.
        """
        now = time.monotonic()
        if len(self._streams) + self._entering >= self.places or now < self._away_until:
            return True
        until = self._refused.get(browser)
        return until is not None and now < until

    @contextlib.contextmanager
    def entry(self, browser: int = 0) -> Iterator[bool]:
        """Keep a place while a request finds out whether it may have it; False when there is none.

        The requests of a crowd go in one after the other, or a webhook would share the processor
        with all of them.
        """
        with self._lock:
            enters = not self.turns_away(browser)
            self._entering += enters
            self._here.enters = enters
        if not enters:
            yield False
            return
        try:
            with self._gate:
                yield True
        finally:
            with self._lock:
                self._entered()

    def _entered(self) -> None:
        """Give back the place that was kept; called with the lock."""
        self._entering -= getattr(self._here, "enters", False)
        self._here.enters = False

    def open(
        self, watcher: Watcher, topics: Mapping[str, int | None], browser: int = 0,
        descriptor: int = -1,
    ) -> Stream | None:
        """Take a place for a page; None when there is none, or Redis is away.

        `browser` is any number that stands for who asks; `descriptor` is of the connection, if known.
        The caller calls `begin` and sees to it that `close` is called.
        """
        if time.monotonic() < self._away_until:
            return None
        stream = Stream(watcher, topics, self._close, self.mark, self._lists_gap)
        with self._lock:
            self._entered()
            if len(self._streams) + self._entering >= self.places:
                return None
            if self._of_user[watcher.user_id] >= self.per_user:
                self._remember(browser)
                return None
            self._streams.add(stream)
            self._of_user[watcher.user_id] += 1
            self._start()
        if not self._hears.wait(_SUBSCRIBED_WITHIN):
            self._away_until = max(self._away_until, time.monotonic() + _RETRY_AFTER)
            self._close(stream)
            return None
        self._watch(stream, descriptor)
        return stream

    def begin(self, stream: Stream, told: str) -> None:
        """Let a stream begin with what the page, which was `told` up to a mark, has missed."""
        if not told:
            # It is told that all may have changed, so any mark that is not of the future is true.
            stream.begin(self._marks[0] or self._mark(), "")
        else:
            stream.begin(self._mark(), told)

    def mark(self) -> str:
        """Return a mark up to which every open stream has been told everything; may be empty.

        It is that of the look before the last: news of what it holds had time to arrive.
        """
        return self._marks[1]

    def _lists_gap(self) -> float:
        """Return in how many seconds a page hears of lists once.

        A thread has one or two who look at it; a list has everybody, and each looks when it is told.
        """
        return max(GAP, len(self._streams) / _LOOKS)

    def end_all(self) -> None:
        """End every stream: the process stops, or nobody tells it anything."""
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream.end()

    @property
    def count(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    # Places

    def _remember(self, browser: int) -> None:
        now = time.monotonic()
        if len(self._refused) >= _MOST_REFUSED:
            self._refused = {b: u for b, u in self._refused.items() if u > now}
        if browser and len(self._refused) < _MOST_REFUSED:
            self._refused[browser] = now + _REFUSED_FOR

    def _close(self, stream: Stream) -> None:
        with self._lock:
            if stream not in self._streams:
                return
            self._streams.remove(stream)
            self._of_user[stream.watcher.user_id] -= 1
            if not self._of_user[stream.watcher.user_id]:
                del self._of_user[stream.watcher.user_id]
            self._idle_since = time.monotonic()
            self._unwatch(stream)

    def _watch(self, stream: Stream, descriptor: int) -> None:
        """Notice when the other end of a connection is gone."""
        if descriptor < 0:
            return
        with self._lock:
            if stream not in self._streams or self._connections is None:
                return
            with contextlib.suppress(OSError):
                self._connections.register(descriptor, select.EPOLLRDHUP)
                self._by_descriptor[descriptor], stream.descriptor = stream, descriptor

    def _unwatch(self, stream: Stream) -> None:
        """Forget a connection before the web server closes it; called with the lock."""
        if self._by_descriptor.pop(stream.descriptor, None) and self._connections is not None:
            with contextlib.suppress(OSError):
                self._connections.unregister(stream.descriptor)

    # The threads

    def _start(self) -> None:
        """Start what does not run; called with the lock. A fork leaves no threads."""
        self._threads = [t for t in self._threads if t.is_alive()]
        alive = {t.name for t in self._threads}
        if len(alive) == 2:
            return
        if self._connections is None:
            self._connections = select.epoll()
        for name, work in (("live-hear", self._hear), ("live-look", self._look_after)):
            if name not in alive:
                thread = threading.Thread(target=work, name=name, daemon=True)
                self._threads.append(thread)
                thread.start()

    def _is_over(self) -> bool:
        """Tell a thread whether to end; called with the lock, in which a new one is started."""
        return not self._streams and time.monotonic() - self._idle_since > _LINGER

    def _leave(self) -> bool:
        with self._lock:
            if not self._is_over():
                return False
            me = threading.current_thread()
            self._threads = [t for t in self._threads if t is not me]
            return True

    def _hear(self) -> None:
        """Hold the subscription as long as there is anybody to tell."""
        while not self._leave():
            pause = self._away_until - time.monotonic()
            if pause > 0:
                time.sleep(min(pause, 0.5))
                continue
            try:
                self._listen()
            except (redis.RedisError, OSError, ValueError) as error:
                if self._hears.is_set():
                    _log.warning("live_updates_lost", reason=type(error).__name__)
                self._away_until = time.monotonic() + _RETRY_AFTER
            finally:
                was_told = self._hears.is_set()
                self._hears.clear()
            if was_told:
                self.end_all()  # they come back, and are told whether they missed anything

    def _listen(self) -> None:
        client = redis.Redis.from_url(
            self._address, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE
        )
        with contextlib.closing(client), contextlib.closing(client.pubsub()) as subscription:
            subscription.subscribe(CHANNEL)
            heard = pinged = time.monotonic()
            while True:
                message = subscription.get_message(timeout=1.0)
                now = time.monotonic()
                if message is not None:
                    heard = now
                    if message["type"] == "subscribe":
                        if self._hears.is_set():
                            raise redis.ConnectionError("subscribed anew: something was missed")
                        self._hears.set()
                    elif message["type"] == "message":
                        self._pass_on(News.decode(message["data"]))
                    continue
                if now - heard > _DEAF_AFTER:
                    raise redis.TimeoutError("no answer to a ping")
                if now - pinged > _PING_EVERY:
                    pinged = now
                    subscription.ping()
                if not self._streams and now - self._idle_since > _LINGER:
                    return

    def _pass_on(self, news: News) -> None:
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            if stream.watcher.user_id in news.signed_out:
                stream.end()
            else:
                stream.tell(news)

    def _look_after(self) -> None:
        assert self._connections is not None  # made before this thread
        looked = 0.0
        while not self._leave():
            for descriptor, _events in self._connections.poll(1.0):
                with self._lock:
                    gone = self._by_descriptor.get(descriptor)
                    if gone is not None:
                        self._unwatch(gone)
                        gone.end()
            if time.monotonic() - looked > _LOOK_AFTER:
                looked = time.monotonic()
                self._look()

    def _look(self) -> None:
        with self._lock:
            streams = list(self._streams)
        if not streams:
            self._marks = ("", "")
            return
        try:
            may = self._allowed({s.watcher.user_id for s in streams})
            fresh = self._mark()
        except Exception as error:  # the database is away: what is open stays open
            _log.warning("live_look_failed", reason=type(error).__name__)
            return
        self._marks = (fresh, self._marks[0])
        for stream in streams:
            if may.get(stream.watcher.user_id) != stream.watcher.epoch:
                stream.end()


def end_all() -> None:
    """End every stream of this process, so that it can stop."""
    for hub in list(_hubs):
        hub.end_all()
