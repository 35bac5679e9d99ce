"""What the pages read, in the shape in which they show it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.accounts import queries as accounts
from bot.accounts.models import AuditEntry
from bot.conversations import queries
from bot.conversations.handover.models import Handover
from bot.conversations.models import Attachment, Conversation, Message
from bot.conversations.states import Handling
from bot.conversations.tickets import queries as tickets

TABS = ("waiting", "mine", "all")
MOST_ROWS = 100  # in a list
MESSAGES_AT_ONCE = 80  # of a thread, unless the reader asks for more
MOST_MESSAGES = 2000


def conversations(session: Session, tab: str, user_id: int) -> list[dict[str, Any]]:
    """Return the rows of a tab (waiting, mine, all), at most `MOST_ROWS`, most urgent first."""
    if tab == "mine":
        return queries.mine(session, user_id, MOST_ROWS)
    waiting = queries.waiting(session, MOST_ROWS)
    if tab == "waiting":
        return waiting
    known = {row["uid"] for row in waiting}
    others = [row for row in queries.recent(session, MOST_ROWS) if row["uid"] not in known]
    return (waiting + others)[:MOST_ROWS]


def counts(session: Session, user_id: int) -> dict[str, int]:
    """Return how many conversations wait, and how many this user has."""
    waiting = sa.select(sa.func.count()).where(Conversation.state == Handling.WAITING.value)
    mine = sa.select(sa.func.count()).where(
        Conversation.state == Handling.AGENT.value, Conversation.agent_id == user_id
    )
    return {
        "waiting": int(session.scalar(waiting) or 0), "mine": int(session.scalar(mine) or 0),
    }


def list_mark(session: Session, user_id: int) -> object:
    """Return what differs whenever a list may look different; cheap, whatever there is to list."""
    latest = [
        session.scalar(sa.select(sa.func.max(table.id))) for table in (Message, Handover, AuditEntry)
    ]
    return latest, counts(session, user_id)


def thread_mark(session: Session, conversation_id: int, show: int) -> object:
    """Return what differs whenever a thread's latest `show` messages may look different."""
    messages = session.execute(
        sa.select(Message.id, Message.state, Message.error_text)
        .where(Message.conversation_id == conversation_id)
        .order_by(Message.id.desc())
        .limit(show)
    ).all()
    oldest = messages[-1][0] if messages else 0
    files = session.execute(
        sa.select(Attachment.id, Attachment.state)
        .join(Message, Message.id == Attachment.message_id)
        .where(Message.conversation_id == conversation_id, Message.id >= oldest)
        .order_by(Attachment.id)
    ).all()
    passages = [
        (p.id, p.reason, p.claimed_at, p.ended_at, p.agent_id, p.summary)
        for p in handovers(session, conversation_id)
    ]
    open_tickets = [(t.number, t.case_id) for t in tickets.open_of(session, conversation_id)]
    return messages, files, passages, open_tickets


def handovers(session: Session, conversation_id: int) -> list[Handover]:
    """Return the latest hand-overs of a conversation, oldest first."""
    query = sa.select(Handover).where(Handover.conversation_id == conversation_id)
    return list(reversed(session.scalars(query.order_by(Handover.id.desc()).limit(20)).all()))


def agents_of(session: Session, passages: list[Handover]) -> dict[int, str]:
    """Return the names of the agents in some hand-overs, by id."""
    return accounts.names(session, {int(p.agent_id) for p in passages if p.agent_id is not None})
