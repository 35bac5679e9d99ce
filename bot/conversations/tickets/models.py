"""Tickets: cases that leave something for people to do. The customer knows the number."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bot import clock
from bot.db import Base, BigId, UTCDateTime


def _sequence(context: Any) -> int:
    return int(context.get_current_parameters()["number"].rpartition("-")[2])


class Ticket(Base):
    """Work for a person, opened by the bot, an agent or an import."""

    __tablename__ = "ticket"

    id = sa.Column(BigId, primary_key=True, autoincrement=True)
    number = sa.Column(sa.String(16), nullable=False, unique=True)  # "T-20931"
    # The number's digits, so that the next one is found by an index.
    sequence = sa.Column(sa.Integer, nullable=False, unique=True, default=_sequence)
    conversation_id = sa.Column(BigId, sa.ForeignKey("conversation.id"), index=True)
    customer_id = sa.Column(BigId, sa.ForeignKey("customer.id"), nullable=False, index=True)
    case_id = sa.Column(BigId, sa.ForeignKey("case.id"))
    order_number = sa.Column(sa.String(64), index=True)
    intent = sa.Column(sa.String(64), nullable=False)
    category = sa.Column(sa.String(64), nullable=False)
    priority = sa.Column(sa.String(16), nullable=False, default="normal")  # urgent, high, normal
    state = sa.Column(sa.String(16), nullable=False, default="open", index=True)  # open, solved
    details = sa.Column(sa.JSON, nullable=False, default=dict)  # what the bot asked and heard
    due_at = sa.Column(UTCDateTime)  # when the customer was told to hear from us
    opened_at = sa.Column(UTCDateTime, nullable=False, default=clock.now)
    solved_at = sa.Column(UTCDateTime)
    is_demo = sa.Column(sa.Boolean, nullable=False, default=False)
