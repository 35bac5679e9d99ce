"""Adding to a ticket that is open: further words, answers that came later, a matter taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db, live
from bot.conversations.models import Effect
from bot.conversations.tickets.models import Ticket
from bot.errors import NotFound

_EFFECT = "ticket_words"
MOST_WORDS = 50  # further messages kept with one ticket; the chat holds them all


def amend(
    session: Session, ticket_id: int, *, turn_id: str, ordinal: int = 0, words: str = "",
    details: Mapping[str, Any] | None = None, forget: Iterable[str] = (), **columns: Any,
) -> Ticket:
    """Add to a ticket and return it; a repeated turn adds its words once.

    `session` comes from `db.write()`. `words` join the list `later` of the details as
    {at (ISO instant), text}; `details` are merged, the names in `forget` taken out; `columns` are
    set as they are (`order_number`, `priority`, `due_at`). NotFound when there is no such ticket.
    """
    ticket: Ticket | None = session.scalars(
        sa.select(Ticket).where(Ticket.id == ticket_id).with_for_update()
    ).first()
    if ticket is None:
        raise NotFound("there is no such ticket")
    merged = {**(ticket.details or {}), **(details or {})}
    if words and db.insert_once(
        session, Effect, turn_id=turn_id, kind=_EFFECT, ordinal=ordinal, created_at=clock.now()
    ):
        later = [*merged.get("later", ()), {"at": clock.now().isoformat(), "text": words}]
        merged["later"] = later[-MOST_WORDS:]
    ticket.details = {name: value for name, value in merged.items() if name not in set(forget)}
    for name, value in columns.items():
        setattr(ticket, name, value)
    session.flush()
    live.changed_with(session, ticket.conversation_id, live.INBOX, live.TICKETS)
    return ticket


def take_back(
    session: Session, ticket_id: int, *, turn_id: str, ordinal: int = 0, words: str,
    at: dt.datetime,
) -> bool:
    """Close an open ticket because the customer took the matter back; False if people closed it.

    The words are kept in either case: somebody who has already acted must be able to read them.
    """
    ticket = amend(session, ticket_id, turn_id=turn_id, ordinal=ordinal, words=words)
    before = ticket.details.get("taken_back_at")
    if not before:
        ticket.details = {
            **ticket.details, "taken_back_at": at.isoformat(), "taken_back_in": turn_id,
        }
    if ticket.state == "open":
        ticket.state, ticket.solved_at = "solved", at
    session.flush()
    closed_by_us = ticket.details["taken_back_at"]
    return bool(ticket.solved_at and ticket.solved_at == dt.datetime.fromisoformat(closed_by_us))


def of_turn(session: Session, turn_id: str, ordinal: int | None = None) -> set[int]:
    """Return the ids of the tickets that a turn has opened, so that a repeated turn knows them.

    `ordinal` names one of the turn's changes; without it all are looked at.
    """
    query = sa.select(Effect.result).where(Effect.turn_id == turn_id, Effect.kind == "ticket")
    if ordinal is not None:
        query = query.where(Effect.ordinal == ordinal)
    results = session.scalars(query)
    return {int(result["ticket_id"]) for result in results if result}
