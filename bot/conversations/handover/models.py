"""Hand-overs: one row each time a conversation waits for a person."""

from __future__ import annotations

import sqlalchemy as sa

from bot import clock
from bot.db import Base, BigId, UTCDateTime


class Handover(Base):
    """From the request to a person's claim to its end."""

    __tablename__ = "handover"

    id = sa.Column(BigId, primary_key=True, autoincrement=True)
    conversation_id = sa.Column(
        BigId, sa.ForeignKey("conversation.id"), nullable=False, index=True
    )
    reason = sa.Column(sa.String(16), nullable=False)
    summary = sa.Column(sa.JSON, nullable=False, default=dict)
    requested_at = sa.Column(UTCDateTime, nullable=False, default=clock.now)
    promised_at = sa.Column(UTCDateTime)
    claimed_at = sa.Column(UTCDateTime)
    agent_id = sa.Column(BigId, sa.ForeignKey("user.id"))
    ended_at = sa.Column(UTCDateTime)
    outcome = sa.Column(sa.String(16))  # handed_back, resolved, withdrawn, returned
