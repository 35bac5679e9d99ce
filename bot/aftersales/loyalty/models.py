"""Loyalty points: a ledger, never a number that is overwritten."""

from __future__ import annotations

import sqlalchemy as sa

from bot import clock
from bot.db import Base, BigId, UTCDateTime


class PointsEntry(Base):
    """Points earned or spent."""

    __tablename__ = "points_entry"

    id = sa.Column(BigId, primary_key=True, autoincrement=True)
    customer_id = sa.Column(BigId, sa.ForeignKey("customer.id"), nullable=False, index=True)
    points = sa.Column(sa.Integer, nullable=False)
    reason = sa.Column(sa.String(64), nullable=False)
    order_number = sa.Column(sa.String(64))
    created_at = sa.Column(UTCDateTime, nullable=False, default=clock.now)
