"""Reading tickets."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.conversations.models import Case, Conversation, Customer, Identity
from bot.conversations.tickets.models import Ticket

STATES = ("open", "solved")


def of_customer(session: Session, customer_id: int) -> list[Ticket]:
    """Return a customer's tickets: the open ones first, the newest first in each part."""
    found = sa.select(Ticket).where(Ticket.customer_id == customer_id)
    return list(session.scalars(
        found.order_by(Ticket.state != "open", Ticket.opened_at.desc(), Ticket.id.desc())
    ))


def by_number(session: Session, customer_id: int, number: str) -> Ticket | None:
    """Return a customer's own ticket by its number as people write it (`t20931`, `20931`).

    A ticket of somebody else is not told from one that does not exist: both are None.
    """
    digits = re.sub(r"\D", "", number)
    if not digits.isascii() or not 0 < len(digits) <= 9:
        return None
    return session.scalars(sa.select(Ticket).where(
        Ticket.sequence == int(digits), Ticket.customer_id == customer_id
    )).one_or_none()


def open_about(session: Session, order_number: str, category: str) -> Ticket | None:
    """Return the newest open ticket of a category about an order, so that none is opened twice."""
    return session.scalars(
        sa.select(Ticket).where(
            Ticket.order_number == order_number, Ticket.category == category,
            Ticket.state == "open",
        ).order_by(Ticket.id.desc()).limit(1)
    ).first()


def listing(
    session: Session, state: str = "open", limit: int = 200
) -> list[dict[str, Any]]:
    """Return tickets for the people who work on them, as plain rows (see `_row`).

    Open ones: what is due first comes first, without a due time last. Solved ones: the latest first.
    """
    order = (
        (Ticket.due_at.is_(None), Ticket.due_at, Ticket.id) if state == "open"
        else (Ticket.solved_at.desc(), Ticket.id.desc())
    )
    return _rows(session, Ticket.state == state, order=order, limit=limit)


def find(session: Session, number: str) -> dict[str, Any] | None:
    """Return one ticket by its number (`T-20931`), of whomever it is: for people at the desk."""
    rows = _rows(session, Ticket.number == number.strip().upper(), order=(Ticket.id,), limit=1)
    return rows[0] if rows else None


def open_of(session: Session, conversation_id: int) -> list[Ticket]:
    """Return the open tickets of a conversation, oldest first."""
    return list(session.scalars(
        sa.select(Ticket)
        .where(Ticket.conversation_id == conversation_id, Ticket.state == "open")
        .order_by(Ticket.id)
    ))


def open_of_case(session: Session, conversation_id: int) -> list[Ticket]:
    """Return the open tickets of the case that runs, or, when none does, of the last one."""
    cases = sa.select(Case.id).where(Case.conversation_id == conversation_id)
    current = session.scalars(cases.where(Case.closed_at.is_(None))).all()
    if not current:
        current = session.scalars(cases.order_by(Case.id.desc()).limit(1)).all()
    return [t for t in open_of(session, conversation_id) if t.case_id in current]


def _rows(
    session: Session, *conditions: Any, order: tuple[Any, ...], limit: int
) -> list[dict[str, Any]]:
    found = session.execute(
        sa.select(Ticket, Customer, Conversation.uid, Identity.display_name)
        .join(Customer, Customer.id == Ticket.customer_id)
        .outerjoin(Conversation, Conversation.id == Ticket.conversation_id)
        .outerjoin(Identity, Identity.id == Conversation.identity_id)
        .where(*conditions).order_by(*order).limit(limit)
    )
    return [_row(ticket, customer, uid, name) for ticket, customer, uid, name in found]


def _row(ticket: Ticket, customer: Customer, uid: str | None, name: str | None) -> dict[str, Any]:
    return {
        "id": int(ticket.id), "number": ticket.number, "state": ticket.state,
        "priority": ticket.priority, "intent": ticket.intent, "category": ticket.category,
        "order_number": ticket.order_number, "due_at": ticket.due_at,
        "opened_at": ticket.opened_at, "solved_at": ticket.solved_at,
        "customer": customer.name or name or "", "phone": customer.phone, "conversation": uid,
        "details": ticket.details or {},
    }
