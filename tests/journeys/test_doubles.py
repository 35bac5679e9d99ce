"""Two of each process on one machine: nothing is done twice, and either carries on alone."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.journeys.looking import talk, wait_until
from tests.journeys.pairs import TWO_OF_EACH, all_run, burst, process
from tests.processes import alive
from tests.stack import ELIF, ROOT, Stack

PREFIX = "+905384"
POLL = 1  # seconds between two polls for missed messages
PROMISED_AGAIN = re.compile(r"henüz yeni bir bilgi yok.*En geç (.+) itibarıyla")


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two of each, in a shop whose news are due after six minutes; a minute there lasts 2 s."""
    folder = tmp_path_factory.mktemp("pairs")
    environment = {**TWO_OF_EACH, "MISSED_POLL_SECONDS": str(POLL)}
    with Stack(folder, "2026-11-24T11:00:00+03:00", "30", environment) as running:
        _impatient_shop(running, folder)
        yield running


def _impatient_shop(stack: Stack, folder: Path) -> None:
    text = (ROOT / "bot" / "aftersales" / "demo_shop.yml").read_text()
    assert "update_hours: 4" in text
    file = folder / "shop.yml"
    file.write_text(text.replace("update_hours: 4", "update_hours: 0.1"))
    done = stack.command("import", "shop", str(file))
    assert done.returncode == 0, done.stderr


@pytest.mark.timeout(120)
def test_one_clock_works_and_the_other_takes_over(pairs: Stack) -> None:
    """What happens by time happens once: polls, and the line that keeps a promise of news.

    Comes before the crowd, while a poll is one request: a long list is read page by page.
    """
    assert "yeni bir bilgi gelmese bile" in pairs.ask("siparişim nerede", ELIF)
    wait_until(lambda: _leader(pairs), 20, "no clock leads")
    assert _polls(pairs, 4.0) <= 5, "both clocks poll"
    first = _leader(pairs)
    os.killpg(first, signal.SIGKILL)
    wait_until(lambda: _leader(pairs) not in (0, first), 20, "the other clock does not take over")
    assert 2 <= _polls(pairs, 4.0) <= 5
    wait_until(lambda: _said_again(pairs), 45, "the promise of news was not kept")
    again = _said_again(pairs)
    assert len(set(again)) == len(again), "the same news twice"
    promises = pairs.rows(
        "SELECT count(*) FROM promise p JOIN conversation c ON c.id = p.conversation_id WHERE "
        "c.uid = :u AND p.kind = 'next_update'", u=talk(pairs, ELIF).uid,
    )
    assert promises[0][0] == 1 + len(again)


def _leader(stack: Stack) -> int:
    """Return the process id of the clock that has the lease, 0 when that one is dead."""
    rows = stack.rows("SELECT owner FROM lease WHERE name = 'clock'")
    pid = int(str(rows[0][0]).partition("-")[0]) if rows else 0
    clocks = [process(stack, name) for name in ("clock1", "clock2")]
    return pid if pid in clocks and alive([pid]) else 0


def _polls(stack: Stack, seconds: float) -> int:
    before = stack.fake.api_requests["GET Messages"]
    time.sleep(seconds)
    return int(stack.fake.api_requests["GET Messages"] - before)


def _said_again(stack: Stack) -> list[str]:
    """Return the times that were promised in lines without news."""
    said = [" ".join(m.body.split()) for m in stack.fake.sent(ELIF)]
    return [found[1] for text in said if (found := PROMISED_AGAIN.search(text))]


@pytest.mark.timeout(240)
def test_nothing_is_lost_and_nothing_is_said_twice(pairs: Stack) -> None:
    """Sixty people write four messages each while one of each pair is killed."""
    assert all_run(pairs)
    burst(pairs, PREFIX, 60)
    wait_until(lambda: all_run(pairs), 30, "not everything runs again")


@pytest.mark.timeout(60)
def test_both_web_processes_take_connections(pairs: Stack) -> None:
    """With one of them asleep some connections are answered, and some wait for it."""
    with _stopped(pairs, "web1"):
        answered: set[bool] = set()
        for _ in range(40):
            answered.add(_answers(pairs))
            if len(answered) == 2:
                break
    assert answered == {True, False}
    wait_until(lambda: _answers(pairs), 10, "nobody answers")
    assert "14" in pairs.ask("iade süresi kaç gün?", f"{PREFIX}900000")


def _answers(stack: Stack) -> bool:
    try:
        return requests.get(f"{stack.url}/healthz", timeout=0.5).status_code == 200
    except requests.RequestException:
        return False


@pytest.mark.timeout(120)
def test_a_dead_rasa_is_stood_in_for_and_a_silent_one_is_waited_for(pairs: Stack) -> None:
    """Who does not take a connection is not at the turn; who took it may be."""
    wait_until(lambda: _is_ready(pairs), 60, "not ready")
    theirs, other = _person_of(pairs, 1, "1"), _person_of(pairs, 0, "2")
    asked = pairs.ask("siparişim nerede", other)
    assert pairs.ask("siparişim nerede", theirs) == asked, "a form is open"
    expected = pairs.ask("1031", other)
    with _stopped(pairs, "rasa2"):
        pairs.fake.inbound("kargo ücreti ne kadar?", theirs)
        assert "79,90" in pairs.ask("kargo ücreti ne kadar?", other, timeout=5)
        assert len(pairs.fake.sent(theirs)) == 2
    assert "79,90" in pairs.fake.wait_for(theirs, 3, 15)[-1].body
    with _dead(pairs, "rasa2"):
        assert pairs.ask("1031", theirs, timeout=5) == expected, "the form goes on elsewhere"
        assert "14" in pairs.ask("iade süresi kaç gün?", other, timeout=5)
        assert "14" in pairs.ask("iade süresi kaç gün?", theirs, timeout=5)


def _person_of(stack: Stack, place: int, digit: str) -> str:
    """Return a person whose conversation belongs to the Rasa process at this place."""
    for i in range(40):
        phone = f"{PREFIX}8{digit}{i:04d}"
        stack.ask("çalışma saatleriniz nedir?", phone)
        if int(talk(stack, phone).uid[:8], 16) % 2 == place:
            return phone
    raise AssertionError("all conversations belong to one process")


def _is_ready(stack: Stack) -> bool:
    return requests.get(f"{stack.url}/readyz", timeout=10).status_code == 200


@contextlib.contextmanager
def _stopped(stack: Stack, name: str) -> Iterator[None]:
    os.killpg(process(stack, name), signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(process(stack, name), signal.SIGCONT)


@contextlib.contextmanager
def _dead(stack: Stack, name: str) -> Iterator[None]:
    """Kill a process and keep the supervisor from starting it again."""
    os.kill(stack.pid, signal.SIGSTOP)
    try:
        os.killpg(process(stack, name), signal.SIGKILL)
        yield
    finally:
        os.kill(stack.pid, signal.SIGCONT)
