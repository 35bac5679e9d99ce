"""Tickets: opened once per turn, numbered without a clash, found by their owner only."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
import sqlalchemy as sa

from bot import clock, db
from bot.aftersales import demo
from bot.conversations.models import Case, Conversation
from bot.conversations.tickets import queries, service
from bot.conversations.tickets.models import Ticket
from bot.errors import NotFound
from tests.aftersales import factory


@pytest.fixture
def talk(database: str) -> Conversation:
    with db.write() as session:
        return factory.talk(session)


def open_one(talk: Conversation, turn: str, ordinal: int = 0, **more: Any) -> Ticket:
    values: dict[str, Any] = {
        "intent": "complaint", "category": "feedback", "details": {"words": "çok geç"},
        "order_number": "1024", "due_at": clock.now() + dt.timedelta(hours=8), "priority": "high",
    }
    with db.write() as session:
        return service.open_ticket(
            session, turn_id=turn, ordinal=ordinal, conversation_id=talk.id, **{**values, **more}
        )


def count() -> int:
    with db.read() as session:
        return int(session.scalar(sa.select(sa.func.count()).select_from(Ticket)) or 0)


def test_a_ticket_holds_what_was_said(talk: Conversation) -> None:
    with db.write() as session:
        session.add(Case(conversation_id=talk.id, closed_at=clock.now()))
        session.add(Case(conversation_id=talk.id))
    due = clock.now() + dt.timedelta(hours=1)
    opened = open_one(talk, "turn", due_at=due)
    with db.read() as session:
        ticket = session.get(Ticket, opened.id)
        assert ticket is not None
        assert (ticket.customer_id, ticket.conversation_id) == (talk.customer_id, talk.id)
        assert session.get(Case, ticket.case_id).closed_at is None
        assert (ticket.intent, ticket.category) == ("complaint", "feedback")
        assert ticket.priority == "high"
        assert (ticket.order_number, ticket.due_at, ticket.state) == ("1024", due, "open")
        assert ticket.details == {"words": "çok geç"}


def test_numbers_go_on_after_the_highest(talk: Conversation) -> None:
    assert open_one(talk, "a").number == "T-10001"
    with db.write() as session:
        service.insert_numbered(
            session, 20931, customer_id=talk.customer_id, intent="x", category="y"
        )
    assert [open_one(talk, t).number for t in "bc"] == ["T-20932", "T-20933"]


def test_numbers_go_on_after_the_demo_shop(database: str) -> None:
    demo.load_if_empty()
    with db.write() as session:
        talk = factory.talk(session, "+905001112233")
    assert open_one(talk, "a").number == "T-20932"


def test_a_repeated_turn_opens_no_second_ticket(talk: Conversation) -> None:
    first = open_one(talk, "turn")
    again = open_one(talk, "turn", details={"words": "something else"})
    assert again.id == first.id and again.details == {"words": "çok geç"}
    assert open_one(talk, "turn", ordinal=1).id != first.id
    assert count() == 2


def test_a_failed_transaction_leaves_the_turn_free(talk: Conversation) -> None:
    with pytest.raises(RuntimeError), db.write() as session:
        service.open_ticket(
            session, turn_id="turn", conversation_id=talk.id, intent="x", category="y", details={}
        )
        raise RuntimeError
    assert count() == 0
    assert open_one(talk, "turn").number == "T-10001"


def test_without_a_conversation_there_is_no_ticket(database: str) -> None:
    with pytest.raises(NotFound), db.write() as session:
        service.open_ticket(
            session, turn_id="t", conversation_id=4711, intent="x", category="y", details={}
        )


def test_tickets_at_once_get_numbers_of_their_own(talk: Conversation) -> None:
    numbers: list[str] = []

    def work(turn: str) -> None:
        numbers.append(open_one(talk, turn).number)

    threads = [threading.Thread(target=work, args=(f"turn{n // 2}",)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(numbers) == 16  # each turn was worked on twice at once
    assert sorted(set(numbers)) == [f"T-{10001 + n}" for n in range(8)]


def test_the_owner_finds_it_and_nobody_else(talk: Conversation) -> None:
    mine = open_one(talk, "a")
    with db.write() as session:
        other = factory.talk(session, "+905337654321")
    with db.read() as session:
        for written in ("T-10001", "t10001", "10001", "T - 10001"):
            found = queries.by_number(session, talk.customer_id, written)
            assert found is not None and found.id == mine.id
            assert queries.by_number(session, other.customer_id, written) is None
        for nothing in ("T-99999", "", "T-", "9" * 30, "٣"):
            assert queries.by_number(session, talk.customer_id, nothing) is None


def test_open_ones_come_first(talk: Conversation) -> None:
    opened = [open_one(talk, turn) for turn in "abc"]
    with db.write() as session:
        assert service.solve(session, opened[2].id)
        assert not service.solve(session, opened[2].id)
    with db.read() as session:
        listed = queries.of_customer(session, talk.customer_id)
        assert [ticket.number for ticket in listed] == ["T-10002", "T-10001", "T-10003"]
        assert listed[2].solved_at is not None
        running = queries.open_about(session, "1024", "feedback")
        assert running is not None and running.number == "T-10002"
        assert queries.open_about(session, "1024", "orders") is None
