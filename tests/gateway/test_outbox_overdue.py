"""A receipt that never came: the provider is asked, and its answer counts as the receipt."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from bot import clock, db
from bot.conversations.models import Message
from bot.gateway.outbox import overdue, receipts, sender
from tests.fakes.twilio import TwilioFake
from tests.gateway.outbox_stage import (
    PHONE,
    conversation,
    say,
    states,
    with_template,
)


def _sent(fake: TwilioFake, *texts: str) -> int:
    """Let messages be sent whose receipts do not reach us; return their conversation."""
    talk = conversation()
    say(talk, *texts)
    sender.drain(talk)
    fake.callbacks.wait()
    assert set(states()) == {"sent"}
    return talk


def _pass(seconds: float) -> int:
    """Let the next question come so much nearer, and ask."""
    with db.write() as session:
        for message in session.scalars(sa.select(Message).where(Message.direction == "out")):
            if message.next_attempt_at:
                message.next_attempt_at -= dt.timedelta(seconds=seconds)
    return overdue.ask()


def test_a_message_whose_receipts_were_lost_is_known_to_have_arrived(fake: TwilioFake) -> None:
    _sent(fake, "bir", "iki")
    assert _pass(50) == 0 and states() == ["sent", "sent"], "a receipt may still come"
    assert _pass(11) == 2 and states() == ["delivered", "delivered"]
    assert fake.api_requests["GET Message"] == 2


def test_a_message_that_failed_unheard_is_shown_as_failed(fake: TwilioFake) -> None:
    fake.fail_delivery(PHONE, 63032)
    _sent(fake, "bir")
    _pass(61)
    assert states() == ["failed"]
    with db.read() as session:
        message = session.scalars(sa.select(Message).where(Message.direction == "out")).one()
        assert message.error_code == "63032" and "63032" in message.error_text


def test_63016_unheard_becomes_a_template(fake: TwilioFake) -> None:
    with_template()
    fake.fail_delivery(PHONE, 63016)
    talk = _sent(fake, "bir")
    _pass(61)
    assert states() == ["queued"]
    sender.drain(talk)
    assert [bool(m.content_sid) for m in fake.sent(PHONE)] == [False, True]


def test_a_provider_that_is_away_says_nothing_and_is_asked_again(fake: TwilioFake) -> None:
    _sent(fake, "bir")
    fake.fault("error", on="message")
    assert _pass(61) == 0 and states() == ["sent"]
    assert overdue.ask() == 1 and states() == ["delivered"]


def test_a_provider_that_is_away_is_left_alone_until_the_next_round(fake: TwilioFake) -> None:
    _sent(fake, *"abcdefgh")
    fake.fault("error", on="message", times=3)
    assert _pass(61) == 0 and fake.api_requests["GET Message"] == 3
    fake.fault("error", on="message", times=2)
    assert overdue.ask() == 6, "fewer questions without an answer do not stop the others"
    assert overdue.ask() == 2 and set(states()) == {"delivered"}


def test_it_is_asked_rarer_and_rarer_and_not_for_ever(fake: TwilioFake) -> None:
    """A phone may be off for days: the message stays with the provider, and so does our question."""
    fake.callbacks.plan = ("sent",)
    _sent(fake, "bir")
    for number, seconds in enumerate(receipts.ASK_AFTER, start=1):
        _pass(seconds - 5)
        assert fake.api_requests["GET Message"] == number - 1
        _pass(6)
        assert fake.api_requests["GET Message"] == number
    _pass(10_000_000)
    assert fake.api_requests["GET Message"] == len(receipts.ASK_AFTER) and states() == ["sent"]


def test_a_message_that_the_provider_has_no_more_is_not_asked_for_again(fake: TwilioFake) -> None:
    _sent(fake, "bir")
    fake.store.by_sid.clear()
    assert _pass(61) == 0
    with db.read() as session:
        message = session.scalars(sa.select(Message).where(Message.direction == "out")).one()
        assert message.state == "sent" and message.next_attempt_at is None


def test_a_message_that_is_reported_is_not_asked_for(fake: TwilioFake) -> None:
    _sent(fake, "bir")
    with db.write() as session:
        session.execute(
            sa.update(Message).where(Message.direction == "out").values(
                state="delivered", next_attempt_at=clock.now() - dt.timedelta(days=1)
            )
        )
    assert overdue.ask() == 0 and fake.api_requests["GET Message"] == 0
