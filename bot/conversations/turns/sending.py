"""From where an answer leaves: at once from the thread that thought it out, while few others do so.

That saves a hop in every turn. A provider that hangs would in time hold every one of these threads;
so a quarter of them (of more than one) is kept for thinking, and what those answer leaves by the
threads for sending.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator

from bot import config


@functools.lru_cache(maxsize=1)
def _places() -> threading.Semaphore:
    threads = config.load().worker_threads
    return threading.Semaphore(max(1, threads - max(1, threads // 4)))


@contextlib.contextmanager
def place() -> Iterator[bool]:
    """Tell whether this thread may send itself; within, it counts as one that does."""
    got = _places().acquire(blocking=False)
    try:
        yield got
    finally:
        if got:
            _places().release()
