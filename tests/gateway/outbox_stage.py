"""One conversation with one person, and what its outbox did."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import sqlalchemy as sa

from bot import clock, db
from bot.channels.events import (
    DeliveryStatus,
    DeliveryUpdate,
    InboundMessage,
    MessageKind,
    Sender,
)
from bot.conversations import arrivals
from bot.conversations.models import Conversation, Message
from bot.conversations.states import Author, Purpose
from bot.gateway.outbox import queue, receipts
from bot.shop.models import ShopSetting
from tests.fakes.twilio import TwilioFake

PHONE = "+905321234567"
TEMPLATE = "HX" + "c" * 32
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


def receipt(sid: str, status: str, code: str = "", our_id: str = "") -> None:
    """Take a delivery receipt as the web process does."""
    with db.write() as session:
        receipts.record(
            session,
            DeliveryUpdate(
                "twilio_whatsapp", "+14155238886", sid, DeliveryStatus(status), our_id=our_id,
                error_code=code,
            ),
        )


def with_template() -> None:
    """Give the shop a template (`TEMPLATE`) for what is said outside the window."""
    value = {"update": {"tr": {"sid": TEMPLATE, "variables": ["text"]}}}
    with db.write() as session:
        session.add(ShopSetting(key="templates", value=value))


def looked_up_in_vain() -> None:
    """Let every message have an outcome that one more look-up gives up on."""
    with db.write() as session:
        session.execute(
            sa.update(Message).where(Message.direction == "out").values(
                state="unknown", attributes={"look_ups": 5}, sent_at=clock.now()
            )
        )
