"""The Twilio fake, a receiver for what it posts, and the channel between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from bot.channels.events import OutgoingMessage
from bot.channels.twilio.whatsapp import TwilioWhatsAppChannel
from bot.config import Settings
from tests.channels.receiver import Receiver
from tests.fakes.twilio import TwilioFake

AYSE = "+905321234567"
PUBLIC = "https://desk.example"

MakeChannel = Callable[..., TwilioWhatsAppChannel]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def fake(receiver: Receiver) -> Iterator[TwilioFake]:
    with TwilioFake(webhook_base_url=receiver.url, public_base_url=PUBLIC) as running:
        yield running


@pytest.fixture
def make_channel(fake: TwilioFake) -> MakeChannel:
    """Return a maker of channels at the fake, with other settings where named."""

    def make(**settings: object) -> TwilioWhatsAppChannel:
        values = {k.lower(): v for k, v in fake.environment().items()}
        return TwilioWhatsAppChannel(
            Settings(**{**values, "public_base_url": PUBLIC, **settings})  # type: ignore[arg-type]
        )

    return make


@pytest.fixture
def channel(make_channel: MakeChannel) -> TwilioWhatsAppChannel:
    return make_channel()


def outgoing(text: str = "Siparişiniz yolda.", **fields: object) -> OutgoingMessage:
    """Return a message to Ayşe."""
    values: dict[str, object] = {"our_id": "u-1", "account": "+14155238886", "address": AYSE}
    return OutgoingMessage(**{**values, "text": text, **fields})  # type: ignore[arg-type]
