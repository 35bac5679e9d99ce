"""The short form of `make soak`: everything is killed once while people fill forms; nothing goes wrong.

The verdict itself is tried, too: each thing that could go wrong is put into a copy of what the run
left behind, and must be found there.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from benchmarks.soak import killing, looking
from benchmarks.soak.killing import KINDS, Habits, Killer
from benchmarks.soak.ledger import Ledger
from benchmarks.soak.run import Outcome, Soak, new_seed, run
from benchmarks.soak.verify import verify
from tests.stack import Stack, dispose


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """What came of 100 messages over 20 conversations with a kill every second or two."""
    short = Soak(
        messages=100, conversations=20, rate=12.0, seed=new_seed(),
        habits=Habits(gap=(0.6, 1.4), supervisor_after=0.0, supervisor_every=600.0), settle=0.0,
        patience=90.0, poll=2, report_every=10.0,
    )
    found = run(short, tmp_path_factory.mktemp("soak"), print)
    yield found
    assert found.ledger is not None
    found.ledger.close()


@pytest.mark.timeout(300)
def test_nothing_goes_wrong_while_everything_is_killed(outcome: Outcome) -> None:
    assert outcome.violations == [], f"seed {outcome.soak.seed}"
    assert outcome.figures["written"] == 100
    kills = outcome.figures["kills by process"]
    assert set(kills) == {*KINDS, "supervisor"} and outcome.figures["tickets"] >= 20


_IN, _OUT = "direction = 'in'", "direction = 'out' AND author = 'bot'"
_LAST = "(SELECT max(id) FROM message WHERE {})"
_DETAILS = "json_set(details, '$.details', (SELECT json_extract(details, '$.details') FROM ticket " \
           "WHERE id = (SELECT max(id) FROM ticket)))"
_DETAILED = "(SELECT min(id) FROM ticket WHERE is_demo = 0 AND json_extract(details, '$.details') > '')"
DAMAGE = {
    "a message is lost": (
        f"DELETE FROM message WHERE id = {_LAST.format(_IN)}", "is stored 0 times"),
    "a message is not answered": (
        f"UPDATE message SET state = 'received' WHERE id = {_LAST.format(_IN)}", "is received"),
    "a message belongs to no turn": (
        f"UPDATE message SET turn_id = NULL WHERE id = {_LAST.format(_IN)}", "turn None"),
    "a turn has no reply": (
        f"DELETE FROM message WHERE id = {_LAST.format(_OUT)}", "0 replies"),
    "a turn is answered twice": (
        "INSERT INTO message (uid, conversation_id, identity_id, turn_id, direction, author, channel, "
        "account, provider_message_id, kind, text, attributes, created_at, arrived_real, state, "
        "ordinal, purpose, attempts, claim_until, status_rank) SELECT 'again', conversation_id, "
        "identity_id, turn_id, direction, author, channel, account, 'SMagain', kind, text, "
        "attributes, created_at, arrived_real, state, 1, purpose, attempts, claim_until, status_rank "
        f"FROM message WHERE id = {_LAST.format(_OUT)}", "other messages than ours"),
    "an answer is another question's": (
        f"UPDATE message SET text = 'hı?' WHERE id = {_LAST.format(_OUT)}", "is answered without"),
    "a message never left": (
        f"UPDATE message SET state = 'failed' WHERE id = {_LAST.format(_OUT)}", "a message is failed"),
    "a ticket is missing": (
        "DELETE FROM ticket WHERE id = (SELECT max(id) FROM ticket)", "tickets: missing"),
    "a ticket is there twice": (
        "INSERT INTO ticket (number, sequence, conversation_id, customer_id, intent, category, "
        "priority, state, details, opened_at, is_demo) SELECT 'T-99999', 99999, conversation_id, "
        "customer_id, intent, category, priority, state, details, opened_at, is_demo FROM ticket "
        "WHERE id = (SELECT max(id) FROM ticket)", "not wished for"),
    "a customer is told of an outage twice": (
        "INSERT INTO message (uid, conversation_id, identity_id, direction, author, channel, account, "
        "provider_message_id, kind, text, attributes, created_at, arrived_real, state, ordinal, "
        "purpose, attempts, claim_until, status_rank) SELECT 'told' || time.value, conversation_id, "
        "identity_id, direction, 'system', channel, account, 'SM' || time.value, kind, text, "
        "'{\"notice\": \"outage\"}', strftime('%Y-%m-%d %H:%M:%S.000000', created_at, time.value), "
        "arrived_real, state, 0, purpose, attempts, claim_until, status_rank FROM message, "
        "json_each('[\"+1 second\", \"+50 seconds\"]') AS time "
        f"WHERE message.id = {_LAST.format(_OUT)}", "told of an outage twice in 49 s"),
    "an answer is in the wrong field": (
        "UPDATE ticket SET details = json_remove(json_set(details, '$.photo', json_extract(details, "
        f"'$.details')), '$.details') WHERE id = {_DETAILED}", "tickets: missing"),
    "an answer is in a second field as well": (
        "UPDATE ticket SET details = json_set(details, '$.photo', json_extract(details, '$.details')) "
        f"WHERE id = {_DETAILED}", "tickets: missing"),
    "an answer is in the wrong form": (
        f"UPDATE ticket SET details = {_DETAILS} WHERE id = (SELECT min(id) FROM ticket WHERE "
        "is_demo = 0)", "tickets: missing"),
    "a form was left half-way": (
        "UPDATE ticket SET details = json_set(details, '$.incomplete', 1) WHERE id = "
        "(SELECT max(id) FROM ticket)", "incomplete"),
    "a customer waits for a person": (
        "UPDATE conversation SET state = 'waiting' WHERE id = (SELECT max(id) FROM conversation)",
        "it ended as waiting"),
    "something could not be handled": (
        "INSERT INTO dead_letter (direction, channel, kind, reason, payload, created_at) VALUES "
        "('in', 'rasa', 'unanswerable_turn', 'x', '{}', '2026-11-24 00:00:00')", "a dead letter"),
}
TAKEN = {
    "the provider took a message twice": (
        "INSERT INTO held (sid, direction, address, our_id, body, at) SELECT 'SMtwice', direction, "
        "address, our_id, body, at FROM held WHERE number = (SELECT max(number) FROM held WHERE "
        "direction = 'out')", "2 times"),
    "the provider never had a message": (
        "DELETE FROM held WHERE number = (SELECT max(number) FROM held WHERE direction = 'out')",
        "other messages than ours, or in another order"),
    "a customer got an answer before an earlier one": (
        "UPDATE held SET number = -1 WHERE number = (SELECT max(number) FROM held WHERE "
        "direction = 'out')", "other messages than ours, or in another order"),
    "the provider took other words": (
        "UPDATE held SET body = 'hı?' WHERE number = (SELECT max(number) FROM held WHERE "
        "direction = 'out')", "which we do not know like that"),
}


@pytest.mark.parametrize("what", [*DAMAGE, *TAKEN])
def test_what_goes_wrong_is_found(outcome: Outcome, tmp_path: Path, what: str) -> None:
    statement, words = (DAMAGE | TAKEN)[what]
    shutil.copyfile(outcome.folder / "var" / "destek.sqlite3", tmp_path / "destek.sqlite3")
    assert outcome.ledger is not None
    outcome.ledger.copy(tmp_path / "provider.sqlite3")
    damaged = "destek.sqlite3" if what in DAMAGE else "provider.sqlite3"
    with contextlib.closing(sqlite3.connect(tmp_path / damaged)) as base:
        assert base.execute(statement).rowcount >= 1
        base.commit()
    url = f"sqlite:///{tmp_path}/destek.sqlite3"
    ledger = Ledger(tmp_path / "provider.sqlite3")
    try:
        planned = outcome.soak.planned
        found = verify(url, ledger, outcome.soak.seed, planned, outcome.written)
    finally:
        ledger.close()
        dispose(url)
    assert any(words in violation for violation in found.violations), found.violations


def test_a_process_beside_the_tree_is_found(tmp_path: Path) -> None:
    environment = {**os.environ, "DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-c", "input()"]
    stray = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE)
    other = subprocess.Popen(command, stdin=subprocess.PIPE)
    try:
        assert looking.of_folder(tmp_path) == {stray.pid: "other"}
        problems = looking.wrong(stray.pid, tmp_path, 2)
        assert len(problems) == 1 and "tree" in problems[0], "alone it is no whole stack"
        problems = looking.wrong(other.pid, tmp_path, 2)
        assert [p for p in problems if "beside" in p and str(stray.pid) in p], problems
    finally:
        stray.communicate(b"\n")
        other.communicate(b"\n")
    assert looking.of_folder(tmp_path) == {}


class _Loop:
    """A "supervisor" that starts its one process again."""

    def start(self) -> None:
        again = "import subprocess, sys\nwhile True: subprocess.call([sys.executable, *sys.argv[1:]])"
        one = "__import__('time').sleep(99)"
        self._process = subprocess.Popen(
            [sys.executable, "-c", again, "-c", one, "gunicorn"], start_new_session=True
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


def test_everything_rests_before_and_after_the_supervisor_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A kill of the supervisor kills everything: it counts as one more of each."""
    monkeypatch.setattr(killing, "REST", 0.6)
    stack = _Loop()
    stack.start()
    moments: Any = dict.fromkeys(("web", "supervisor"), lambda: True)
    habits = Habits((0.05, 0.1), supervisor_after=1.2, supervisor_every=2.2, kinds=("web",))
    killer = Killer(cast(Stack, stack), random.Random(1), habits, moments)

    async def kill() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(4.5, stop.set)
        await asyncio.wait_for(killer.run(stop), 20)

    try:
        asyncio.run(kill())
    finally:
        stack.stop()
    assert killer.kills["supervisor"] >= 2 and killer.kills["web"]
    times = [at for at, _, _ in killer.log]
    assert min(after - before for before, after in itertools.pairwise(times)) > 0.59
