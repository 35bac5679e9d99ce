"""One conversation, one worker: the lease, taken anew in every transaction that writes."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import db
from bot.conversations import service
from bot.conversations.models import Conversation

_LOCKED = db.prepared(
    lambda conversation: sa.select(Conversation)
    .where(Conversation.id == conversation)
    .execution_options(populate_existing=True)
    .with_for_update()
)


class LeaseLost(Exception):
    """Another worker took the conversation over; whatever we were about to write is its business."""


def hold(session: Session, conversation_id: int, owner: str) -> Conversation:
    if not service.take_lease(session, conversation_id, owner):
        raise LeaseLost
    return _LOCKED(session, conversation=conversation_id).scalars().one()  # type: ignore[no-any-return]
