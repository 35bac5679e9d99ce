"""Points: the balance is the sum of the ledger, the tier follows from it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.aftersales.loyalty.models import PointsEntry
from bot.aftersales.policies import service as policies


def balance(session: Session, customer_id: int) -> int:
    """Return how many points a customer has."""
    total = sa.select(sa.func.sum(PointsEntry.points)).where(PointsEntry.customer_id == customer_id)
    return int(session.scalar(total) or 0)


def is_member(session: Session, customer_id: int) -> bool:
    """Tell whether anything was ever written to a customer's ledger."""
    return session.scalar(
        sa.select(PointsEntry.id).where(PointsEntry.customer_id == customer_id).limit(1)
    ) is not None


def tier(session: Session, points: int) -> str:
    """Return the name of the highest tier that so many points reach, or ""."""
    tiers, _ = policies.setting(session, "loyalty", "tiers", [])
    reached = [t for t in tiers if int(t["from_points"]) <= points]
    return str(max(reached, key=lambda t: int(t["from_points"]))["name"]) if reached else ""
