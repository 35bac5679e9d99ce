"""Customers whom an agent leaves without an answer, on both databases."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from bot import clock, db
from bot.aftersales.promises import compute
from bot.aftersales.promises.models import Promise
from bot.aftersales.waiting import back, timeouts
from bot.conversations.handover.models import Handover
from bot.conversations.models import Conversation, Message
from bot.conversations.states import WaitReason
from tests.aftersales.queue_stage import TUESDAY, agent, answers, asks, chat, claims, message, state

SetClock = Callable[[str], None]

def test_an_agent_who_writes_nothing_loses_the_chat(busy_shop: None, set_clock: SetClock) -> None:
    talk = chat()
    message(talk)
    message(talk, "bot")
    asks(talk)
    claims(talk)
    set_clock(TUESDAY.format("11:29"))
    assert timeouts.run() == 0 and state(talk)[0] == "agent"
    message(talk)  # "orda mısınız?" does not put it off
    set_clock(TUESDAY.format("11:31"))
    assert timeouts.run() == 1 and state(talk) == ("waiting", "unanswered")
    assert timeouts.run() == 0


def test_an_answer_holds_the_chat_until_the_customer_writes(
    busy_shop: None, set_clock: SetClock
) -> None:
    talk = chat()
    asks(talk)
    claims(talk)
    answers(talk)
    set_clock(TUESDAY.format("14:00"))
    assert timeouts.run() == 0
    message(talk, kind="reaction")
    message(talk, attributes={"automatic": True})
    set_clock(TUESDAY.format("15:00"))
    assert timeouts.run() == 0
    message(talk)
    set_clock(TUESDAY.format("15:20"))
    message(talk)
    assert timeouts.run() == 0
    set_clock(TUESDAY.format("15:31"))
    assert timeouts.run() == 1


def test_an_agent_who_steps_in_owes_nothing_until_the_customer_writes(
    busy_shop: None, set_clock: SetClock
) -> None:
    quiet, asking = chat(), chat("+905550000002")
    for talk in (quiet, asking):
        message(talk)
    message(quiet, "bot")
    set_clock(TUESDAY.format("11:01"))
    claims(quiet)
    claims(asking)
    set_clock(TUESDAY.format("11:40"))
    assert timeouts.run() == 1
    assert (state(quiet)[0], state(asking)[0]) == ("agent", "waiting")


def test_closed_hours_do_not_count(busy_shop: None, set_clock: SetClock) -> None:
    talk = chat()
    set_clock(TUESDAY.format("17:50"))
    asks(talk)
    claims(talk)
    set_clock(TUESDAY.format("22:00"))
    assert timeouts.run() == 0
    set_clock("2026-11-25T09:19:00+03:00")
    assert timeouts.run() == 0
    set_clock("2026-11-25T09:21:00+03:00")
    assert timeouts.run() == 1


@pytest.mark.parametrize(
    ("language", "words"),
    [("tr", "En geç bugün 11:20 itibarıyla size yazacağız."),
     ("en", "We will write to you by today 11:20 at the latest.")],
)
def test_who_goes_back_is_told_by_when(
    busy_shop: None, set_clock: SetClock, language: str, words: str
) -> None:
    talk = chat(language=language)
    asks(talk, minutes=5)
    claims(talk)
    set_clock(TUESDAY.format("11:14"))
    with db.write() as session:
        assert back.put_back(session, talk, agent(), WaitReason.AGENT_LEFT)
        assert not back.put_back(session, talk, agent(), WaitReason.AGENT_LEFT)
    with db.read() as session:
        [said] = session.scalars(sa.select(Message).where(Message.direction == "out"))
        assert (said.author, said.state) == ("system", "queued")
        assert words in said.text
        found = session.get(Conversation, talk)
        [_, wait] = session.scalars(sa.select(Handover).order_by(Handover.id))
        [_, promise] = session.scalars(sa.select(Promise).order_by(Promise.id))
        assert found.promised_at == wait.promised_at == promise.due_at
        assert (promise.kind, promise.message_id) == ("human_reply", said.id)
        assert promise.wording and promise.wording in said.text


def test_a_promise_that_still_stands_is_not_put_off(busy_shop: None, set_clock: SetClock) -> None:
    for n in range(20):
        asks(chat(f"+9055511111{n:02}"), minutes=300)
    talk = chat()
    due = asks(talk, minutes=20)
    claims(talk)
    set_clock(TUESDAY.format("11:05"))
    with db.write() as session:
        back.put_back(session, talk, agent(), WaitReason.AGENT_LEFT)
    with db.read() as session:
        assert session.get(Conversation, talk).promised_at == due
        rows = session.scalars(sa.select(Promise).where(Promise.conversation_id == talk)).all()
        assert [row.due_at for row in rows] == [due]


def test_who_waits_waits_only_for_those_before(busy_shop: None, set_clock: SetClock) -> None:
    talks = []
    for minute in range(10):
        set_clock(TUESDAY.format(f"10:{minute:02}"))
        talks.append(chat(f"+90555222220{minute}"))
        asks(talks[-1])
    set_clock(TUESDAY.format("11:00"))
    with db.read() as session:
        now = clock.now()
        places = [
            compute.human_reply(session, now, conversation_id=talk).basis["place"]
            for talk in (talks[0], talks[4], talks[9])
        ]
        assert places == [1, 5, 10]
        assert compute.human_reply(session, now).basis["place"] == 11
