"""People who log in, and what they did."""

from __future__ import annotations

import sqlalchemy as sa

from bot import clock
from bot.db import Base, BigId, UTCDateTime


class User(Base):
    """An agent, supervisor or admin."""

    __tablename__ = "user"

    id = sa.Column(BigId, primary_key=True, autoincrement=True)
    email = sa.Column(sa.String(320), nullable=False, unique=True)  # lower case
    name = sa.Column(sa.String(200), nullable=False)
    role = sa.Column(sa.String(16), nullable=False)  # admin, supervisor, agent
    password_hash = sa.Column(sa.String(200), nullable=False)
    language = sa.Column(sa.String(2), nullable=False, default="tr")
    is_active = sa.Column(sa.Boolean, nullable=False, default=True)
    session_epoch = sa.Column(sa.Integer, nullable=False, default=0)  # raised to end all sessions
    created_at = sa.Column(UTCDateTime, nullable=False, default=clock.now)


class AuditEntry(Base):
    """Who did what to which object."""

    __tablename__ = "audit_entry"

    id = sa.Column(BigId, primary_key=True, autoincrement=True)
    user_id = sa.Column(BigId, sa.ForeignKey("user.id"))
    action = sa.Column(sa.String(64), nullable=False)
    target = sa.Column(sa.String(100), nullable=False, default="")
    details = sa.Column(sa.JSON, nullable=False, default=dict)
    created_at = sa.Column(UTCDateTime, nullable=False, default=clock.now)
