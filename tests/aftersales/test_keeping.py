"""Promises of people: seen in time, followed up honestly, and counted, on both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from bot import clock, db, scheduler
from bot.aftersales.promises import keeping
from bot.aftersales.promises.models import Promise
from bot.aftersales.waiting import approaching, updates
from bot.conversations.handover import service as handover
from bot.conversations.handover.models import Handover
from bot.conversations.models import Conversation, Message
from bot.conversations.tickets import service as tickets
from bot.conversations.tickets.models import Ticket
from tests.aftersales.queue_stage import TUESDAY, agent, answers, asks, chat, claims, message, state

SetClock = Callable[[str], None]
BY_PEOPLE = ("ticket_answer", "callback", "next_update")


def tuesday(time: str) -> dt.datetime:
    return dt.datetime.fromisoformat(TUESDAY.format(time))


def promise(
    talk: int, kind: str, due: dt.datetime, *, ticket: bool = True, **more: Any
) -> tuple[int, int]:
    """Make a promise with its ticket; return the ids of both (0 without a ticket)."""
    with db.write() as session:
        made = Promise(
            conversation_id=talk, kind=kind, due_at=due, basis={"source": "policy"}, **more
        )
        session.add(made)
        session.flush()
        opened = 0
        if ticket:
            opened = int(tickets.open_ticket(
                session, turn_id=f"t{made.id}", conversation_id=talk, intent="complaint",
                category="feedback", details={"first_message": "çok geç"}, due_at=due,
                order_number="1024",
            ).id)
        return int(made.id), opened


def outcomes() -> list[str]:
    with db.read() as session:
        return list(session.scalars(sa.select(Promise.state).order_by(Promise.id)))


def lines(talk: int) -> list[Message]:
    with db.read() as session:
        return list(session.scalars(
            sa.select(Message)
            .where(Message.conversation_id == talk, Message.purpose == "notice")
            .order_by(Message.id)
        ))


def leaves(row: Message) -> None:
    """Let a line leave, as the outbox does."""
    with db.write() as session:
        session.get(Message, row.id).sent_at = clock.now()


@pytest.mark.parametrize("kind", BY_PEOPLE)
def test_what_people_promised_is_kept_or_broken(
    busy_shop: None, set_clock: SetClock, kind: str
) -> None:
    answered, solved, late, silent = (chat(f"+90555333330{n}") for n in range(4))
    due = tuesday("12:00")
    made = [promise(talk, kind, due) for talk in (answered, solved, late, silent)]
    set_clock(TUESDAY.format("11:40"))
    claims(answered)
    answers(answered)
    with db.write() as session:
        tickets.solve(session, made[1][1])
    assert keeping.run() == 2 and outcomes() == ["kept", "kept", "open", "open"]
    set_clock(TUESDAY.format("12:10"))
    claims(late)
    answers(late)
    message(silent, "bot")
    assert keeping.run() == 2 and outcomes() == ["kept", "kept", "broken", "broken"]
    assert keeping.run() == 0


def test_promises_of_which_nothing_is_new_cost_nothing_each(busy_shop: None) -> None:
    """Every ticket has one: with thousands open the clock would be busy with nothing else."""
    talks = [chat(f"+90555333{n:04d}") for n in range(5)]
    for talk in talks * 8:
        promise(talk, "ticket_answer", tuesday("12:00"), ticket=False)
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    sa.event.listen(db.engine(), "before_cursor_execute", note)
    try:
        assert keeping.run() == 0
    finally:
        sa.event.remove(db.engine(), "before_cursor_execute", note)
    assert len([s for s in asked if "SELECT" in s]) <= 2 and set(outcomes()) == {"open"}
    claims(talks[0])
    answers(talks[0])
    assert keeping.run() == 8


def test_another_tickets_solution_keeps_nothing(busy_shop: None, set_clock: SetClock) -> None:
    talk = chat()
    promise(talk, "ticket_answer", tuesday("12:00"))
    _, other = promise(talk, "ticket_answer", tuesday("13:00"))
    with db.write() as session:
        tickets.solve(session, other)
    keeping.run()
    assert outcomes() == ["open", "kept"]


def test_a_ticket_that_was_solved_before_keeps_nothing(
    busy_shop: None, set_clock: SetClock
) -> None:
    talk = chat()
    _, before = promise(talk, "human_reply", tuesday("11:10"))
    with db.write() as session:
        tickets.solve(session, before)
    set_clock(TUESDAY.format("11:20"))
    promise(talk, "callback", tuesday("12:00"), ticket=False)
    keeping.run()
    assert outcomes() == ["broken", "open"]


@pytest.mark.parametrize("kind", BY_PEOPLE)
def test_people_see_what_is_due_soon(busy_shop: None, set_clock: SetClock, kind: str) -> None:
    talk = chat()
    due = tuesday("12:00")
    promise(talk, kind, due)
    set_clock(TUESDAY.format("11:25"))
    assert approaching.run() == 0 and state(talk)[0] == "bot"
    set_clock(TUESDAY.format("11:31"))
    assert approaching.run() == 1 and state(talk) == ("waiting", "rule")
    with db.read() as session:
        [wait] = session.scalars(sa.select(Handover))
        assert session.get(Conversation, talk).promised_at == wait.promised_at == due
        assert wait.summary["ticket"].startswith("T-") and wait.summary["words"] == "çok geç"
        assert (wait.summary["wish"], wait.summary["order_number"]) == ("complaint", "1024")
    claims(talk)
    with db.write() as session:
        handover.hand_back(session, talk, agent())
    assert approaching.run() == 0 and state(talk)[0] == "bot"  # once for each promise


def test_working_time_counts_and_so_does_the_beginning_of_a_call(
    busy_shop: None, set_clock: SetClock
) -> None:
    morning, call = chat(), chat("+905550000002")
    promise(morning, "ticket_answer", dt.datetime.fromisoformat("2026-11-25T09:20:00+03:00"))
    promise(
        call, "callback", dt.datetime.fromisoformat("2026-11-25T09:30:00+03:00"),
        due_from=dt.datetime.fromisoformat("2026-11-25T09:00:00+03:00"),
    )
    set_clock(TUESDAY.format("17:20"))
    assert approaching.run() == 0
    set_clock(TUESDAY.format("17:35"))
    assert approaching.run() == 1 and state(call)[0] == "waiting"
    set_clock(TUESDAY.format("17:55"))
    assert approaching.run() == 1 and state(morning)[0] == "waiting"


def test_who_has_a_person_or_an_answer_is_left_alone(
    busy_shop: None, set_clock: SetClock
) -> None:
    taken, solved = chat(), chat("+905550000002")
    promise(taken, "ticket_answer", tuesday("11:20"))
    claims(taken)
    _, ticket = promise(solved, "ticket_answer", tuesday("11:20"))
    with db.write() as session:
        tickets.solve(session, ticket)
    assert approaching.run() == 0
    assert (state(taken)[0], state(solved)[0]) == ("agent", "bot")


@pytest.mark.parametrize(
    ("language", "words"),
    [("tr", "henüz yeni bir bilgi yok"), ("en", "there is nothing new about your request yet")],
)
def test_news_without_news_come_twice_and_then_a_person_is_waited_for(
    busy_shop: None, set_clock: SetClock, language: str, words: str
) -> None:
    talk = chat(language=language)
    _, ticket = promise(talk, "next_update", tuesday("12:00"))
    set_clock(TUESDAY.format("11:40"))
    approaching.run()
    assert updates.run() == 0
    for number, time, said, next_due in (
        (1, TUESDAY.format("11:58"), "16:00", "2026-11-24T16:00:00+03:00"),
        (2, TUESDAY.format("15:58"), "11:00", "2026-11-25T11:00:00+03:00"),
    ):
        set_clock(time)
        assert updates.run() == 1 and updates.run() == 0
        line = lines(talk)[-1]
        assert len(lines(talk)) == number and line.author == "bot"
        assert words in line.text and said in line.text
        leaves(line)
        keeping.run()
        assert outcomes() == ["kept"] * number + ["open"]
        due = dt.datetime.fromisoformat(next_due)
        with db.read() as session:
            made = session.scalars(sa.select(Promise).order_by(Promise.id)).all()[-1]
            assert (made.kind, made.due_at, made.message_id) == ("next_update", due, line.id)
            assert session.get(Conversation, talk).promised_at == due
            assert session.get(Ticket, ticket).due_at == due
    set_clock("2026-11-25T11:01:00+03:00")
    assert updates.run() == 0 and len(lines(talk)) == 2
    keeping.run()
    assert outcomes() == ["kept", "kept", "broken"] and state(talk)[0] == "waiting"


def test_a_line_that_never_left_keeps_nothing(busy_shop: None, set_clock: SetClock) -> None:
    talk = chat()
    promise(talk, "next_update", tuesday("12:00"))
    set_clock(TUESDAY.format("11:58"))
    assert updates.run() == 1
    set_clock(TUESDAY.format("12:01"))
    keeping.run()
    assert outcomes() == ["broken", "open"]


def test_one_line_for_several_inquiries_and_none_while_a_person_has_the_chat(
    busy_shop: None, set_clock: SetClock
) -> None:
    talk, taken = chat(), chat("+905550000002")
    promise(talk, "next_update", tuesday("12:00"))
    promise(talk, "next_update", tuesday("12:20"))
    promise(taken, "next_update", tuesday("12:00"))
    claims(taken)
    set_clock(TUESDAY.format("11:57"))
    assert updates.run() == 1
    set_clock(TUESDAY.format("12:17"))
    assert updates.run() == 0
    assert (len(lines(talk)), len(lines(taken))) == (1, 0)


def test_a_persons_answer_is_news(busy_shop: None, set_clock: SetClock) -> None:
    talk = chat()
    asks(talk)
    promise(talk, "next_update", tuesday("12:00"))
    claims(talk)
    answers(talk)
    with db.write() as session:
        handover.hand_back(session, talk, agent())
    set_clock(TUESDAY.format("12:00"))
    assert updates.run() == 0 and lines(talk) == []


def test_the_clock_shows_writes_and_counts(busy_shop: None, set_clock: SetClock) -> None:
    news, call = chat(), chat("+905550000002")
    promise(news, "next_update", tuesday("12:00"))
    promise(call, "callback", tuesday("12:00"), due_from=tuesday("11:30"))
    set_clock(TUESDAY.format("11:58"))
    duties = {work.__name__: work for _, work in scheduler._duties()}
    duties["_promises"]()
    assert state(news) == state(call) == ("waiting", "rule")
    assert (len(lines(news)), len(lines(call))) == (1, 0)
    set_clock(TUESDAY.format("12:01"))
    duties["_promises"]()
    assert outcomes() == ["broken", "broken", "open"]
    assert duties["run"].__module__ == "bot.aftersales.waiting.timeouts"
