"""The short form of `make soak`: everything is killed once while people fill forms; nothing goes wrong.

The verdict itself is tried, too: each thing that could go wrong is put into a copy of what the run
left behind, and must be found there.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.soak import looking
from benchmarks.soak.killing import KINDS, Habits
from benchmarks.soak.ledger import Ledger
from benchmarks.soak.run import Outcome, Soak, new_seed, run
from benchmarks.soak.verify import verify
from tests.stack import dispose


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """What came of 100 messages over 20 conversations with a kill every second or two."""
    short = Soak(
        messages=100, conversations=20, rate=6.0, seed=new_seed(),
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
        assert base.execute(statement).rowcount == 1
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
    stray = subprocess.Popen([sys.executable, "-c", "input()"], env=environment, stdin=subprocess.PIPE)
    try:
        assert looking.of_folder(tmp_path) == {stray.pid: "other"}
        problems = looking.wrong(stray.pid, tmp_path, 2)
        assert len(problems) == 1 and "tree" in problems[0], "alone it is no whole stack"
        problems = looking.wrong(1, tmp_path, 2)
        assert any(str(stray.pid) in p for p in problems if "beside" in p) or stray.pid in (
            looking.family(1)
        )
    finally:
        stray.communicate(b"\n")
    assert looking.of_folder(tmp_path) == {}
