"""What could not be understood is kept with its reason, listed, and replayed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot import db
from bot.channels import registry
from bot.channels.events import UnknownEvent
from bot.conversations.models import Message
from bot.errors import NotFound
from bot.gateway import dead_letters, intake
from tests.fakes.twilio import TwilioFake


def _texts() -> list[str]:
    with db.read() as session:
        return list(session.scalars(sa.select(Message.text).where(Message.direction == "in")))


def test_an_oddity_is_kept_and_understood_once_the_code_can(fake: TwilioFake) -> None:
    channel = registry.get("twilio_whatsapp")
    raw = {
        "MessageSid": "SMlater", "From": "whatsapp:+905321234567", "To": fake.from_,
        "Body": "sonradan", "NumMedia": "0",
    }
    odd = {k: v for k, v in raw.items() if k != "MessageSid"}
    intake.store(channel, [UnknownEvent(channel.name, "+14155238886", "no_message_id", odd)])
    [letter] = dead_letters.list_all()
    assert letter.direction == "in" and letter.kind == "no_message_id" and letter.reason
    assert dead_letters.retry(letter.id) == "still not understood; kept"
    assert dead_letters.list_all() and _texts() == []
    channel.parse_raw = lambda payload: type(channel).parse_raw(  # type: ignore[method-assign]
        channel, {**payload, "MessageSid": "SMlater"}
    )
    assert "1 new message" in dead_letters.retry(letter.id)
    assert _texts() == ["sonradan"] and dead_letters.list_all() == []
    assert len(dead_letters.list_all(include_replayed=True)) == 1


def test_a_number_that_is_none_is_said_so(fake: TwilioFake) -> None:
    with pytest.raises(NotFound):
        dead_letters.retry(424242)
