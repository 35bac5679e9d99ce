"""The database is stopped, or locked: the provider hears so in time, and all is answered after.

A lock lasts `OUTAGE_LOCK_SECONDS` (default 12, longer than anybody here waits for it; `make soak`
takes a minute).
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import signal
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pgserver
import pytest
import requests

from tests.journeys import accounts
from tests.journeys.accounts import COMPLAINT, FEE, HOURS, ON_DELIVERY, POINTS, Writer
from tests.journeys.looking import wait_until
from tests.journeys.pairs import TWO_OF_EACH, all_run, kill_one_of_each
from tests.stack import Stack, dispose

LOCKED = float(os.environ.get("OUTAGE_LOCK_SECONDS") or 12)
STOPPED = 3.0  # seconds
TOLD_AFTER = 25.0  # seconds of tries after which customers hear of an outage


@pytest.fixture
def server() -> Iterator[Any]:
    """A PostgreSQL server that may be stopped."""
    made = pgserver.get_server(tempfile.mkdtemp(prefix="destek-pg-"), cleanup_mode="delete")
    yield made
    made.cleanup()


@pytest.mark.timeout(240)
def test_postgresql_stops_and_one_of_each_pair_dies(
    server: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Two of each process; the server dies twice as in a power cut, while people write."""
    server.psql("CREATE DATABASE destek")
    environment = {**TWO_OF_EACH, "DATABASE_URL": str(server.get_uri(database="destek"))}
    folder = tmp_path_factory.mktemp("pairs-on-postgresql")
    writers = [
        *accounts.people("+9053851", 15, FEE, COMPLAINT, HOURS, ON_DELIVERY, POINTS, FEE),
        *accounts.people("+9053852", 15, HOURS, FEE, POINTS, ON_DELIVERY, FEE, HOURS),
    ]
    with Stack(folder, environment=environment) as stack:

        def break_it() -> None:
            processes = stack.run_info()["processes"]
            _stop(server, stack)
            wait_until(lambda: all(_parts(stack).values()), 15, "not ready again")
            assert stack.run_info()["processes"] == processes, "they come back by themselves"
            kill_one_of_each(stack, 0.5)()
            _stop(server, stack)  # some are just starting
            wait_until(lambda: all(_parts(stack).values()), 60, "not ready again")
            wait_until(lambda: all_run(stack), 30, "not everything runs again")

        accounts.write_all(stack, writers, break_it, pause=1.0)
        accounts.settle(stack, writers, 90)
        accounts.check(stack, writers)
        _was_refused_in_time(writers)
        assert not stack.rows("SELECT id FROM dead_letter"), "nothing is given up"
        assert not stack.rows("SELECT id FROM handover WHERE reason = 'outage'"), "nobody is told"


def _stop(server: Any, stack: Stack) -> None:
    """Stop the server without ceremony, look, and start it again."""
    time.sleep(1.5)
    postmaster = server.get_postmaster_info().process
    os.kill(postmaster.pid, signal.SIGQUIT)
    postmaster.wait(10)
    try:
        wait_until(lambda: _parts(stack)["database"] is False, 5, "readyz does not say so")
        assert _seconds(f"{stack.url}/healthz") < 2
        time.sleep(STOPPED)
    finally:
        server.ensure_postgres_running()
        dispose(stack.database)  # the test's own connections are gone, too


def _parts(stack: Stack) -> dict[str, bool]:
    answer = requests.get(f"{stack.url}/readyz", timeout=10).json()
    return {part["name"]: part["ok"] for part in answer["parts"]}


def _seconds(url: str) -> float:
    """Return how long a page takes; AssertionError unless it is there."""
    began = time.monotonic()
    assert requests.get(url, timeout=10).status_code == 200, url
    return time.monotonic() - began


def _was_refused_in_time(writers: Sequence[Writer]) -> None:
    """Meanwhile the provider heard of our failure, each time before it would have hung up."""
    tries = accounts.tries(writers)
    assert {t.status for t in tries if t.status} == {200, 500}
    assert max(t.seconds for t in tries) < accounts.PATIENCE - 1


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
                    _seconds(stack.url + page) for page in ("/healthz", "/readyz", "/console/login")
                )
                time.sleep(0.5)

    def come() -> None:
        locked.wait(30)
        accounts.write_all(stack, crowd, again=2.0, within=LOCKED + 60)

    accounts.write_all(stack, surprised, lock, come, again=2.0, within=LOCKED + 60)
    everybody = surprised + crowd
    accounts.settle(stack, everybody, 90)
    accounts.check(stack, everybody)
    _was_refused_in_time(everybody)
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
