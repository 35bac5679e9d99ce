"""Who has a conversation: every move between bot, waiting, agent and resolved.

Each move is one conditional UPDATE, so that of two who try at once exactly one succeeds.

    bot -> waiting (asked, rule, outage)      waiting -> agent (claim)
    waiting -> bot (withdrawn)                bot -> agent (an agent steps in)
    agent -> waiting (left, unanswered)       agent -> bot (hand-back)
    any -> resolved                           resolved -> bot (customer writes: `store_inbound`)
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NoReturn

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db, jobs
from bot.accounts.models import AuditEntry, User
from bot.conversations.handover.models import Handover
from bot.conversations.models import Case, Conversation, OpenOption
from bot.conversations.states import Handling, WaitReason
from bot.errors import Conflict, NotFound


def request(
    session: Session, *, conversation_id: int, reason: WaitReason,
    promised_at: dt.datetime | None, summary: Mapping[str, Any] | None = None,
    turn_id: str | None = None,
) -> bool:
    """Let a conversation wait for a person; False when it already waits or a person has it."""
    moved = db.conditional_update(
        session,
        sa.update(Conversation)
        .where(
            Conversation.id == conversation_id,
            Conversation.state.in_([Handling.BOT.value, Handling.RESOLVED.value]),
        )
        .values(
            state=Handling.WAITING.value, wait_reason=reason.value, waiting_since=clock.now(),
            promised_at=promised_at,
        ),
    )
    if moved:
        session.add(
            Handover(
                conversation_id=conversation_id, reason=reason.value, promised_at=promised_at,
                summary={**(summary or {}), **({"turn_id": turn_id} if turn_id else {})},
            )
        )
    return moved


def withdraw(session: Session, conversation_id: int) -> bool:
    """End the wait without a person (customer withdraws, outage over); False when claimed by then."""
    moved = _move(
        session, conversation_id, (Handling.WAITING,), Handling.BOT, wait_reason=None,
        waiting_since=None, promised_at=None,
    )
    if moved:
        _end(session, conversation_id, "withdrawn")
    return moved


def claim(session: Session, conversation_id: int, user_id: int) -> None:
    """Give a conversation to an agent; Conflict names who has it."""
    now = clock.now()
    got = db.conditional_update(
        session,
        sa.update(Conversation)
        .where(
            Conversation.id == conversation_id,
            Conversation.state != Handling.AGENT.value,
        )
        .values(state=Handling.AGENT.value, agent_id=user_id, agent_since=now),
    )
    if not got:
        conversation = session.get(Conversation, conversation_id, populate_existing=True)
        if conversation is None:
            raise NotFound("no such conversation")
        if conversation.agent_id == user_id:
            return
        holder = session.get(User, conversation.agent_id) if conversation.agent_id else None
        raise Conflict(holder.name if holder else "?")
    waiting = _open_handover(session, conversation_id)
    if waiting is None:
        waiting = Handover(conversation_id=conversation_id, reason="stepped_in")
        session.add(waiting)
    waiting.claimed_at, waiting.agent_id = now, user_id
    _audit(session, user_id, "claim", conversation_id)


def hand_back(session: Session, conversation_id: int, user_id: int) -> None:
    """Give the conversation back to the bot; only its agent may."""
    if not _release(session, conversation_id, user_id, Handling.BOT):
        refuse(session, conversation_id)
    _end(session, conversation_id, "handed_back")
    _forget_open_question(session, conversation_id, "handed_back")
    _audit(session, user_id, "hand_back", conversation_id)
    db.after_commit(session, lambda: jobs.ring(conversation_id))


def leave(session: Session, conversation_id: int, user_id: int, reason: WaitReason) -> bool:
    """Put an agent's conversation back into the queue, with the time of now; False if not theirs."""
    moved = _release(
        session, conversation_id, user_id, Handling.WAITING, wait_reason=reason.value,
        waiting_since=clock.now(),
    )
    if moved:
        _end(session, conversation_id, "returned_to_queue")
        session.add(Handover(conversation_id=conversation_id, reason=reason.value))
        _audit(session, user_id, "leave", conversation_id)
    return moved


def resolve(session: Session, conversation_id: int, user_id: int) -> None:
    """Close the matter; an agent may only resolve what nobody else has."""
    moved = db.conditional_update(
        session,
        sa.update(Conversation)
        .where(
            Conversation.id == conversation_id,
            sa.or_(Conversation.agent_id == user_id, Conversation.agent_id.is_(None)),
        )
        .values(**_RELEASED, state=Handling.RESOLVED.value),
    )
    if not moved:
        refuse(session, conversation_id)
    _end(session, conversation_id, "resolved")
    now = clock.now()
    session.execute(
        sa.update(Case)
        .where(Case.conversation_id == conversation_id, Case.closed_at.is_(None))
        .values(closed_at=now, closed_by="agent")
        .execution_options(synchronize_session=False)
    )
    _forget_open_question(session, conversation_id, "resolved")
    _audit(session, user_id, "resolve", conversation_id)


_RELEASED: dict[str, Any] = {
    "agent_id": None, "agent_since": None, "wait_reason": None, "waiting_since": None,
    "promised_at": None,
}


def _move(
    session: Session, conversation_id: int, sources: tuple[Handling, ...], target: Handling,
    **values: Any,
) -> bool:
    return db.conditional_update(
        session,
        sa.update(Conversation)
        .where(
            Conversation.id == conversation_id,
            Conversation.state.in_([s.value for s in sources]),
        )
        .values(state=target.value, **values),
    )


def _release(
    session: Session, conversation_id: int, user_id: int, target: Handling, **values: Any
) -> bool:
    return db.conditional_update(
        session,
        sa.update(Conversation)
        .where(
            Conversation.id == conversation_id, Conversation.state == Handling.AGENT.value,
            Conversation.agent_id == user_id,
        )
        .values(**{**_RELEASED, **values}, state=target.value),
    )


def refuse(session: Session, conversation_id: int) -> NoReturn:
    """Raise Conflict with the name of who has a conversation (empty: nobody), or NotFound."""
    conversation = session.get(Conversation, conversation_id, populate_existing=True)
    if conversation is None:
        raise NotFound("no such conversation")
    holder = session.get(User, conversation.agent_id) if conversation.agent_id else None
    raise Conflict(holder.name if holder else "")


def _open_handover(session: Session, conversation_id: int) -> Handover | None:
    row: Handover | None = session.scalars(
        sa.select(Handover)
        .where(Handover.conversation_id == conversation_id, Handover.ended_at.is_(None))
        .order_by(Handover.id.desc())
    ).first()
    return row


def _end(session: Session, conversation_id: int, outcome: str) -> None:
    session.execute(
        sa.update(Handover)
        .where(Handover.conversation_id == conversation_id, Handover.ended_at.is_(None))
        .values(ended_at=clock.now(), outcome=outcome)
        .execution_options(synchronize_session=False)
    )


def _forget_open_question(session: Session, conversation_id: int, outcome: str) -> None:
    """A person settled the matter: the brain must not go on with its form or question.

    The tracker is told before it is asked next (`turns.memory`), so that it works with Rasa away.
    """
    conversation = session.get(Conversation, conversation_id, populate_existing=True)
    if conversation is not None:
        conversation.memory = {"reset": outcome, "saved_at": clock.now().isoformat()}
    session.execute(
        sa.update(OpenOption)
        .where(OpenOption.conversation_id == conversation_id, OpenOption.is_open.is_(True))
        .values(is_open=False)
        .execution_options(synchronize_session=False)
    )


def _audit(session: Session, user_id: int, action: str, conversation_id: int) -> None:
    session.add(
        AuditEntry(user_id=user_id, action=action, target=f"conversation:{conversation_id}")
    )
