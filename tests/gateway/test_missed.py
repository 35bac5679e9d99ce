"""The poll for messages that never reached us: what is known already costs no writing."""

from __future__ import annotations

import pytest

from bot.channels.base import Channel
from bot.channels.events import InboundMessage
from bot.gateway import intake, missed
from tests.fakes.twilio import TwilioFake


def test_only_what_is_not_known_is_stored(fake: TwilioFake, monkeypatch: pytest.MonkeyPatch) -> None:
    stored: list[str] = []
    really = intake.store

    def store(channel: Channel, events: list[InboundMessage]) -> int:
        stored.extend(e.provider_message_id for e in events)
        return really(channel, events)

    monkeypatch.setattr(intake, "store", store)
    assert missed.poll() == 0, "the first look ever begins at now"
    first = [fake.undelivered_inbound("merhaba", f"+9053816{i:05d}") for i in range(4)]
    assert missed.poll() == 4 and sorted(stored) == sorted(first)
    stored.clear()
    another = fake.undelivered_inbound("iade süresi kaç gün?", "+905381600000")
    assert missed.poll() == 1 and stored == [another]
