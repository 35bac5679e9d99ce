"""What could not be understood is kept with its reason, listed, and replayed."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from bot import clock, db
from bot.channels import registry
from bot.channels.events import UnknownEvent
from bot.conversations.models import Conversation, DeadLetter, Identity, Message, Turn
from bot.conversations.states import Inbound, Outbound
from bot.errors import Conflict, NotFound
from bot.gateway import dead_letters, intake
from bot.gateway.outbox import sender
from tests.fakes.twilio import TwilioFake
from tests.gateway.outbox_stage import bodies, conversation, later, say, states


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


def _letter(uid: str, kind: str, state: Outbound) -> int:
    """Let a message have ended badly, with its letter; return the letter's id."""
    with db.write() as session:
        message = session.scalars(sa.select(Message).where(Message.uid == uid)).one()
        long_ago = (clock.now() - dt.timedelta(days=2)).isoformat()
        message.state = state.value
        message.attributes = {"look_ups": 5, "asked_since": long_ago}
        message.sent_at = clock.now()
        session.add(letter := DeadLetter(
            direction="out", channel=message.channel, kind=kind, reason="x", payload={},
            message_id=message.id,
        ))
        session.flush()
        return int(letter.id)


def test_what_may_have_arrived_is_looked_up_and_not_sent_twice(fake: TwilioFake) -> None:
    talk = conversation()
    arrived, lost = say(talk, "geldi", "gelmedi")
    sender.drain(talk)
    assert bodies(fake) == ["geldi", "gelmedi"]
    with fake.store.lock:  # the provider has never heard of the second one
        fake.store.messages.pop()
    with db.write() as session:
        session.execute(sa.update(Message).values(provider_message_id=None).where(
            Message.direction == "out"))
    for uid in (arrived, lost):
        _letter(uid, "outcome_unknown", Outbound.EXPIRED)
    first, second = dead_letters.list_all()
    assert "looked up" in dead_letters.retry(first.id)
    assert "looked up" in dead_letters.retry(second.id)
    assert first.conversation and dead_letters.list_all() == []
    fake.fault("error", on="list", times=3)  # no answer is no end: a person asks, from now on
    for _ in range(6):
        later(60)
        sender.drain(talk)
    assert bodies(fake) == ["geldi", "gelmedi"]
    assert not {"expired", "unknown", "queued"} & set(states()) and dead_letters.list_all() == []


def test_what_has_been_sent_meanwhile_is_left_alone(fake: TwilioFake) -> None:
    talk = conversation()
    [uid] = say(talk, "merhaba")
    sender.drain(talk)
    letter = _letter(uid, "undelivered", Outbound.DELIVERED)
    assert "delivered by now" in dead_letters.retry(letter)
    sender.drain(talk)
    assert bodies(fake) == ["merhaba"] and dead_letters.list_all() == []
    with pytest.raises(Conflict, match="already"):
        dead_letters.retry(letter)


@pytest.mark.parametrize("opted_out", [False, True])
def test_a_dead_address_is_tried_again_but_no_wish_overruled(
    fake: TwilioFake, opted_out: bool
) -> None:
    talk = conversation()
    [uid] = say(talk, "merhaba")
    letter = _letter(uid, "send_failed", Outbound.FAILED)
    with db.write() as session:
        identity = session.scalars(sa.select(Identity)).one()
        identity.unreachable = "63024"
        identity.opted_out_at = clock.now() if opted_out else None
    if opted_out:
        with pytest.raises(Conflict, match="does not want"):
            dead_letters.retry(letter)
    else:
        assert dead_letters.retry(letter) == "queued again"
        with db.read() as session:
            sent = session.scalars(sa.select(Message).where(Message.uid == uid)).one()
            assert sent.attributes == {"look_ups": 0}, "the next try has look-ups of its own"
    sender.drain(talk)
    assert bodies(fake) == ([] if opted_out else ["merhaba"])
    assert len(dead_letters.list_all()) == opted_out


@pytest.mark.parametrize("asked", [True, False])
def test_a_turn_goes_to_the_brain_again_with_its_id_or_is_made_anew(
    fake: TwilioFake, asked: bool
) -> None:
    """What it changed is known by its id; one that failed before asking has changed nothing."""
    talk = conversation()
    with db.write() as session:
        turn = Turn(
            conversation_id=talk, state="silent", reason="unanswerable", attempts=21,
            commands=[{"text": "merhaba"}] if asked else None,
        )
        session.add(turn)
        session.flush()
        turn_id = str(turn.id)
        session.execute(sa.update(Message).values(turn_id=turn_id, state=Inbound.HANDLED.value))
        session.execute(sa.update(Conversation).values(unanswered=False))
        session.add(DeadLetter(direction="in", channel="rasa", kind="unanswerable_turn", reason="x",
                               payload={"turn": turn_id}))
    [letter] = dead_letters.list_all()
    assert letter.conversation
    assert dead_letters.retry(letter.id) == "asked again"
    with db.read() as session:
        turn = session.get(Turn, turn_id)
        message = session.scalars(sa.select(Message)).one()
        assert session.scalars(sa.select(Conversation)).one().unanswered
        if asked:
            assert turn is not None
            assert (turn.state, turn.attempts, message.turn_id) == ("open", 0, turn_id)
        else:
            assert (message.turn_id, message.state) == (None, "received")
