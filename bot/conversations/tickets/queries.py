"""Reading tickets."""

from __future__ import annotations

import re

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.conversations.tickets.models import Ticket


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
