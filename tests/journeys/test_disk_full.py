"""The disk is full: the provider hears so, nothing is stored by halves, all is answered after.

Two ways to have no room, in two shops. The processes of one are forbidden to write to any file
(RLIMIT_FSIZE), which needs no right at all. The other has a small file system of its own, filled by
a ballast file, where one may be mounted.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent import futures
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import requests

from tests.journeys import accounts
from tests.journeys.accounts import COMPLAINT, FEE, HOURS, Writer
from tests.journeys.looking import wait_until
from tests.journeys.pairs import of_kind
from tests.processes import tree
from tests.stack import Stack, trained_models

FULL = 1.5  # seconds
_SIZE = 48 * 1024 * 1024


def _mount(folder: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE},mode=700", "destek-test", str(folder)]
    return shutil.which("mount") is not None and not subprocess.run(
        command, capture_output=True, check=False
    ).returncode


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _may_mount() -> bool:
    folder = Path(tempfile.mkdtemp(prefix="destek-mount-"))
    able = _mount(folder)
    if able:
        _unmount(folder)
    folder.rmdir()
    return able


Outcomes = Mapping[str, "futures.Future[None]"]


@pytest.fixture(scope="module")
def outcomes(frail: Stack, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """What came of both shops, which run out of room at the same time."""
    with futures.ThreadPoolExecutor(2) as pool:
        found = {"forbidden": pool.submit(_survives, frail, "+905388", lambda: _forbidden(frail))}
        if _may_mount():
            found["small"] = pool.submit(_on_a_small_disk, tmp_path_factory.mktemp("small-disk"))
    return found


@pytest.mark.timeout(180)
def test_no_byte_may_be_written(outcomes: Outcomes) -> None:
    outcomes["forbidden"].result()


@pytest.mark.timeout(180)
def test_a_file_system_is_full(outcomes: Outcomes) -> None:
    if "small" not in outcomes:
        pytest.skip("no file system may be mounted here, which takes root's right to (CAP_SYS_ADMIN)")
    outcomes["small"].result()


def _on_a_small_disk(folder: Path) -> None:
    models, data = folder / "models", folder / "var"
    shutil.copytree(trained_models() / "models", models)
    data.mkdir()
    assert _mount(data)
    try:
        (data / "models").symlink_to(models)
        with Stack(folder) as stack:
            _survives(stack, "+905389", lambda: _filled(data))
    finally:
        _unmount(data)


@contextlib.contextmanager
def _forbidden(stack: Stack) -> Iterator[None]:
    """Let no process of a stack write a byte to a file, not even the supervisor."""
    _limit(stack, 0)
    try:
        yield
    finally:
        _limit(stack, resource.RLIM_INFINITY)


def _limit(stack: Stack, size: int) -> None:
    for pid in tree(stack.pid):
        with contextlib.suppress(ProcessLookupError):
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            soft = hard if size == resource.RLIM_INFINITY else size
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def _filled(folder: Path) -> Iterator[None]:
    """Fill a file system to the last byte.

    What a process frees later (a file it writes anew) is room for a message or two: those are
    stored, and acknowledged.
    """
    ballast = folder / "ballast"
    _cut_log(folder / "destek.sqlite3")
    try:
        with ballast.open("wb", buffering=0) as file:
            for size in (1024 * 1024, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"\0" * size)
        yield
    finally:
        ballast.unlink()


def _cut_log(path: Path) -> None:
    """Empty SQLite's log: it is written over from its beginning, so its length would be room."""
    with contextlib.closing(sqlite3.connect(path, timeout=10)) as base:
        wait_until(
            lambda: base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0, 10,
            "somebody never stops reading",
        )


def _survives(stack: Stack, prefix: str, full: Callable[[], AbstractContextManager[None]]) -> None:
    """Some are being answered when the room runs out, others come then."""
    surprised = accounts.people(f"{prefix}1", 10, FEE, COMPLAINT)
    later = accounts.people(f"{prefix}2", 10, HOURS, FEE)
    is_full = threading.Event()
    clocks = set(of_kind(stack, "clock"))

    def fill() -> None:
        time.sleep(0.7)
        with full():
            is_full.set()
            # A process that ends now is started again, though no note of it can be written.
            for clock in clocks:
                os.killpg(clock, signal.SIGKILL)
            wait_until(lambda: all(w.tries for w in later), 10, "a webhook hangs")
            first = {w.tries[0].status for w in later}
            assert 500 in first and first <= {200, 500}
            stored = _stored(stack, f"{prefix}2")
            wait_until(lambda: stored <= _taken(later), 5, "half a message")
            for page in ("/healthz", "/readyz", "/console/login"):
                assert requests.get(stack.url + page, timeout=5).status_code == 200
            wait_until(
                lambda: len(_clocks(stack) - clocks) == len(clocks), 5, "no clock is started again"
            )
            time.sleep(FULL)

    def come() -> None:
        is_full.wait(30)
        accounts.write_all(stack, later)

    accounts.write_all(stack, surprised, fill, come)
    everybody = surprised + later
    accounts.settle(stack, everybody, 90)
    accounts.check(stack, everybody)
    assert max(t.seconds for t in accounts.tries(everybody)) < accounts.PATIENCE - 1
    wait_until(
        lambda: set(of_kind(stack, "clock")) == _clocks(stack), 5, "not written down"
    )


def _stored(stack: Stack, prefix: str) -> set[str]:
    """Return the numbers that begin so of whom anything is stored."""
    found: set[str] = set()
    for table, column in (("identity", "address"), ("customer", "phone")):
        query = f"SELECT {column} FROM {table} WHERE {column} LIKE :p"
        found |= {row[0] for row in stack.rows(query, p=f"{prefix}%")}
    return found


def _taken(writers: list[Writer]) -> set[str]:
    return {w.phone for w in writers if any(t.status == 200 for t in w.tries)}


def _clocks(stack: Stack) -> set[int]:
    return {pid for pid, name in tree(stack.pid).items() if name == "scheduler"}
