"""When the brain does not answer: tried for 25 s, told once, and answered when it is back."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock
from bot.aftersales.promises import service as promises
from bot.conversations import wording
from bot.conversations.handover import service as handover
from bot.conversations.models import Conversation, Message, Turn
from bot.conversations.states import Author, Handling, Purpose, WaitReason
from bot.conversations.turns.route import identity_of, to_a_person
from bot.gateway.outbox import queue

TRIED_FOR = 25.0  # real seconds
_PAUSES = (0.3, 1.0, 2.0, 4.0)  # real seconds between tries
_PROBE = 5.0  # between tries once the customer was told


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
    already = conversation.state == Handling.WAITING.value
    outage_before = already and conversation.wait_reason == WaitReason.OUTAGE.value
    turn.state = "outage"
    if outage_before:
        return
    route = to_a_person(session, conversation, language, WaitReason.OUTAGE, "utter_outage_waiting")
    rows = queue.put(
        session, conversation,
        [queue.Draft(wording.say(route.say, language, **route.variables))],
        purpose=Purpose.REPLY, author=Author.SYSTEM, identity=identity_of(session, messages),
        case_id=messages[-1].case_id, attributes={"notice": "outage"},
    )
    if route.promises:
        promises.store(session, conversation.id, None, rows[-1].id, 0, route.promises)


def over(session: Session, conversation: Conversation, turn: Turn, language: str) -> str:
    """Withdraw the hand-over of an outage; return the line that opens the late answer."""
    if turn.state != "outage":
        return ""
    others = session.scalar(
        sa.select(sa.func.count())
        .select_from(Turn)
        .where(
            Turn.conversation_id == conversation.id, Turn.state == "outage", Turn.id != turn.id
        )
    )
    if not others and conversation.wait_reason == WaitReason.OUTAGE.value:
        handover.withdraw(session, conversation.id)
        session.refresh(conversation)
    return wording.say("utter_resumed_after_outage", language)
