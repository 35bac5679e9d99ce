"""Reads for the desk, for scripts and for the export. Rows come as plain dictionaries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from bot.accounts.models import User
from bot.conversations.handover.models import Handover
from bot.conversations.models import Case, Conversation, Customer, Identity, Message
from bot.conversations.states import Author, Handling
from bot.conversations.tickets.models import Ticket


def _last_message(*conditions: Any) -> Any:
    return (
        sa.select(sa.func.max(Message.id))
        .where(Message.conversation_id == Conversation.id, *conditions)
        .correlate(Conversation)
        .scalar_subquery()
    )


def _danger() -> Any:
    """Whether the hand-over that runs says that somebody may be in danger."""
    return sa.exists().where(
        Handover.conversation_id == Conversation.id, Handover.ended_at.is_(None),
        Handover.summary["danger"].as_boolean().is_(True),
    )


def _urgent() -> Any:
    """Whether an urgent ticket of the conversation is open."""
    return sa.exists().where(
        Ticket.conversation_id == Conversation.id, Ticket.state == "open",
        Ticket.priority == "urgent",
    )


def _list(session: Session, *conditions: Any, order: Any, limit: int) -> list[dict[str, Any]]:
    # What the desk shows of a conversation is what people said in it, not the bot's notices.
    said = sa.orm.aliased(Message)
    people = Message.author.in_((Author.CUSTOMER.value, Author.USER.value))
    newest = sa.orm.aliased(Message)
    rows = session.execute(
        sa.select(
            Conversation, Customer, User, said, Identity, newest.direction, newest.created_at,
            _danger().label("danger"), _urgent().label("urgent"),
        )
        .join(Customer, Customer.id == Conversation.customer_id)
        .outerjoin(User, User.id == Conversation.agent_id)
        .outerjoin(newest, newest.id == _last_message())
        .outerjoin(said, said.id == sa.func.coalesce(_last_message(people), newest.id))
        .outerjoin(Identity, Identity.id == Conversation.identity_id)
        .where(*conditions)
        .order_by(*order)
        .limit(limit)
    ).all()
    return [
        {
            **_row(c, customer, agent, m, i),
            "last_at": at or c.created_at, "unanswered": direction == "in",
            "danger": bool(danger), "urgent": bool(urgent),
        }
        for c, customer, agent, m, i, direction, at, danger, urgent in rows
    ]


def _row(
    conversation: Conversation, customer: Customer, agent: User | None, last: Message | None,
    identity: Identity | None,
) -> dict[str, Any]:
    return {
        "id": int(conversation.id),
        "uid": conversation.uid,
        "state": conversation.state,
        "customer_id": int(customer.id),
        "name": customer.name or (identity.display_name if identity else "") or "",
        "phone": customer.phone,
        "channel": identity.channel if identity else "",
        "language": conversation.language,
        "wait_reason": conversation.wait_reason,
        "waiting_since": conversation.waiting_since,
        "promised_at": conversation.promised_at,
        "agent_id": conversation.agent_id,
        "agent": agent.name if agent else None,
        "last_message_id": int(last.id) if last else 0,
        "last_text": last.text if last else "",
        "last_kind": last.kind if last else "",
        "last_author": last.author if last else "",
        "last_inbound_at": conversation.last_inbound_at,
    }


def waiting(session: Session, limit: int = 200) -> list[dict[str, Any]]:
    """Return conversations that wait for a person: danger first, then urgent tickets.

    Within each the earliest promise comes first, and of those without one the longest wait.
    """
    urgency = sa.case((_danger(), 0), (_urgent(), 1), else_=2)
    return _list(
        session, Conversation.state == Handling.WAITING.value,
        order=(
            urgency, Conversation.promised_at.is_(None), Conversation.promised_at,
            Conversation.waiting_since, Conversation.id,
        ),
        limit=limit,
    )


def mine(session: Session, user_id: int, limit: int = 200) -> list[dict[str, Any]]:
    """Return the conversations that an agent has, the longest unheard customer first."""
    return _list(
        session, Conversation.state == Handling.AGENT.value, Conversation.agent_id == user_id,
        order=(Conversation.last_inbound_at, Conversation.id), limit=limit,
    )


def recent(session: Session, limit: int = 200) -> list[dict[str, Any]]:
    """Return all conversations, the last heard first."""
    return _list(
        session, order=(Conversation.last_inbound_at.desc(), Conversation.id.desc()), limit=limit
    )


def conversation(session: Session, uid: str) -> dict[str, Any] | None:
    """Return one conversation by its opaque id."""
    rows = _list(session, Conversation.uid == uid, order=(Conversation.id,), limit=1)
    return rows[0] if rows else None


def thread(
    session: Session, conversation_id: int, after_id: int = 0, limit: int = 500
) -> list[dict[str, Any]]:
    """Return a conversation's messages with a higher id than `after_id`, in order.

    Of a longer history the last `limit` messages come.
    """
    rows = session.scalars(
        sa.select(Message)
        .where(Message.conversation_id == conversation_id, Message.id > after_id)
        .options(selectinload(Message.attachments))
        .order_by(Message.id.desc())
        .limit(limit)
    ).all()
    names: dict[int, str] = {
        int(i): str(n)
        for i, n in session.execute(
            sa.select(User.id, User.name).where(
                User.id.in_({m.user_id for m in rows if m.user_id} or {0})
            )
        )
    }
    return [_message(m, names) for m in reversed(rows)]


def _message(message: Message, names: dict[int, str]) -> dict[str, Any]:
    attributes = message.attributes or {}
    return {
        "id": int(message.id),
        "uid": message.uid,
        "direction": message.direction,
        "author": message.author,
        "user": names.get(int(message.user_id)) if message.user_id else None,
        "channel": message.channel,
        "kind": message.kind,
        "text": message.text,
        "options": message.options or [],
        "location": {k: attributes[k] for k in ("latitude", "longitude") if k in attributes},
        "forwarded": bool(attributes.get("forwarded")),
        "state": message.state,
        "error": message.error_text,
        "created_at": message.created_at,
        "sent_at": message.sent_at,
        "delivered_at": message.delivered_at,
        "read_at": message.read_at,
        "attachments": [
            {
                "uid": a.uid, "kind": a.kind, "content_type": a.content_type,
                "file_name": a.file_name, "state": a.state, "path": a.path, "size": a.size,
            }
            for a in message.attachments
        ],
    }


def export_messages(session: Session, since: dt.datetime | None = None) -> Iterator[dict[str, Any]]:
    """Yield a line for every inbound and outbound message, oldest first.

    Reads in pages by id, so that an export of any size needs little memory.
    """
    after = 0
    while True:
        query = (
            sa.select(Message, Conversation.uid, Case.id)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .outerjoin(Case, Case.id == Message.case_id)
            .where(Message.id > after)
            .order_by(Message.id)
            .limit(1000)
        )
        if since is not None:
            query = query.where(Message.created_at >= since)
        rows = session.execute(query).all()
        if not rows:
            return
        for message, uid, case_id in rows:
            after = int(message.id)
            yield {
                "id": message.uid,
                "provider_id": message.provider_message_id,
                "channel": message.channel,
                "direction": message.direction,
                "conversation": uid,
                "case": f"V-{100000 + int(case_id)}" if case_id else None,
                "turn": message.turn_id,
                "ordinal": message.ordinal,
                "author": message.author,
                "kind": message.kind,
                "purpose": message.purpose,
                "text": message.text,
                "state": message.state,
                "error": message.error_text,
                "history": (message.attributes or {}).get("history") or [],
                "created_at": message.created_at.isoformat(),
                "sent_at": message.sent_at.isoformat() if message.sent_at else None,
                "delivered_at": message.delivered_at.isoformat() if message.delivered_at else None,
                "read_at": message.read_at.isoformat() if message.read_at else None,
            }
        session.expunge_all()
