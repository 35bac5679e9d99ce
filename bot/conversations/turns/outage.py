"""When the brain does not answer: tried for 25 s, told once, and answered when it is back."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock
from bot.aftersales.promises import service as promises
from bot.aftersales.promises.kinds import PromiseKind
from bot.conversations import wording
from bot.conversations.handover import service as handover
from bot.conversations.models import Conversation, DeadLetter, Message, Turn
from bot.conversations.states import Author, Purpose, WaitReason
from bot.conversations.turns.answer import with_notice
from bot.conversations.turns.route import identity_of, to_a_person
from bot.gateway.outbox import queue

TRIED_FOR = 25.0  # real seconds
_PAUSES = (0.3, 1.0, 2.0, 4.0)  # real seconds between tries
_PROBE = 5.0  # between tries once the customer was told
HOPELESS_AFTER = 20  # tries, some 90 s; with a brain that is well it is this turn that is at fault


def pause(turn: Turn) -> float:
    """Return the real seconds until the brain is asked again."""
    if turn.state == "outage":
        return _PROBE
    return _PAUSES[min(int(turn.attempts), len(_PAUSES) - 1)]


def is_due(turn: Turn) -> bool:
    """Tell whether the customer has waited long enough to be told."""
    return turn.state == "open" and clock.real() - float(turn.started_real) >= TRIED_FOR


def tell(
    session: Session, conversation: Conversation, turn: Turn, messages: Sequence[Message],
    language: str,
) -> None:
    """Tell the customer once and let the conversation wait for a person.

    The line is no reply of the turn: that comes from the brain or from a person later. Somebody
    who was told in this outage already is not told again.
    """
    told = _others(session, conversation, turn.id)
    turn.state = "outage"
    if told:
        return
    route = to_a_person(session, conversation, language, WaitReason.OUTAGE, "utter_outage_waiting")
    identity = identity_of(session, messages)
    text = wording.say(route.say, language, **route.variables)
    rows = queue.put(
        session, conversation,
        [queue.Draft(with_notice(session, identity, text, language))],
        purpose=Purpose.REPLY, author=Author.SYSTEM, identity=identity,
        case_id=messages[-1].case_id, attributes={"notice": "outage"},
    )
    if route.promises:
        promises.store(session, conversation.id, None, rows[-1].id, 0, route.promises)


def _others(session: Session, conversation: Conversation, turn_id: str) -> int:
    """Return how many other turns of the conversation wait for the brain."""
    count = session.scalar(
        sa.select(sa.func.count())
        .select_from(Turn)
        .where(
            Turn.conversation_id == conversation.id, Turn.state == "outage", Turn.id != turn_id
        )
    )
    return int(count or 0)


def give_up(session: Session, conversation: Conversation, turn: Turn) -> None:
    """Leave a turn that can not be answered to a person, with a dead letter for the operator."""
    if conversation.wait_reason == WaitReason.OUTAGE.value:
        conversation.wait_reason = WaitReason.RULE.value  # the end of an outage must not withdraw it
    session.add(
        DeadLetter(
            direction="in", channel="rasa", kind="unanswerable_turn",
            reason="the brain is well and fails on this turn; a person was asked",
            payload={"turn": turn.id, "attempts": turn.attempts},
        )
    )


def over(session: Session, conversation: Conversation, turn_id: str, language: str) -> str:
    """Withdraw the hand-over of an outage; return the line that opens the late answer."""
    if not _others(session, conversation, turn_id) and conversation.wait_reason == WaitReason.OUTAGE.value:
        if conversation.waiting_since is not None:
            # The answer that a person was to give comes now.
            promises.keep(
                session, conversation.id, PromiseKind.HUMAN_REPLY.value, conversation.waiting_since
            )
        handover.withdraw(session, conversation.id)
        session.refresh(conversation)
    return wording.say("utter_resumed_after_outage", language)
