"""One conversation with one person, and what its outbox did."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import sqlalchemy as sa

from bot import clock, db
from bot.channels.events import InboundMessage, MessageKind, Sender
from bot.conversations import arrivals
from bot.conversations.models import Conversation, Message
from bot.conversations.states import Author, Purpose
from bot.gateway.outbox import queue
from tests.fakes.twilio import TwilioFake

PHONE = "+905321234567"
SetClock = Callable[[str], None]


def conversation() -> int:
    message = InboundMessage(
        channel="twilio_whatsapp", account="+14155238886", provider_message_id="SM1",
        sender=Sender(PHONE, PHONE), kind=MessageKind.TEXT, text="merhaba",
    )
    with db.write() as session:
        stored = arrivals.store(session, message)
    assert stored is not None
    return stored.conversation_id


def say(conversation_id: int, *texts: str, purpose: Purpose = Purpose.AGENT) -> list[str]:
    with db.write() as session:
        conversation = session.get(Conversation, conversation_id)
        assert conversation is not None
        rows = queue.put(
            session, conversation, [queue.Draft(t) for t in texts], purpose=purpose,
            author=Author.USER,
        )
        return [r.uid for r in rows]


def states() -> list[str]:
    with db.read() as session:
        return list(
            session.scalars(
                sa.select(Message.state).where(Message.direction == "out").order_by(Message.id)
            )
        )


def bodies(fake: TwilioFake) -> list[str]:
    return [m.body for m in fake.sent(PHONE)]


def later(seconds: float) -> None:
    """Let shop time pass: what waits becomes due."""
    with db.write() as session:
        session.execute(
            sa.update(Message).where(Message.next_attempt_at.isnot(None)).values(
                next_attempt_at=clock.now() - dt.timedelta(seconds=1),
                sent_at=clock.now() - dt.timedelta(seconds=seconds),
            )
        )
