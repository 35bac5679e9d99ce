"""Opening tickets: one per turn, kind and ordinal, with a number that nobody else has."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db, live
from bot.accounts.models import AuditEntry
from bot.conversations.models import Case, Conversation, Effect
from bot.conversations.tickets.models import Ticket
from bot.errors import NotFound

_EFFECT = "ticket"
_BEFORE_FIRST = 10_000  # the first ticket of a new shop is T-10001


def open_ticket(
    session: Session,
    *,
    turn_id: str,
    ordinal: int = 0,
    conversation_id: int,
    intent: str,
    category: str,
    details: dict[str, Any],
    order_number: str | None = None,
    due_at: dt.datetime | None = None,
    priority: str = "normal",
) -> Ticket:
    """Open a ticket for a conversation, or return the one that this turn opened before.

    `session` comes from `db.write()`. `turn_id` and `ordinal` make a repeated turn harmless.
    `due_at` (aware) is when the customer was told to hear from us; `priority` is urgent, high or
    normal. NotFound when the conversation does not exist.
    """
    if not db.insert_once(session, Effect, turn_id=turn_id, kind=_EFFECT, ordinal=ordinal):
        # The insert waits for a process that is at the same turn, so its ticket is there now.
        before = session.scalars(sa.select(Effect).where(
            Effect.turn_id == turn_id, Effect.kind == _EFFECT, Effect.ordinal == ordinal
        )).one()
        return _of_effect(session, before)
    conversation = session.get(Conversation, conversation_id)
    if conversation is None:
        raise NotFound("there is no such conversation")
    ticket = _insert(
        session,
        conversation_id=conversation_id, customer_id=conversation.customer_id,
        case_id=_open_case(session, conversation_id), intent=intent, category=category,
        details=details, order_number=order_number, due_at=due_at, priority=priority,
    )
    session.execute(
        sa.update(Effect)
        .where(Effect.turn_id == turn_id, Effect.kind == _EFFECT, Effect.ordinal == ordinal)
        .values(result={"ticket_id": ticket.id, "number": ticket.number})
        .execution_options(synchronize_session=False)
    )
    return ticket


def number_for(sequence: int) -> str:
    """Return the number that people read, from the running number."""
    return f"T-{sequence:05d}"


def insert_numbered(session: Session, sequence: int, **values: Any) -> Ticket | None:
    """Insert a ticket under a running number of the caller's, or return None if it is taken."""
    number = number_for(sequence)
    values = {"opened_at": clock.now(), **values}
    if not db.insert_once(session, Ticket, sequence=sequence, number=number, **values):
        return None
    live.changed_with(session, values.get("conversation_id"), live.INBOX, live.TICKETS)
    return session.scalars(sa.select(Ticket).where(Ticket.sequence == sequence)).one()


def solve(session: Session, ticket_id: int, user_id: int | None = None) -> bool:
    """Mark an open ticket as solved, by a person if one is named; tell whether it was open."""
    moved = db.conditional_update(
        session,
        sa.update(Ticket).where(Ticket.id == ticket_id, Ticket.state == "open")
        .values(state="solved", solved_at=clock.now()),
    )
    if moved:
        of = session.scalar(sa.select(Ticket.conversation_id).where(Ticket.id == ticket_id))
        live.changed_with(session, of, live.INBOX, live.TICKETS)
    if moved and user_id is not None:
        session.add(AuditEntry(user_id=user_id, action="solve", target=f"ticket:{ticket_id}"))
    return moved


def _insert(session: Session, **values: Any) -> Ticket:
    while True:
        highest = session.scalar(sa.select(sa.func.max(Ticket.sequence))) or _BEFORE_FIRST
        ticket = insert_numbered(session, highest + 1, **values)
        if ticket is not None:
            return ticket  # else another process took the number and has committed: count again


def _of_effect(session: Session, effect: Effect) -> Ticket:
    ticket = session.get(Ticket, effect.result["ticket_id"])
    assert ticket is not None
    return ticket


def _open_case(session: Session, conversation_id: int) -> int | None:
    return session.scalar(
        sa.select(Case.id)
        .where(Case.conversation_id == conversation_id, Case.closed_at.is_(None))
        .order_by(Case.id.desc()).limit(1)
    )
