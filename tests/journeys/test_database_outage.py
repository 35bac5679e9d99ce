"""SQLite is locked: the provider hears so in time, and all is answered after.

What happens while PostgreSQL is stopped: `test_postgresql`. A lock lasts `OUTAGE_LOCK_SECONDS` (default 12,
longer than anybody here waits for it; `make soak` takes a minute).
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys import accounts
from tests.journeys.accounts import COMPLAINT, FEE, HOURS
from tests.journeys.looking import seconds_of
from tests.stack import Stack

LOCKED = float(os.environ.get("OUTAGE_LOCK_SECONDS") or 12)
TOLD_AFTER = 25.0  # seconds of tries after which customers hear of an outage


@pytest.mark.timeout(int(120 + 2 * LOCKED))
def test_sqlite_locked_by_another_program(stack: Stack, frail: Stack) -> None:
    """The application's file in one shop; at the same time the dialogue memory's in another."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        memory = pool.submit(_while_the_memory_is_locked, stack)
        _while_the_file_is_locked(frail)
        memory.result()


def _while_the_file_is_locked(stack: Stack) -> None:
    """A crowd as large as all threads of the web processes comes to a shop that can not write."""
    surprised = accounts.people("+9053861", 20, FEE, COMPLAINT, HOURS)
    crowd = accounts.people("+9053862", 100, FEE)
    locked, slowest = threading.Event(), [0.0]

    def lock() -> None:
        time.sleep(0.7)  # some answers are being thought out, some are on their way
        with _locked(stack.folder / "var" / "destek.sqlite3"):
            locked.set()
            until = time.monotonic() + LOCKED
            while time.monotonic() < until:
                slowest.extend(
                    seconds_of(stack.url + page) for page in ("/healthz", "/readyz", "/console/login")
                )
                time.sleep(0.5)

    def come() -> None:
        locked.wait(30)
        accounts.write_all(stack, crowd, again=2.0, within=LOCKED + 60)

    accounts.write_all(stack, surprised, lock, come, again=2.0, within=LOCKED + 60)
    everybody = surprised + crowd
    accounts.settle(stack, everybody, 90)
    accounts.check(stack, everybody)
    accounts.check_refused_in_time(everybody)
    assert max(slowest) < 5, "who only looks is held up"


def _while_the_memory_is_locked(stack: Stack) -> None:
    """Every message is taken, and answered once the brain can remember it."""
    writers = accounts.people("+905387", 8, FEE, COMPLAINT)
    with _locked(stack.folder / "var" / "rasa" / "tracker.sqlite3"):
        until = time.monotonic() + LOCKED
        accounts.write_all(stack, writers)
        assert {t.status for t in accounts.tries(writers)} == {200}
        time.sleep(max(0.0, until - time.monotonic()))
        told = [len(stack.fake.sent(w.phone)) for w in writers]
    assert set(told) == ({1} if LOCKED > TOLD_AFTER + 10 else {0}), told
    accounts.settle(stack, writers, 60)
    accounts.check(stack, writers)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a SQLite file's writing lock, as a program does that somebody forgot to close."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
    finally:
        connection.close()
