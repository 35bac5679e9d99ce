"""Every move of a conversation between bot, queue, agent and end, on both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db
from bot.conversations import service as conversations
from bot.conversations.handover import desk, service
from bot.conversations.handover.models import Handover
from bot.conversations.models import Case, Conversation, Message, Turn
from bot.conversations.states import Handling, WaitReason
from bot.errors import Conflict
from tests.aftersales import factory

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def talk(database: str) -> int:
    """A conversation with the bot, in a shop with two agents (1 and 2)."""
    with db.write() as session:
        factory.agents(session, 2)
        return int(factory.talk(session, channel="simulator").id)


def asks(
    talk: int, reason: WaitReason = WaitReason.ASKED, turn_id: str = "", **summary: Any
) -> tuple[bool, dt.datetime]:
    due = clock.now() + HOUR
    with db.write() as session:
        return service.request(
            session, conversation_id=talk, reason=reason, promised_at=due, summary=summary,
            turn_id=turn_id or None,
        ), due


def move(step: Callable[..., Any], talk: int, *more: Any) -> Any:
    with db.write() as session:
        return step(session, talk, *more)


def now_is(talk: int) -> tuple[Conversation, list[Handover]]:
    with db.read() as session:
        found = session.get(Conversation, talk)
        assert found is not None
        rows = session.scalars(
            sa.select(Handover).where(Handover.conversation_id == talk).order_by(Handover.id)
        )
        return found, list(rows)


def test_asked_claimed_and_handed_back(talk: int) -> None:
    moved, due = asks(talk, turn_id="t1", wish="track_order")
    assert moved
    found, [wait] = now_is(talk)
    assert (found.state, found.wait_reason, found.promised_at) == ("waiting", "asked", due)
    assert wait.summary == {"wish": "track_order", "turn_id": "t1"} and wait.promised_at == due
    move(service.claim, talk, 1)
    with pytest.raises(Conflict):
        move(service.claim, talk, 2)
    move(service.hand_back, talk, 1)
    found, [wait] = now_is(talk)
    assert (found.state, found.agent_id, found.promised_at) == ("bot", None, None)
    assert (wait.outcome, wait.agent_id) == ("handed_back", 1) and wait.ended_at


def test_the_wait_is_withdrawn(talk: int) -> None:
    asks(talk)
    assert move(service.withdraw, talk)
    found, [wait] = now_is(talk)
    assert (found.state, found.wait_reason, wait.outcome) == ("bot", None, "withdrawn")
    assert not move(service.withdraw, talk)


def test_an_agent_steps_in_and_resolves(talk: int) -> None:
    with db.write() as session:
        session.add(Case(conversation_id=talk))
    move(service.claim, talk, 2)
    move(service.resolve, talk, 2)
    found, [passage] = now_is(talk)
    assert (found.state, passage.reason, passage.outcome) == ("resolved", "stepped_in", "resolved")
    with db.read() as session:
        assert session.scalars(sa.select(Case)).one().closed_by == "agent"
    assert asks(talk)[0]
    assert now_is(talk)[0].state == "waiting"


@pytest.mark.parametrize("reason", [WaitReason.AGENT_LEFT, WaitReason.UNANSWERED])
def test_an_agent_leaves_and_what_was_known_stays_known(talk: int, reason: WaitReason) -> None:
    asks(talk, danger=True, ticket="T-10001")
    move(service.claim, talk, 1)
    due = clock.now() + HOUR / 2
    assert not move(service.leave, talk, 2, reason, due)
    assert move(service.leave, talk, 1, reason, due)
    found, [before, after] = now_is(talk)
    assert (found.state, found.wait_reason, found.promised_at) == ("waiting", reason.value, due)
    assert found.agent_id is None and found.waiting_since is not None
    assert before.outcome == "returned" and before.ended_at
    assert (after.reason, after.promised_at, after.ended_at) == (reason.value, due, None)
    assert after.summary == {"danger": True, "ticket": "T-10001"}


def test_who_asks_in_an_outage_waits_for_a_person_and_not_for_the_brain(talk: int) -> None:
    asks(talk, WaitReason.OUTAGE)
    moved, due = asks(talk, turn_id="t2", wish="talk_to_human")
    assert moved
    found, [wait] = now_is(talk)
    assert (found.wait_reason, found.promised_at) == ("asked", due)
    assert (wait.reason, wait.promised_at) == ("asked", due)
    assert wait.summary == {"wish": "talk_to_human", "turn_id": "t2"}
    assert not asks(talk, WaitReason.OUTAGE)[0]
    assert now_is(talk)[0].wait_reason == "asked"


def test_danger_is_added_to_a_wait_that_runs(talk: int) -> None:
    _, due = asks(talk, turn_id="t1", wish="track_order", order_number="1024", ticket="T-10001")
    moved, _ = asks(talk, WaitReason.RULE, "t2", danger=True, ticket="T-10002", words="yanıyor")
    assert not moved
    found, [wait] = now_is(talk)
    assert (found.wait_reason, found.promised_at) == ("asked", due)
    assert wait.summary == {
        "turn_id": "t1", "wish": "track_order", "order_number": "1024", "danger": True,
        "ticket": "T-10002", "tickets": ["T-10001", "T-10002"], "words": "yanıyor",
    }
    asks(talk, WaitReason.RULE, "t3", ticket="T-10003")
    [wait] = now_is(talk)[1]
    assert wait.summary["danger"] and wait.summary["tickets"][-1] == "T-10003"


def test_an_ordinary_second_wish_changes_nothing(talk: int) -> None:
    asks(talk, turn_id="t1", wish="track_order")
    assert not asks(talk, turn_id="t2", wish="talk_to_human")[0]
    assert now_is(talk)[1][0].summary == {"wish": "track_order", "turn_id": "t1"}


def test_a_new_time_stands_in_both_places_while_it_waits(talk: int) -> None:
    later = clock.now() + 3 * HOUR
    assert not move(service.repromise, talk, later)
    asks(talk)
    assert move(service.repromise, talk, later)
    found, [wait] = now_is(talk)
    assert found.promised_at == wait.promised_at == later
    move(service.claim, talk, 1)
    assert not move(service.repromise, talk, later + HOUR)
    assert now_is(talk)[1][0].promised_at == later


def test_a_persons_answer_settles_what_an_outage_left(talk: int) -> None:
    with db.write() as session:
        found = session.get(Conversation, talk)
        assert found is not None
        session.add_all([
            Turn(id="down", conversation_id=talk, state="outage"),
            Turn(id="open", conversation_id=talk, state="open"),
        ])
        session.flush()
        session.add_all([
            Message(
                conversation_id=talk, identity_id=found.identity_id, turn_id=turn, direction="in",
                author="customer", channel="simulator", account="shop", text=turn,
                provider_message_id=turn, state="received",
            )
            for turn in ("down", "open")
        ])
    move(service.claim, talk, 1)
    move(desk.reply, talk, 1, "Buyurun.")
    with db.read() as session:
        states = dict(session.execute(
            sa.select(Message.text, Message.state).where(Message.direction == "in")
        ).all())
        assert states == {"down": "handled", "open": "received"}
        assert session.get(Turn, "down").state == "silent"


def _day_passes(session: Session, talk: int) -> int:
    long_ago = clock.now() - dt.timedelta(days=2)
    case = Case(
        conversation_id=talk, opened_at=long_ago, last_activity_at=long_ago, answered=True
    )
    session.add(case)
    session.flush()
    return int(case.id)


@pytest.mark.parametrize(
    ("state", "closes"),
    [(Handling.BOT, True), (Handling.WAITING, False), (Handling.AGENT, False)],
)
def test_silence_closes_no_case_that_a_person_owes_an_answer(
    talk: int, state: Handling, closes: bool
) -> None:
    with db.write() as session:
        case_id = _day_passes(session, talk)
        session.get(Conversation, talk).state = state.value
    with db.write() as session:
        same = conversations.open_case(session, talk, clock.now()).id == case_id
        session.rollback()
    assert same is not closes
    with db.write() as session:
        assert conversations.close_quiet_cases(session) == closes
    with db.read() as session:
        assert (session.get(Case, case_id).closed_at is not None) is closes
