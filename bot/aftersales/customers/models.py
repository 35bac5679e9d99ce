"""What a customer agreed to, and what they have shown to be theirs."""

from __future__ import annotations

import sqlalchemy as sa

from bot import clock
from bot.db import Base, BigId, UTCDateTime


class ConsentEntry(Base):
    """One statement about being written to; append-only, the last one counts."""

    __tablename__ = "consent_entry"

    id = sa.Column(BigId, primary_key=True, autoincrement=True)
    customer_id = sa.Column(BigId, sa.ForeignKey("customer.id"), nullable=False, index=True)
    identity_id = sa.Column(BigId, sa.ForeignKey("identity.id"))
    channel = sa.Column(sa.String(32), nullable=False)  # a channel's name, or "all"
    purpose = sa.Column(sa.String(16), nullable=False, default="marketing")
    given = sa.Column(sa.Boolean, nullable=False)
    source = sa.Column(sa.String(64), nullable=False)
    proof = sa.Column(sa.String(255), nullable=False, default="")  # our message uid
    created_at = sa.Column(UTCDateTime, nullable=False, default=clock.now)


class Verification(Base):
    """An identity has shown that an order is theirs (V1, V2); wrong tries are counted too."""

    __tablename__ = "verification"

    id = sa.Column(BigId, primary_key=True, autoincrement=True)
    identity_id = sa.Column(BigId, sa.ForeignKey("identity.id"), nullable=False, index=True)
    level = sa.Column(sa.String(2), nullable=False)  # V1, V2
    order_number = sa.Column(sa.String(64), nullable=False)
    success = sa.Column(sa.Boolean, nullable=False)
    method = sa.Column(sa.String(32), nullable=False)
    created_at = sa.Column(UTCDateTime, nullable=False, default=clock.now)
