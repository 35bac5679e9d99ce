"""The shop's policies: versioned and dated, the one source of what the bot says about rules."""

from __future__ import annotations

import sqlalchemy as sa

from bot import clock
from bot.db import Base, BigId, UTCDateTime


class Policy(Base):
    """One version of one policy (`delivery`, `returns`, `payment`, `dispatch`, `loyalty`, ...)."""

    __tablename__ = "policy"
    __table_args__ = (sa.UniqueConstraint("key", "version"),)

    id = sa.Column(BigId, primary_key=True, autoincrement=True)
    key = sa.Column(sa.String(64), nullable=False, index=True)
    version = sa.Column(sa.Integer, nullable=False)
    valid_from = sa.Column(UTCDateTime, nullable=False, default=clock.now)
    values = sa.Column(sa.JSON, nullable=False)
    source = sa.Column(sa.String(200), nullable=False, default="")
