"""How an outcome that could not be known became known is kept with the message, and shown."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from bot import db
from bot.channels import registry
from bot.channels.errors import Outcome, SendError
from bot.conversations import queries
from bot.conversations.models import Message
from bot.gateway import dead_letters
from bot.gateway.outbox import sender
from tests.fakes.twilio import TwilioFake
from tests.gateway.outbox_stage import (
    PHONE,
    SetClock,
    bodies,
    conversation,
    later,
    looked_up_in_vain,
    receipt,
    say,
    states,
    with_template,
)


def _history(index: int = 0) -> list[dict[str, Any]]:
    with db.read() as session:
        rows = [r for r in queries.export_messages(session) if r["direction"] == "out"]
    return list(rows[index]["history"])


def _whats(index: int = 0) -> list[str]:
    return [entry["what"] for entry in _history(index)]


def _drained(talk: int, seconds: float) -> None:
    later(seconds)
    sender.drain(talk)


def test_what_went_straight_has_no_history(fake: TwilioFake) -> None:
    talk = conversation()
    say(talk, "bir")
    sender.drain(talk)
    assert _history() == []


def test_found_by_a_look_up(fake: TwilioFake) -> None:
    talk = conversation()
    fake.fault("drop")
    say(talk, "bir")
    sender.drain(talk)
    assert _whats() == ["unknown"]
    _drained(talk, 6)
    unknown, found = _history()
    assert (unknown["what"], unknown["code"]) == ("unknown", "timeout")
    assert (found["what"], found["provider_id"]) == ("found", fake.sent(PHONE)[0].sid)
    assert dt.datetime.fromisoformat(found["at"]).tzinfo


def test_not_found_and_sent_again(fake: TwilioFake) -> None:
    talk = conversation()
    fake.fault("error", status=503)
    say(talk, "bir")
    sender.drain(talk)
    _drained(talk, 31)
    _drained(talk, 31)
    assert _whats() == ["unknown", "absent", "sent"] and bodies(fake) == ["bir"]
    with db.read() as session:
        message = session.scalars(sa.select(Message).where(Message.direction == "out")).one()
        assert (message.error_code, message.error_text) == (None, None), "it is on its way now"


def test_settled_by_areceipt(fake: TwilioFake) -> None:
    talk = conversation()
    fake.fault("drop")
    [uid] = say(talk, "bir")
    sender.drain(talk)
    receipt(fake.sent(PHONE)[0].sid, "delivered", our_id=uid)
    assert _whats() == ["unknown", "receipt"] and states() == ["delivered"]


def test_settled_by_a_receipt_that_came_before_the_call_failed(fake: TwilioFake) -> None:
    talk = conversation()
    [uid] = say(talk, "bir")
    channel = registry.get("twilio_whatsapp")
    original = channel.send

    def taken_and_lost(message):  # type: ignore[no-untyped-def]
        result = original(message)
        receipt(result.provider_message_id, "delivered", our_id=uid)
        raise SendError("no answer", Outcome.UNKNOWN, "timeout")

    channel.send = taken_and_lost  # type: ignore[method-assign]
    sender.drain(talk)
    assert _whats() == ["unknown", "receipt"] and states() == ["delivered"]


def test_a_refusal_that_was_reported_later_is_kept_with_what_followed(fake: TwilioFake) -> None:
    talk = conversation()
    say(talk, "bir", "iki")
    sender.drain(talk)
    first, second = (m.sid for m in fake.sent(PHONE))
    receipt(first, "failed", "63018")
    receipt(second, "failed", "63032")
    entries = [*_history(0), *_history(1)]
    assert [(e["what"], e["code"], e["provider_id"], e.get("then")) for e in entries] == [
        ("refused", "63018", first, "again"), ("refused", "63032", second, None),
    ]


def test_a_refused_try_of_another_message_is_not_taken_for_this_one(fake: TwilioFake) -> None:
    """The same words twice; the first was refused later and sent again: its old try is nobody's."""
    talk = conversation()
    say(talk, "tamam")
    sender.drain(talk)
    receipt(fake.sent(PHONE)[0].sid, "failed", "63018")
    _drained(talk, 1)
    fake.fault("error")  # the second is not taken
    say(talk, "tamam")
    sender.drain(talk)
    _drained(talk, 31)
    _drained(talk, 31)
    assert _whats(1) == ["unknown", "absent", "sent"]
    assert bodies(fake) == ["tamam"] * 3, "one refused, and one for each message"


def test_a_look_up_that_shows_a_refusal_does_what_the_receipt_would_have_done(
    fake: TwilioFake,
) -> None:
    with_template()
    talk = conversation()
    fake.fault("drop")
    fake.fail_delivery(PHONE, 63016)
    say(talk, "bir")
    sender.drain(talk)
    fake.callbacks.wait()
    _drained(talk, 6)
    assert _whats() == ["unknown", "found", "refused"]
    assert [bool(m.content_sid) for m in fake.sent(PHONE)] == [False, True]


def test_each_try_has_look_ups_of_its_own(fake: TwilioFake) -> None:
    """Several losses in a row are not an outcome that can not be found out."""
    talk = conversation()
    fake.fault("error", times=4)
    say(talk, "bir")
    sender.drain(talk)
    for _ in range(4):
        _drained(talk, 6)
        _drained(talk, 16)
        _drained(talk, 31)
        assert "expired" not in states()
        _drained(talk, 0)  # sent again
    assert _whats() == ["unknown", "absent"] * 4 + ["sent"] and bodies(fake) == ["bir"]


def test_a_provider_that_can_not_be_asked_for_a_day_holds_nothing_up(
    fake: TwilioFake, set_clock: SetClock
) -> None:
    """The day begins with the first question: what was sent long before a stop is asked for, too."""
    set_clock("2026-11-20T11:00:00+03:00")
    talk = conversation()
    fake.fault("drop")
    fake.fault("error", on="list", times=100)
    say(talk, "bir", "iki")
    sender.drain(talk)
    for moment in ("22T09:00", "22T15:00", "23T08:55"):
        set_clock(f"2026-11-{moment}:00+03:00")
        sender.drain(talk)
        assert states() == ["unknown", "queued"]
    set_clock("2026-11-23T09:05:00+03:00")
    sender.drain(talk)
    assert states()[0] == "expired" and _whats() == ["unknown", "expired"]
    assert bodies(fake)[0] == "bir" and states()[1] == "not_sent", "the window has closed meanwhile"
    [letter] = dead_letters.list_all()
    assert letter.kind == "outcome_unknown"


def test_nobody_waits_longer_than_it_takes_to_be_sure(fake: TwilioFake) -> None:
    """Half a minute after the call "not there" is an answer; then, and not later, it is asked."""
    talk = conversation()
    fake.fault("error")
    say(talk, "bir")
    sender.drain(talk)
    _drained(talk, 6)
    _drained(talk, 16)
    with db.read() as session:
        message = session.scalars(sa.select(Message).where(Message.direction == "out")).one()
        assert 30 < (message.next_attempt_at - message.sent_at).total_seconds() < 32


def test_a_replayed_message_is_looked_up_anew(fake: TwilioFake) -> None:
    talk = conversation()
    say(talk, "bir")
    looked_up_in_vain()
    sender.drain(talk)
    assert states() == ["expired"]
    dead_letters.retry(dead_letters.list_all()[0].id)
    sender.drain(talk)
    assert states() == ["unknown"] and bodies(fake) == [], "it may be with the provider"
    _drained(talk, 31)
    fake.fault("drop")
    _drained(talk, 0)
    assert states() == ["unknown"]
    _drained(talk, 6)
    assert states()[0] in ("sent", "delivered") and bodies(fake) == ["bir"]
    assert _whats() == ["expired", "absent", "unknown", "found"]


def test_a_receipt_settles_even_what_was_given_up(fake: TwilioFake) -> None:
    talk = conversation()
    [uid] = say(talk, "bir")
    looked_up_in_vain()
    sender.drain(talk)
    receipt("SMx", "delivered", our_id=uid)
    assert states() == ["delivered"] and _whats() == ["expired", "receipt"]
