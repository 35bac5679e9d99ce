"""The ledger of promises: every date, time or sum that we said."""

from __future__ import annotations

import sqlalchemy as sa

from bot import clock
from bot.db import Base, BigId, UTCDateTime


class Promise(Base):
    """What was promised, until when, computed from what."""

    __tablename__ = "promise"
    __table_args__ = (sa.UniqueConstraint("turn_id", "ordinal"),)

    id = sa.Column(BigId, primary_key=True, autoincrement=True)
    conversation_id = sa.Column(
        BigId, sa.ForeignKey("conversation.id"), nullable=False, index=True
    )
    turn_id = sa.Column(sa.String(32))
    ordinal = sa.Column(sa.Integer, nullable=False, default=0)
    message_id = sa.Column(BigId, sa.ForeignKey("message.id"))  # the sentence that said it
    kind = sa.Column(sa.String(32), nullable=False)  # P1..P18 by name, see `promises/kinds.py`
    due_from = sa.Column(UTCDateTime)  # start of a window
    due_at = sa.Column(UTCDateTime)  # end of it, "at the latest"
    basis = sa.Column(sa.JSON, nullable=False)  # {source, record, as_of, ...}
    wording = sa.Column(sa.Text, nullable=False, default="")
    made_by = sa.Column(sa.String(16), nullable=False, default="bot")  # bot, user
    own = sa.Column(sa.Boolean, nullable=False, default=True)  # false: quoted, another keeps it
    state = sa.Column(sa.String(16), nullable=False, default="open", index=True)  # kept, broken
    created_at = sa.Column(UTCDateTime, nullable=False, default=clock.now)
    closed_at = sa.Column(UTCDateTime)
