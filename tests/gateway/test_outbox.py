"""The outbox against a Twilio that fails: once, in order, one visible final state."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot import clock, db
from bot.channels import registry
from bot.conversations.models import Identity, Message
from bot.conversations.states import Purpose
from bot.gateway import dead_letters
from bot.gateway.outbox import sender
from tests.fakes.twilio import TwilioFake
from tests.gateway.outbox_stage import (
    PHONE,
    TEMPLATE,
    SetClock,
    bodies,
    conversation,
    later,
    receipt,
    say,
    states,
    with_template,
)


def test_messages_leave_in_order_and_long_ones_in_parts(fake: TwilioFake) -> None:
    talk = conversation()
    text = " ".join(f"kelime{i}" for i in range(400))
    say(talk, "bir", text, "üç")
    sender.drain(talk)
    sent = bodies(fake)
    assert sent[0] == "bir" and sent[-1] == "üç" and len(sent) > 3
    assert all(len(b) <= 1600 for b in sent)
    assert " ".join(sent[1:-1]).split() == text.split()
    assert set(states()) <= {"sent", "delivered", "read"}


def test_429_waits_and_nothing_overtakes(fake: TwilioFake) -> None:
    talk = conversation()
    fake.fault("rate_limit", times=1)
    say(talk, "bir", "iki")
    sender.drain(talk)
    assert bodies(fake) == [] and states() == ["queued", "queued"]
    later(10)
    sender.drain(talk)
    assert bodies(fake) == ["bir", "iki"]


def test_accepted_but_the_answer_was_lost_is_found_and_not_sent_again(fake: TwilioFake) -> None:
    talk = conversation()
    fake.fault("drop", times=1)
    say(talk, "bir", "iki")
    sender.drain(talk)
    assert states()[0] == "unknown", "an outcome that can not be known must be visible as such"
    assert bodies(fake) == ["bir"], "the next message may not overtake one of unknown outcome"
    later(6)
    sender.drain(talk)
    assert bodies(fake) == ["bir", "iki"]
    assert set(states()) <= {"sent", "delivered", "read"}


def test_a_500_before_acceptance_is_sent_again_only_when_surely_absent(fake: TwilioFake) -> None:
    talk = conversation()
    fake.fault("error", times=1)
    say(talk, "bir")
    sender.drain(talk)
    assert states() == ["unknown"]
    later(6)
    sender.drain(talk)
    assert bodies(fake) == [], "six seconds later it may still be on its way"
    later(60)
    sender.drain(talk)
    later(60)
    sender.drain(talk)
    assert bodies(fake) == ["bir"]


def test_a_receipt_settles_an_unknown_outcome_by_our_own_id(fake: TwilioFake) -> None:
    talk = conversation()
    fake.fault("error", times=1)
    [uid] = say(talk, "bir")
    sender.drain(talk)
    receipt("SMx", "delivered", our_id=uid)
    assert states() == ["delivered"]
    later(600)
    sender.drain(talk)
    assert bodies(fake) == []


def test_a_process_that_died_in_mid_send_is_looked_up(fake: TwilioFake) -> None:
    talk = conversation()
    say(talk, "bir")
    with db.write() as session:
        session.execute(
            sa.update(Message).where(Message.direction == "out").values(
                state="sending", claim_owner="dead", claim_until=clock.real() - 1
            )
        )
    sender.drain(talk)
    assert states() == ["unknown"] and bodies(fake) == []
    later(60)
    sender.drain(talk)
    later(60)
    sender.drain(talk)
    assert bodies(fake) == ["bir"]


def test_a_claim_of_a_living_process_is_respected(fake: TwilioFake) -> None:
    talk = conversation()
    say(talk, "bir", "iki")
    with db.write() as session:
        first = session.scalars(sa.select(Message).where(Message.text == "bir")).one()
        first.state, first.claim_owner, first.claim_until = "sending", "x", clock.real() + 30
    sender.drain(talk)
    assert bodies(fake) == []


@pytest.mark.parametrize(
    "order",
    [("sent", "delivered", "read"), ("read", "delivered", "sent"), ("delivered", "failed", "sent")],
)
def test_statuses_only_rise(fake: TwilioFake, order: tuple[str, ...]) -> None:
    talk = conversation()
    say(talk, "bir")
    sender.drain(talk)
    sid = fake.sent(PHONE)[0].sid
    for word in (*order, *order):
        receipt(sid, word)
    assert states() == ["read" if "read" in order else "delivered"]


def test_a_receipt_that_came_first_is_adopted_by_the_send(fake: TwilioFake) -> None:
    talk = conversation()
    say(talk, "bir")
    original = registry.get("twilio_whatsapp").send

    def early(message):  # type: ignore[no-untyped-def]
        result = original(message)
        receipt(result.provider_message_id, "delivered")
        return result

    registry.get("twilio_whatsapp").send = early  # type: ignore[method-assign]
    sender.drain(talk)
    assert states() == ["delivered"]


def test_outside_the_window_it_is_a_template_or_visibly_not_sent(
    fake: TwilioFake, set_clock: SetClock
) -> None:
    set_clock("2026-11-24T11:00:00+03:00")
    talk = conversation()
    set_clock("2026-11-25T12:00:00+03:00")
    say(talk, "bir")
    sender.drain(talk)
    assert states() == ["not_sent"] and fake.sent(PHONE) == []
    with_template()
    say(talk, "iki")
    sender.drain(talk)
    [sent] = fake.sent(PHONE)
    assert sent.content_sid == TEMPLATE and "iki" in str(sent.content_variables)


def test_63016_late_becomes_a_template_once(fake: TwilioFake) -> None:
    with_template()
    talk = conversation()
    say(talk, "bir")
    sender.drain(talk)
    sid = fake.sent(PHONE)[0].sid
    receipt(sid, "failed", "63016")
    sender.drain(talk)
    assert [m.content_sid for m in fake.sent(PHONE)] == ["", TEMPLATE]


def test_a_blocked_person_is_not_tried_again_and_the_dead_letter_can_be_replayed(
    fake: TwilioFake,
) -> None:
    talk = conversation()
    fake.fault("refuse", times=1, status=400, code=21610)
    say(talk, "bir")
    sender.drain(talk)
    assert states() == ["failed"]
    say(talk, "iki")
    sender.drain(talk)
    assert states() == ["failed", "not_sent"] and bodies(fake) == []
    [letter] = dead_letters.list_all()
    assert "21610" in letter.reason and letter.direction == "out"
    with db.write() as session:
        session.execute(sa.update(Identity).values(unreachable=None))
    dead_letters.retry(letter.id)
    sender.drain(talk)
    assert bodies(fake) == ["bir"]
    assert dead_letters.list_all() == []


def test_the_pair_rate_holds_back_the_eleventh(fake: TwilioFake) -> None:
    talk = conversation()
    say(talk, *[f"mesaj {i}" for i in range(12)])
    sender.drain(talk)
    assert len(bodies(fake)) == 10
    assert states().count("queued") == 2


def test_marketing_needs_consent(fake: TwilioFake, set_clock: SetClock) -> None:
    from bot import wiring
    from bot.gateway.outbox import checks

    set_clock("2026-11-24T23:30:00+03:00")  # what may never be sent does not wait for the morning
    checks.register(wiring._consent)
    talk = conversation()
    say(talk, "kampanya", purpose=Purpose.MARKETING)
    sender.drain(talk)
    assert states() == ["not_sent"] and bodies(fake) == []
