"""The line in front of a door that does not open: it stays short, and opens again by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from bot import admission
from bot.admission import Door
from tests.journeys.looking import wait_until


class Busy(Exception):
    """What those hear who are refused."""


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    monkeypatch.setattr(admission, "PATIENCE", 1.0)
    monkeypatch.setattr(admission, "STUCK", 0.2)
    return Door(Busy, lambda: 2)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(30) as made:
        yield made


def _pass(door: Door, opens: threading.Event) -> float:
    """Go through the door as a writer does; return the seconds until in, raise Busy when not."""
    began = time.monotonic()
    with door.line() as patience:
        if not opens.wait(patience):
            door.stayed_shut()
            raise Busy
        door.opened()
    return time.monotonic() - began


def _refused(jobs: list[Future[float]]) -> int:
    return sum(isinstance(job.exception(timeout=5), Busy) for job in jobs)


def test_everybody_passes_a_door_that_is_open(door: Door, pool: ThreadPoolExecutor) -> None:
    opens = threading.Event()
    opens.set()
    assert not _refused([pool.submit(_pass, door, opens) for _ in range(200)])


def test_a_line_that_does_not_move_stays_short(
    door: Door, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "PATIENCE", 20.0)
    opens = threading.Event()
    jobs = [pool.submit(_pass, door, opens) for _ in range(20)]
    wait_until(lambda: sum(job.done() for job in jobs) == 17, 10, "the line stays long")
    time.sleep(0.5)
    assert sum(job.done() for job in jobs) == 17, "one tries, two wait, nobody else is held up"
    opens.set()
    assert _refused(jobs) == 17


def test_after_one_waited_in_vain_one_tries_and_the_rest_are_refused_at_once(
    door: Door, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "PROBE", 5.0)
    opens = threading.Event()
    jobs = [pool.submit(_pass, door, opens) for _ in range(3)]
    assert _refused(jobs) == 3
    tries = pool.submit(_pass, door, opens)
    time.sleep(0.3)
    began = time.monotonic()
    with pytest.raises(Busy):
        _pass(door, opens)
    assert time.monotonic() - began < 1.0
    opens.set()
    assert tries.result(timeout=6) < admission.PROBE
    assert not _refused([pool.submit(_pass, door, opens) for _ in range(20)])
