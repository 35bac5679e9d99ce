"""The same product on PostgreSQL, two of each process: DATABASE_URL is all that differs.

The server may stop: the provider hears so in time, and all is answered after.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import pgserver
import pytest
import requests

from tests.journeys import accounts
from tests.journeys.accounts import COMPLAINT, FEE, HOURS, ON_DELIVERY, POINTS
from tests.journeys.looking import clock_of, seconds_of, talk, wait_until
from tests.journeys.pairs import TWO_OF_EACH, all_run, kill_one_of_each
from tests.stack import AYSE, Stack, dispose

AGENT = "agent1@example.com"
STOPPED = 3.0  # seconds
_refused = (f"+9053853{i:05d}" for i in itertools.count())


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """A PostgreSQL server that may be stopped."""
    made = pgserver.get_server(tempfile.mkdtemp(prefix="destek-pg-"), cleanup_mode="delete")
    yield made
    made.cleanup()


@pytest.fixture(scope="module")
def pairs(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A shop on it, two of each process."""
    server.psql("CREATE DATABASE destek")
    environment = {**TWO_OF_EACH, "DATABASE_URL": str(server.get_uri(database="destek"))}
    with Stack(tmp_path_factory.mktemp("postgresql"), environment=environment) as running:
        yield running


@pytest.mark.timeout(180)
def test_orders_hand_over_and_export(pairs: Stack) -> None:
    reply = pairs.ask("siparişim nerede", AYSE)
    assert "1024" in reply and "Yurtiçi Kargo" in reply and "1025" in reply
    reply = pairs.ask("temsilciye bağlanmak istiyorum", AYSE)
    now = talk(pairs, AYSE)
    assert now.state == "waiting" and clock_of(now.promised_at) in reply
    pairs.json("conversation", "take", now.uid, "--as", AGENT)
    assert pairs.command("conversation", "take", now.uid, "--as", "agent2@example.com").returncode
    pairs.json("conversation", "reply", now.uid, "Merhaba, ben bakıyorum.", "--as", AGENT)
    assert pairs.fake.wait_for(AYSE, 3)[-1].body == "Merhaba, ben bakıyorum."
    pairs.json("conversation", "hand-back", now.uid, "--as", AGENT)
    assert "79,90" in pairs.ask("kargo ücreti ne kadar?", AYSE)
    pairs.fake.callbacks.wait()
    done = pairs.command("export", "messages", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [m["text"] for m in lines if m["direction"] == "in"] == [
        "siparişim nerede", "temsilciye bağlanmak istiyorum", "kargo ücreti ne kadar?",
    ]
    out = [m for m in lines if m["direction"] == "out"]
    assert [m["text"] for m in out] == [m.body for m in pairs.fake.sent(AYSE)]
    assert {m["state"] for m in out} == {"delivered"} and all(m["case"] for m in lines)
    assert not list((pairs.folder / "var").glob("destek.sqlite3*"))


@pytest.mark.timeout(240)
def test_it_stops_and_one_of_each_pair_dies(server: Any, pairs: Stack) -> None:
    """The server dies twice as in a power cut, while people write."""
    writers = [
        *accounts.people("+9053851", 15, FEE, COMPLAINT, HOURS, ON_DELIVERY, POINTS, FEE),
        *accounts.people("+9053852", 15, HOURS, FEE, POINTS, ON_DELIVERY, FEE, HOURS),
    ]

    def break_it() -> None:
        processes = pairs.run_info()["processes"]
        _stop(server, pairs)
        wait_until(lambda: all(_parts(pairs).values()), 15, "not ready again")
        assert pairs.run_info()["processes"] == processes, "they come back by themselves"
        kill_one_of_each(pairs, 0.5)()
        _stop(server, pairs)  # some are just starting
        wait_until(lambda: all(_parts(pairs).values()), 60, "not ready again")
        wait_until(lambda: all_run(pairs), 30, "not everything runs again")

    accounts.write_all(pairs, writers, break_it, pause=1.0)
    accounts.settle(pairs, writers, 90)
    accounts.check(pairs, writers)
    accounts.check_refused_in_time(writers)
    assert not pairs.rows("SELECT id FROM dead_letter"), "nothing is given up"
    assert not pairs.rows("SELECT id FROM handover WHERE reason = 'outage'"), "nobody is told"


def _stop(server: Any, stack: Stack) -> None:
    """Stop the server without ceremony, look, and start it again."""
    time.sleep(1.5)
    postmaster = server.get_postmaster_info().process
    os.kill(postmaster.pid, signal.SIGQUIT)
    postmaster.wait(10)
    try:
        wait_until(lambda: _parts(stack)["database"] is False, 5, "readyz does not say so")
        assert seconds_of(f"{stack.url}/healthz") < 2
        began = time.monotonic()
        wait_until(lambda: _status(stack, next(_refused)) == 500, 5, "who writes does not hear of it")
        time.sleep(max(0.0, began + STOPPED - time.monotonic()))
    finally:
        server.ensure_postgres_running()
        dispose(stack.database)  # the test's own connections are gone, too


def _status(stack: Stack, phone: str) -> int:
    """Post a message; return the answer's status, 0 when there is none."""
    try:
        return stack.fake.inbound(FEE.text, phone).status_code
    except requests.RequestException:
        return 0  # that web process is dead


def _parts(stack: Stack) -> dict[str, bool]:
    """Return which parts are well; one more is bad while nobody answers, for a web process is dead."""
    try:
        answer = requests.get(f"{stack.url}/readyz", timeout=10).json()
    except requests.RequestException:
        return {"database": True, "answered": False}
    return {part["name"]: part["ok"] for part in answer["parts"]}
