"""What a send, a receipt and the sweep ask of the database does not grow with the shop's messages."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from bot import db, scheduler
from bot.gateway.outbox import claims, overdue, sender
from tests.fakes.twilio import TwilioFake
from tests.gateway.outbox_stage import PHONE, conversation, later, receipt, say

_WHOLE_SHOP = re.compile(r"SCAN message\b|SEARCH message\b.*\((?:direction|channel)=\?\)")


@pytest.fixture
def asked(database: str) -> Any:
    """Every SELECT on messages with its values, on SQLite: its plan is the one that can surprise."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.startswith("SELECT") and "FROM message" in statement:
            found.append((statement, values))

    if not database.startswith("sqlite"):
        pytest.skip("PostgreSQL knows how selective a column is")
    sa.event.listen(db.engine(), "before_cursor_execute", note)
    yield found
    sa.event.remove(db.engine(), "before_cursor_execute", note)


def test_no_question_goes_through_all_messages(fake: TwilioFake, asked: list[Any]) -> None:
    talk = conversation()
    fake.fault("drop")
    say(talk, "bir", "iki")
    sender.drain(talk)
    later(60)
    sender.drain(talk)  # looked up, then the second
    receipt(fake.sent(PHONE)[0].sid, "read")  # without our own id
    scheduler.sweep()
    overdue.ask()
    with db.write() as session:
        claims.free_dead(session)
    questions = dict(asked)
    assert len(questions) >= 7
    with db.read() as session:
        cursor = session.connection().connection.cursor()
        for statement, values in questions.items():
            cursor.execute("EXPLAIN QUERY PLAN " + statement, values)
            plan = "; ".join(row[3] for row in cursor.fetchall())
            assert not _WHOLE_SHOP.search(plan), f"{plan}: {statement}"
