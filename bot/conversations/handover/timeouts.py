"""A customer whom an agent left without an answer goes back into the queue."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from bot import clock, db, jobs
from bot.conversations.handover import service
from bot.conversations.models import Case, Conversation
from bot.conversations.states import Handling, WaitReason
from bot.shop.queries import office_hours, profile

_DEFAULT_MINUTES = 30


def run() -> int:
    """Return conversations to the queue whose customer waits too long in office hours; count them."""
    now, moved = clock.now(), 0
    with db.read() as session:
        hours = office_hours(session)
        if not hours.is_open(now):
            return 0
        minutes = int(profile(session).get("agent_minutes") or _DEFAULT_MINUTES)
        limit = now - dt.timedelta(minutes=minutes)
        rows = session.execute(
            sa.select(Conversation.id, Conversation.agent_id)
            .join(Case, Case.conversation_id == Conversation.id)
            .where(
                Conversation.state == Handling.AGENT.value, Conversation.last_inbound_at < limit,
                Conversation.agent_since < limit, Case.closed_at.is_(None),
                Case.answered.is_(False),
            )
        ).all()
    for conversation_id, agent_id in rows:
        with db.write() as session:
            if service.leave(session, conversation_id, agent_id, WaitReason.UNANSWERED):
                moved += 1
        jobs.ring(int(conversation_id))
    return moved
