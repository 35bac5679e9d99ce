"""The outbox against a Twilio that fails: once, in order, one visible final state."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from bot import clock, db
from bot.channels import registry
from bot.channels.events import DeliveryStatus, DeliveryUpdate, InboundMessage, MessageKind, Sender
from bot.conversations import service
from bot.conversations.models import Conversation, Identity, Message
from bot.conversations.states import Author, Purpose
from bot.gateway import dead_letters
from bot.gateway.outbox import queue, receipts, sender
from bot.shop.models import ShopSetting
from tests.fakes.twilio import TwilioFake

PHONE = "+905321234567"
SetClock = Callable[[str], None]


def _conversation() -> int:
    message = InboundMessage(
        channel="twilio_whatsapp", account="+14155238886", provider_message_id="SM1",
        sender=Sender(PHONE, PHONE), kind=MessageKind.TEXT, text="merhaba",
    )
    with db.write() as session:
        stored = service.store_inbound(session, message)
    assert stored is not None
    return stored.conversation_id


def _say(conversation_id: int, *texts: str, purpose: Purpose = Purpose.AGENT) -> list[str]:
    with db.write() as session:
        conversation = session.get(Conversation, conversation_id)
        assert conversation is not None
        rows = queue.put(
            session, conversation, [queue.Draft(t) for t in texts], purpose=purpose,
            author=Author.USER,
        )
        return [r.uid for r in rows]


def _states() -> list[str]:
    with db.read() as session:
        return list(
            session.scalars(
                sa.select(Message.state).where(Message.direction == "out").order_by(Message.id)
            )
        )


def _bodies(fake: TwilioFake) -> list[str]:
    return [m.body for m in fake.sent(PHONE)]


def _later(seconds: float) -> None:
    """Let shop time pass: what waits becomes due."""
    with db.write() as session:
        session.execute(
            sa.update(Message).where(Message.next_attempt_at.isnot(None)).values(
                next_attempt_at=clock.now() - dt.timedelta(seconds=1),
                sent_at=clock.now() - dt.timedelta(seconds=seconds),
            )
        )


def test_messages_leave_in_order_and_long_ones_in_parts(fake: TwilioFake) -> None:
    conversation = _conversation()
    text = " ".join(f"kelime{i}" for i in range(400))
    _say(conversation, "bir", text, "üç")
    sender.drain(conversation)
    bodies = _bodies(fake)
    assert bodies[0] == "bir" and bodies[-1] == "üç" and len(bodies) > 3
    assert all(len(b) <= 1600 for b in bodies)
    assert " ".join(bodies[1:-1]).split() == text.split()
    assert set(_states()) <= {"sent", "delivered", "read"}


def test_429_waits_and_nothing_overtakes(fake: TwilioFake) -> None:
    conversation = _conversation()
    fake.fault("rate_limit", times=1)
    _say(conversation, "bir", "iki")
    sender.drain(conversation)
    assert _bodies(fake) == [] and _states() == ["queued", "queued"]
    _later(10)
    sender.drain(conversation)
    assert _bodies(fake) == ["bir", "iki"]


def test_accepted_but_the_answer_was_lost_is_found_and_not_sent_again(fake: TwilioFake) -> None:
    conversation = _conversation()
    fake.fault("drop", times=1)
    _say(conversation, "bir", "iki")
    sender.drain(conversation)
    assert _states()[0] == "unknown", "an outcome that can not be known must be visible as such"
    assert _bodies(fake) == ["bir"], "the next message may not overtake one of unknown outcome"
    _later(6)
    sender.drain(conversation)
    assert _bodies(fake) == ["bir", "iki"]
    assert set(_states()) <= {"sent", "delivered", "read"}


def test_a_500_before_acceptance_is_sent_again_only_when_surely_absent(fake: TwilioFake) -> None:
    conversation = _conversation()
    fake.fault("error", times=1)
    _say(conversation, "bir")
    sender.drain(conversation)
    assert _states() == ["unknown"]
    _later(6)
    sender.drain(conversation)
    assert _bodies(fake) == [], "six seconds later it may still be on its way"
    _later(60)
    sender.drain(conversation)
    _later(60)
    sender.drain(conversation)
    assert _bodies(fake) == ["bir"]


def test_a_receipt_settles_an_unknown_outcome_by_our_own_id(fake: TwilioFake) -> None:
    conversation = _conversation()
    fake.fault("error", times=1)
    [uid] = _say(conversation, "bir")
    sender.drain(conversation)
    update = DeliveryUpdate(
        "twilio_whatsapp", "+14155238886", "SMx", DeliveryStatus.DELIVERED, our_id=uid
    )
    with db.write() as session:
        receipts.record(session, update)
    assert _states() == ["delivered"]
    _later(600)
    sender.drain(conversation)
    assert _bodies(fake) == []


def test_a_process_that_died_in_mid_send_is_looked_up(fake: TwilioFake) -> None:
    conversation = _conversation()
    _say(conversation, "bir")
    with db.write() as session:
        session.execute(
            sa.update(Message).where(Message.direction == "out").values(
                state="sending", claim_owner="dead", claim_until=clock.real() - 1
            )
        )
    sender.drain(conversation)
    assert _states() == ["unknown"] and _bodies(fake) == []
    _later(60)
    sender.drain(conversation)
    _later(60)
    sender.drain(conversation)
    assert _bodies(fake) == ["bir"]


def test_a_claim_of_a_living_process_is_respected(fake: TwilioFake) -> None:
    conversation = _conversation()
    _say(conversation, "bir", "iki")
    with db.write() as session:
        first = session.scalars(sa.select(Message).where(Message.text == "bir")).one()
        first.state, first.claim_owner, first.claim_until = "sending", "x", clock.real() + 30
    sender.drain(conversation)
    assert _bodies(fake) == []


@pytest.mark.parametrize(
    "order",
    [("sent", "delivered", "read"), ("read", "delivered", "sent"), ("delivered", "failed", "sent")],
)
def test_statuses_only_rise(fake: TwilioFake, order: tuple[str, ...]) -> None:
    conversation = _conversation()
    _say(conversation, "bir")
    sender.drain(conversation)
    sid = fake.sent(PHONE)[0].sid
    for word in (*order, *order):
        with db.write() as session:
            receipts.record(
                session,
                DeliveryUpdate("twilio_whatsapp", "+14155238886", sid, DeliveryStatus(word)),
            )
    assert _states() == ["read" if "read" in order else "delivered"]


def test_a_receipt_that_came_first_is_adopted_by_the_send(fake: TwilioFake) -> None:
    conversation = _conversation()
    _say(conversation, "bir")
    original = registry.get("twilio_whatsapp").send

    def early(message):  # type: ignore[no-untyped-def]
        result = original(message)
        with db.write() as session:
            receipts.record(
                session,
                DeliveryUpdate(
                    "twilio_whatsapp", "+14155238886", result.provider_message_id,
                    DeliveryStatus.DELIVERED,
                ),
            )
        return result

    registry.get("twilio_whatsapp").send = early  # type: ignore[method-assign]
    sender.drain(conversation)
    assert _states() == ["delivered"]


def test_outside_the_window_it_is_a_template_or_visibly_not_sent(
    fake: TwilioFake, set_clock: SetClock
) -> None:
    set_clock("2026-11-24T11:00:00+03:00")
    conversation = _conversation()
    set_clock("2026-11-25T12:00:00+03:00")
    _say(conversation, "bir")
    sender.drain(conversation)
    assert _states() == ["not_sent"] and fake.sent(PHONE) == []
    with db.write() as session:
        session.add(
            ShopSetting(
                key="templates",
                value={"update": {"tr": {"sid": "HX" + "a" * 32, "variables": ["text"]}}},
            )
        )
    _say(conversation, "iki")
    sender.drain(conversation)
    [sent] = fake.sent(PHONE)
    assert sent.content_sid == "HX" + "a" * 32 and "iki" in str(sent.content_variables)


def test_63016_late_becomes_a_template_once(fake: TwilioFake) -> None:
    with db.write() as session:
        session.add(
            ShopSetting(
                key="templates",
                value={"update": {"tr": {"sid": "HX" + "b" * 32, "variables": ["text"]}}},
            )
        )
    conversation = _conversation()
    _say(conversation, "bir")
    sender.drain(conversation)
    sid = fake.sent(PHONE)[0].sid
    with db.write() as session:
        receipts.record(
            session,
            DeliveryUpdate(
                "twilio_whatsapp", "+14155238886", sid, DeliveryStatus.FAILED, error_code="63016"
            ),
        )
    sender.drain(conversation)
    assert [m.content_sid for m in fake.sent(PHONE)] == ["", "HX" + "b" * 32]


def test_a_blocked_person_is_not_tried_again_and_the_dead_letter_can_be_replayed(
    fake: TwilioFake,
) -> None:
    conversation = _conversation()
    fake.fault("refuse", times=1, status=400, code=21610)
    _say(conversation, "bir")
    sender.drain(conversation)
    assert _states() == ["failed"]
    _say(conversation, "iki")
    sender.drain(conversation)
    assert _states() == ["failed", "not_sent"] and _bodies(fake) == []
    [letter] = dead_letters.list_all()
    assert "21610" in letter.reason and letter.direction == "out"
    with db.write() as session:
        session.execute(sa.update(Identity).values(unreachable=None))
    dead_letters.retry(letter.id)
    sender.drain(conversation)
    assert _bodies(fake) == ["bir"]
    assert dead_letters.list_all() == []


def test_the_pair_rate_holds_back_the_eleventh(fake: TwilioFake) -> None:
    conversation = _conversation()
    _say(conversation, *[f"mesaj {i}" for i in range(12)])
    sender.drain(conversation)
    assert len(_bodies(fake)) == 10
    assert _states().count("queued") == 2


def test_marketing_needs_consent(fake: TwilioFake) -> None:
    from bot import wiring
    from bot.gateway.outbox import checks

    checks.register(wiring._consent)
    conversation = _conversation()
    _say(conversation, "kampanya", purpose=Purpose.MARKETING)
    sender.drain(conversation)
    assert _states() == ["not_sent"] and _bodies(fake) == []


def _receipt(sid: str, status: str, code: str = "", our_id: str = "") -> None:
    with db.write() as session:
        receipts.record(
            session,
            DeliveryUpdate(
                "twilio_whatsapp", "+14155238886", sid, DeliveryStatus(status), our_id=our_id,
                error_code=code,
            ),
        )


def _with_template() -> None:
    with db.write() as session:
        session.add(
            ShopSetting(
                key="templates",
                value={"update": {"tr": {"sid": "HX" + "c" * 32, "variables": ["text"]}}},
            )
        )


def test_the_same_words_twice_are_not_mistaken_for_each_other(fake: TwilioFake) -> None:
    """A look-up may not find the earlier message with the same text and take it for this one."""
    conversation = _conversation()
    _say(conversation, "tamam")
    sender.drain(conversation)
    fake.fault("error", times=1)
    _say(conversation, "tamam", "son")
    sender.drain(conversation)
    for _ in range(3):
        _later(60)
        sender.drain(conversation)
    assert _bodies(fake) == ["tamam", "tamam", "son"]
    assert set(_states()) <= {"sent", "delivered", "read"}


@pytest.mark.parametrize("late", ["sent", "delivered"])
def test_receipts_of_a_refused_try_say_nothing_about_the_template(
    fake: TwilioFake, late: str
) -> None:
    _with_template()
    conversation = _conversation()
    [uid] = _say(conversation, "bir")
    sender.drain(conversation)
    sid = fake.sent(PHONE)[0].sid
    _receipt(sid, "failed", "63016")
    _receipt(sid, late, our_id=uid)
    assert _states() == ["queued"]
    sender.drain(conversation)
    assert [bool(m.content_sid) for m in fake.sent(PHONE)] == [False, True]
    with db.read() as session:
        message = session.scalars(sa.select(Message).where(Message.direction == "out")).one()
        assert message.provider_message_id == fake.sent(PHONE)[1].sid


def test_63016_before_the_send_call_returned(fake: TwilioFake) -> None:
    _with_template()
    conversation = _conversation()
    [uid] = _say(conversation, "bir")
    channel = registry.get("twilio_whatsapp")
    original = channel.send

    def refused_at_once(message):  # type: ignore[no-untyped-def]
        result = original(message)
        if not message.template:
            _receipt(result.provider_message_id, "failed", "63016", our_id=uid)
        return result

    channel.send = refused_at_once  # type: ignore[method-assign]
    sender.drain(conversation)
    sender.drain(conversation)
    assert [bool(m.content_sid) for m in fake.sent(PHONE)] == [False, True]


def test_a_temporary_failure_reported_later_is_tried_again(fake: TwilioFake) -> None:
    conversation = _conversation()
    _say(conversation, "bir")
    sender.drain(conversation)
    _receipt(fake.sent(PHONE)[0].sid, "failed", "63018")
    assert _states() == ["queued"]
    _later(1)
    sender.drain(conversation)
    assert _bodies(fake) == ["bir", "bir"]


def test_an_outcome_that_stays_unknown_is_a_dead_letter(fake: TwilioFake) -> None:
    conversation = _conversation()
    _say(conversation, "bir")
    with db.write() as session:
        session.execute(
            sa.update(Message).where(Message.direction == "out").values(
                state="unknown", attributes={"look_ups": 5}, sent_at=clock.now()
            )
        )
    sender.drain(conversation)
    assert _states() == ["expired"]
    [letter] = dead_letters.list_all()
    dead_letters.retry(letter.id)
    sender.drain(conversation)
    assert _bodies(fake) == ["bir"]


def test_what_the_bot_had_queued_stays_unsaid_once_a_person_has_the_chat(fake: TwilioFake) -> None:
    conversation = _conversation()
    with db.write() as session:
        row = session.get(Conversation, conversation)
        assert row is not None
        queue.put(
            session, row, [queue.Draft("bottan")], purpose=Purpose.REPLY, author=Author.BOT
        )
        row.state = "agent"
    _say(conversation, "insandan")
    sender.drain(conversation)
    assert _bodies(fake) == ["insandan"] and _states()[0] == "not_sent"


def test_quiet_hours_hold_back_what_nobody_asked_for(
    fake: TwilioFake, set_clock: SetClock
) -> None:
    set_clock("2026-11-24T23:30:00+03:00")
    conversation = _conversation()
    _say(conversation, "kargonuz yola çıktı", purpose=Purpose.NOTICE)
    _say(conversation, "cevap", purpose=Purpose.AGENT)
    sender.drain(conversation)
    with db.read() as session:
        first = session.scalars(
            sa.select(Message).where(Message.purpose == Purpose.NOTICE.value)
        ).one()
        assert first.state == "queued"
        assert first.next_attempt_at.isoformat() == "2026-11-25T05:00:00+00:00"
    assert _bodies(fake) == ["cevap"]
    set_clock("2026-11-25T08:01:00+03:00")
    sender.drain(conversation)
    assert _bodies(fake) == ["cevap", "kargonuz yola çıktı"]


def test_what_a_killed_worker_held_is_free_when_the_next_one_starts(fake: TwilioFake) -> None:
    from bot.gateway.outbox import claims

    conversation = _conversation()
    _say(conversation, "bir")
    living, dead = claims.new_owner(), claims.new_owner().replace(f":{os.getpid()}:", ":999999999:")
    with db.write() as session:
        row = session.get(Conversation, conversation)
        message = session.scalars(sa.select(Message).where(Message.direction == "out")).one()
        assert row is not None
        row.lease_owner, row.lease_until = dead, clock.real() + 60
        message.state, message.claim_owner, message.claim_until = "sending", living, clock.real() + 60
    with db.write() as session:
        assert claims.free_dead(session) == 1
    with db.read() as session:
        row = session.get(Conversation, conversation)
        assert row is not None and row.lease_until == 0.0
        message = session.scalars(sa.select(Message).where(Message.direction == "out")).one()
        assert message.claim_until > clock.real(), "what a living process holds stays held"
