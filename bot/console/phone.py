"""What the simulated phone shows: the messages of one number on the simulator's channel."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from bot import clock
from bot.channels.simulator import channel as simulator
from bot.console import labels
from bot.conversations.models import Attachment, Conversation, Customer, Identity, Message
from bot.conversations.states import Handling, Inbound, Outbound

MOST_MESSAGES = 120
_TYPING_SECONDS = 40.0  # real ones; whoever waits longer is not being answered right now
# A phone shows what reached it, not what the shop still tries to send.
_ARRIVED = (Outbound.SENT.value, Outbound.DELIVERED.value, Outbound.READ.value)


def demo_customers(session: Session) -> list[dict[str, str]]:
    """Return the demo's customers who have a phone: {name, phone, language}."""
    people = session.scalars(
        sa.select(Customer)
        .where(Customer.is_demo.is_(True), Customer.phone.is_not(None))
        .order_by(Customer.id)
        .limit(20)
    )
    return [{"name": p.name, "phone": p.phone, "language": p.language} for p in people]


def _message(message: Message, tapped: set[str]) -> dict[str, Any]:
    incoming = message.direction == "in"
    if incoming:  # of the customer: what the phone sent
        ticks = "read" if message.state == Inbound.HANDLED.value else "delivered"
    else:
        ticks = ""
    return {
        "id": int(message.id),
        "key": message.uid,
        "mine": incoming,
        "person": message.author == "user",
        "text": message.text,
        "ticks": ticks,
        "time": labels.clock_time(message.created_at),
        "day": labels.day(message.created_at),
        "options": [
            {
                "number": option.get("number"), "title": option.get("title"),
                "payload": option.get("payload"), "used": option.get("payload") in tapped,
            }
            for option in message.options or ()
        ],
        "files": [
            {"uid": a.uid, "kind": a.kind, "name": labels.one_line(a.file_name, 60)}
            for a in message.attachments
        ],
    }


def _identity(session: Session, phone: str) -> Identity | None:
    found: Identity | None = session.scalars(
        sa.select(Identity).where(
            Identity.channel == simulator.SimulatorChannel.name,
            Identity.account == simulator.ACCOUNT, Identity.address == phone,
        )
    ).first()
    return found


def _shown(query: Any, identity: Identity, after: int) -> Any:
    """Narrow a query of messages to the latest ones that a phone shows."""
    return (
        query.join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Conversation.customer_id == identity.customer_id,
            Message.identity_id == identity.id, Message.id > after,
            sa.or_(Message.direction == "in", Message.state.in_(_ARRIVED)),
        )
        .order_by(Message.id.desc())
        .limit(MOST_MESSAGES)
    )


def mark(session: Session, phone: str) -> object:
    """Return what differs whenever the phone would show something else; cheap."""
    identity = _identity(session, phone)
    if identity is None:
        return None
    found = session.execute(_shown(sa.select(Message.id, Message.state), identity, 0)).all()
    return found, _typing(session, identity)


def thread(session: Session, phone: str, after: int = 0) -> dict[str, Any]:
    """Return the messages that a phone shows (ids above `after`), and whether somebody types."""
    identity = _identity(session, phone)
    if identity is None:
        return {"messages": [], "typing": False}
    found = session.scalars(
        _shown(sa.select(Message).options(selectinload(Message.attachments)), identity, after)
    ).all()
    tapped = {
        str(m.attributes["payload"]) for m in found if (m.attributes or {}).get("payload")
    }
    return {
        "messages": [_message(m, tapped) for m in reversed(found)],
        "typing": _typing(session, identity),
    }


def _typing(session: Session, identity: Identity) -> bool:
    conversation = session.scalars(
        sa.select(Conversation).where(Conversation.customer_id == identity.customer_id)
    ).first()
    if conversation is None or not conversation.unanswered or not conversation.last_inbound_at:
        return False
    waited = (clock.now() - conversation.last_inbound_at).total_seconds() / clock.shop_speed()
    return conversation.state != Handling.AGENT.value and waited < _TYPING_SECONDS


def file(session: Session, uid: str) -> Attachment | None:
    """Return an attachment of a message that came through the simulator, or None."""
    found: Attachment | None = session.scalars(
        sa.select(Attachment)
        .join(Message, Message.id == Attachment.message_id)
        .where(Attachment.uid == uid, Message.channel == simulator.SimulatorChannel.name)
    ).first()
    return found
