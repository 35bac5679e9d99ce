"""Who has a conversation: every move between bot, waiting, agent and resolved.

Each move is one conditional UPDATE, so that of two who try at once exactly one succeeds.

    bot -> waiting (asked, rule, outage)      waiting -> agent (claim)
    waiting -> bot (withdrawn)                bot -> agent (an agent steps in)
    agent -> waiting (left, unanswered)       agent -> bot (hand-back)
    any -> resolved                           resolved -> bot (customer writes: `arrivals.store`)
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NoReturn

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db, jobs, live
from bot.accounts.models import AuditEntry, User
from bot.conversations.handover.models import Handover
from bot.conversations.models import Case, Conversation, OpenOption
from bot.conversations.states import Handling, WaitReason
from bot.errors import Conflict, NotFound

STEPPED_IN = "stepped_in"  # reason of a passage that began with an agent and not with a request


def request(
    session: Session, *, conversation_id: int, reason: WaitReason,
    promised_at: dt.datetime | None, summary: Mapping[str, Any] | None = None,
    turn_id: str | None = None,
) -> bool:
    """Let a conversation wait for a person; False when it already waits or a person has it.

    Somebody who waits because of an outage and then asks for a person, or is sent to one by a
    rule, waits for that from now on (True): the end of the outage no longer ends the wait. What is
    more urgent than what is known, danger or a ticket, is added to the summary of a running wait.
    """
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
    live.changed_with(session, conversation_id, live.INBOX)
    if moved:
        session.add(
            Handover(
                conversation_id=conversation_id, reason=reason.value, promised_at=promised_at,
                summary=_with_turn(summary or {}, turn_id),
            )
        )
        return True
    return _join_the_wait(session, conversation_id, reason, promised_at, summary or {}, turn_id)


def _join_the_wait(
    session: Session, conversation_id: int, reason: WaitReason, promised_at: dt.datetime | None,
    summary: Mapping[str, Any], turn_id: str | None,
) -> bool:
    """Bring a further request into the wait that runs; True when it is the reason from now on."""
    conversation = session.scalars(
        sa.select(Conversation)
        .where(Conversation.id == conversation_id, Conversation.state == Handling.WAITING.value)
        .with_for_update().execution_options(populate_existing=True)
    ).first()
    current = _open_handover(session, conversation_id)
    if conversation is None or current is None:
        return False
    outage = WaitReason.OUTAGE
    if conversation.wait_reason == outage.value and reason is not outage:
        conversation.wait_reason = current.reason = reason.value
        conversation.promised_at = current.promised_at = promised_at or conversation.promised_at
        current.summary = _with_turn({**(current.summary or {}), **summary}, turn_id)
        session.flush()
        return True
    if summary.get("danger") or summary.get("ticket"):
        current.summary = _merged(current.summary or {}, summary)
        session.flush()
    return False


def _with_turn(summary: Mapping[str, Any], turn_id: str | None) -> dict[str, Any]:
    return {**summary, **({"turn_id": turn_id} if turn_id else {})}


def _merged(known: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
    """Return a summary with later news in it; danger stays, and so does every ticket's number.

    The turn that asked first stays named, so that its repeat is still known as one.
    """
    found = {**known, **{name: value for name, value in news.items() if value}}
    numbers = [*(known.get("tickets") or [known.get("ticket")]), news.get("ticket")]
    tickets = list(dict.fromkeys(number for number in numbers if number))
    if len(tickets) > 1:
        found["tickets"] = tickets
    return found


def repromise(session: Session, conversation_id: int, promised_at: dt.datetime) -> bool:
    """Note the new time that a waiting customer was told, so that desk and customer see the same.

    False when the conversation does not wait (any more); then nothing is changed.
    """
    waits = db.conditional_update(
        session,
        sa.update(Conversation)
        .where(Conversation.id == conversation_id, Conversation.state == Handling.WAITING.value)
        .values(promised_at=promised_at),
    )
    if waits:
        live.changed_with(session, conversation_id, live.INBOX)
        session.execute(
            sa.update(Handover)
            .where(Handover.conversation_id == conversation_id, Handover.ended_at.is_(None))
            .values(promised_at=promised_at)
            .execution_options(synchronize_session=False)
        )
    return waits


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
        waiting = Handover(conversation_id=conversation_id, reason=STEPPED_IN)
        session.add(waiting)
    waiting.claimed_at, waiting.agent_id = now, user_id
    live.changed_with(session, conversation_id, live.INBOX)
    _audit(session, user_id, "claim", conversation_id)


def hand_back(session: Session, conversation_id: int, user_id: int) -> None:
    """Give the conversation back to the bot; only its agent may."""
    if not _release(session, conversation_id, user_id, Handling.BOT):
        refuse(session, conversation_id)
    _end(session, conversation_id, "handed_back")
    _forget_open_question(session, conversation_id, "handed_back")
    _audit(session, user_id, "hand_back", conversation_id)
    db.after_commit(session, lambda: jobs.ring(conversation_id))


def leave(
    session: Session, conversation_id: int, user_id: int, reason: WaitReason,
    promised_at: dt.datetime | None,
) -> bool:
    """Put an agent's conversation back into the queue, with the time of now; False if not theirs.

    `promised_at` is when a person answers after all; `aftersales.waiting.back` computes it and
    tells the customer. What was known at the hand-over before stays known.
    """
    before = _open_handover(session, conversation_id)
    moved = _release(
        session, conversation_id, user_id, Handling.WAITING, wait_reason=reason.value,
        waiting_since=clock.now(), promised_at=promised_at,
    )
    if moved:
        _end(session, conversation_id, "returned")
        session.add(
            Handover(
                conversation_id=conversation_id, reason=reason.value, promised_at=promised_at,
                summary=dict(before.summary or {}) if before else {},
            )
        )
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
        .execution_options(populate_existing=True)
    ).first()
    return row


def _end(session: Session, conversation_id: int, outcome: str) -> None:
    live.changed_with(session, conversation_id, live.INBOX)
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
