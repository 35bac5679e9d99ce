"""Tries that were refused, lost or held by the dead, and what may wait for its hour."""

from __future__ import annotations

import datetime as dt
import os
import subprocess

import pytest
import sqlalchemy as sa

from bot import clock, config, db
from bot.channels import registry
from bot.conversations.models import Conversation, Identity, Message
from bot.conversations.states import Author, Purpose
from bot.gateway import dead_letters
from bot.gateway.outbox import claims, queue, rates, sender
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


def test_the_same_words_twice_are_not_mistaken_for_each_other(fake: TwilioFake) -> None:
    """A look-up may not find the earlier message with the same text and take it for this one."""
    talk = conversation()
    say(talk, "tamam")
    sender.drain(talk)
    fake.fault("error", times=1)
    say(talk, "tamam", "son")
    sender.drain(talk)
    for _ in range(3):
        later(60)
        sender.drain(talk)
    assert bodies(fake) == ["tamam", "tamam", "son"]
    assert set(states()) <= {"sent", "delivered", "read"}


@pytest.mark.parametrize("late", ["sent", "delivered"])
def test_receipts_of_a_refused_try_say_nothing_about_the_template(
    fake: TwilioFake, late: str
) -> None:
    with_template()
    talk = conversation()
    [uid] = say(talk, "bir")
    sender.drain(talk)
    sid = fake.sent(PHONE)[0].sid
    receipt(sid, "failed", "63016")
    receipt(sid, late, our_id=uid)
    assert states() == ["queued"]
    sender.drain(talk)
    assert [bool(m.content_sid) for m in fake.sent(PHONE)] == [False, True]
    with db.read() as session:
        message = session.scalars(sa.select(Message).where(Message.direction == "out")).one()
        assert message.provider_message_id == fake.sent(PHONE)[1].sid


def test_63016_before_the_send_call_returned(fake: TwilioFake) -> None:
    with_template()
    talk = conversation()
    [uid] = say(talk, "bir")
    channel = registry.get("twilio_whatsapp")
    original = channel.send

    def refused_at_once(message):  # type: ignore[no-untyped-def]
        result = original(message)
        if not message.template:
            receipt(result.provider_message_id, "failed", "63016", our_id=uid)
        return result

    channel.send = refused_at_once  # type: ignore[method-assign]
    sender.drain(talk)
    sender.drain(talk)
    assert [bool(m.content_sid) for m in fake.sent(PHONE)] == [False, True]


def test_a_temporary_failure_reported_later_is_tried_again(fake: TwilioFake) -> None:
    talk = conversation()
    say(talk, "bir")
    sender.drain(talk)
    receipt(fake.sent(PHONE)[0].sid, "failed", "63018")
    assert states() == ["queued"]
    later(1)
    sender.drain(talk)
    assert bodies(fake) == ["bir", "bir"]


def test_an_outcome_that_stays_unknown_is_a_dead_letter(fake: TwilioFake) -> None:
    talk = conversation()
    say(talk, "bir")
    looked_up_in_vain()
    sender.drain(talk)
    assert states() == ["expired"]
    [letter] = dead_letters.list_all()
    dead_letters.retry(letter.id)
    sender.drain(talk)
    assert bodies(fake) == [], "it may be with the provider after all: looked up first"
    for _ in range(2):
        later(31)
        sender.drain(talk)
    assert bodies(fake) == ["bir"]


def test_what_the_bot_had_queued_stays_unsaid_once_a_person_has_the_chat(fake: TwilioFake) -> None:
    talk = conversation()
    with db.write() as session:
        row = session.get(Conversation, talk)
        assert row is not None
        queue.put(
            session, row, [queue.Draft("bottan")], purpose=Purpose.REPLY, author=Author.BOT
        )
        row.state = "agent"
    say(talk, "insandan")
    sender.drain(talk)
    assert bodies(fake) == ["insandan"] and states()[0] == "not_sent"


def test_quiet_hours_hold_back_what_nobody_asked_for(
    fake: TwilioFake, set_clock: SetClock
) -> None:
    set_clock("2026-11-24T23:30:00+03:00")
    talk = conversation()
    say(talk, "kargonuz yola çıktı", purpose=Purpose.NOTICE)
    say(talk, "cevap", purpose=Purpose.AGENT)
    sender.drain(talk)
    with db.read() as session:
        first = session.scalars(
            sa.select(Message).where(Message.purpose == Purpose.NOTICE.value)
        ).one()
        assert first.state == "queued"
        assert first.next_attempt_at.isoformat() == "2026-11-25T05:00:00+00:00"
    assert bodies(fake) == ["cevap"]
    set_clock("2026-11-25T08:01:00+03:00")
    sender.drain(talk)
    assert bodies(fake) == ["cevap", "kargonuz yola çıktı"]


def test_what_the_provider_said_is_written_once_there_is_room_for_it(
    fake: TwilioFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = conversation()
    say(talk, "bir", "iki")
    channel, together, full = registry.get("twilio_whatsapp"), db.together, ["once", "twice"]
    original, sent = channel.send, []

    def send(message):  # type: ignore[no-untyped-def]
        sent.append(original(message))
        return sent[-1]

    def without_room(work, durable=True):  # type: ignore[no-untyped-def]
        if sent and full:
            raise sa.exc.OperationalError("COMMIT", None, OSError(full.pop()))
        return together(work, durable)

    channel.send = send  # type: ignore[method-assign]
    monkeypatch.setattr(db, "together", without_room)
    sender.drain(talk)
    assert not full and bodies(fake) == ["bir", "iki"]
    assert set(states()) <= {"sent", "delivered", "read"}


def test_a_claim_is_on_the_disk_before_its_message_leaves(
    fake: TwilioFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut that took a claim back would let the message leave again, without a look-up."""
    talk = conversation()
    say(talk, "bir", "iki", "üç")
    together, claimed = db.together, []

    def watched(work, durable=True):  # type: ignore[no-untyped-def]
        result = together(work, durable)
        if isinstance(result, claims.Work):
            claimed.append(durable)
        return result

    monkeypatch.setattr(db, "together", watched)
    sender.drain(talk)
    assert claimed == [True] * 3 and bodies(fake) == ["bir", "iki", "üç"]


def test_who_was_held_up_with_a_claim_does_not_send(
    fake: TwilioFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that was suspended between claim and call: another may have sent it meanwhile."""
    talk = conversation()
    say(talk, "bir")
    claimed = db.together(lambda s: claims.claim(s, talk, "sleeper"))
    real = clock.real
    monkeypatch.setattr(clock, "real", lambda: real() + 10)
    sender.drain(talk, "sleeper", claimed)
    assert bodies(fake) == [] and states() == ["queued"]
    later(0)
    sender.drain(talk)
    assert bodies(fake) == ["bir"]


def test_one_that_left_while_it_was_believed_absent_is_sent(fake: TwilioFake) -> None:
    talk = conversation()
    say(talk, "bir")
    channel = registry.get("twilio_whatsapp")
    original = channel.send

    def slow(message):  # type: ignore[no-untyped-def]
        result = original(message)
        with db.write() as session:  # another process gave it up meanwhile and plans to send it again
            row = session.scalars(sa.select(Message).where(Message.direction == "out")).one()
            row.state, row.claim_owner = "queued", None
            row.next_attempt_at = clock.now() + dt.timedelta(seconds=60)
        return result

    channel.send = slow  # type: ignore[method-assign]
    sender.drain(talk)
    later(0)
    sender.drain(talk)
    assert bodies(fake) == ["bir"] and set(states()) <= {"sent", "delivered", "read"}


def test_what_can_not_be_claimed_does_not_undo_what_was_sent_before_it(
    fake: TwilioFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = conversation()
    say(talk, "bir", "iki")
    claim = claims.claim

    def breaks(session, conversation_id, owner):  # type: ignore[no-untyped-def]
        found = claim(session, conversation_id, owner)
        if isinstance(found, claims.Work) and found.outgoing.text == "iki":
            raise LookupError("cannot be claimed")
        return found

    monkeypatch.setattr(sender, "claim", breaks)
    with pytest.raises(LookupError):
        sender.drain(talk)
    assert bodies(fake) == ["bir"] and states()[0] in ("sent", "delivered") and states()[1] == "queued"


def test_a_person_loses_no_token_while_the_sender_has_none(
    fake: TwilioFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = conversation()
    monkeypatch.setattr(rates, "_SENDER_PER_SECOND", 0.5)
    say(talk, "bir")
    for _ in range(12):
        sender.drain(talk)
    with db.read() as session:
        assert session.scalars(sa.select(Identity.rate_tokens)).one() == -1.0, "none was taken"
    monkeypatch.undo()
    rates._senders.clear()
    sender.drain(talk)
    assert bodies(fake) == ["bir"]


def test_a_clock_that_is_set_back_holds_nobody_up(
    fake: TwilioFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = conversation()
    real = clock.real
    monkeypatch.setattr(clock, "real", lambda: real() + 3600)
    say(talk, "bir")
    sender.drain(talk)
    monkeypatch.undo()
    say(talk, "iki")
    sender.drain(talk)
    rates._senders.clear()
    assert bodies(fake) == ["bir", "iki"]


def test_workers_share_the_providers_limit(
    fake: TwilioFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKER_COUNT", "2")
    config.load.cache_clear()
    try:
        taken = 0
        while rates._sender("some", "where") == 0.0:
            taken += 1
        assert 38 <= taken <= 60
    finally:
        config.load.cache_clear()
        rates._senders.clear()


def test_a_process_that_was_killed_and_not_collected_yet_is_dead() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        owner = claims.new_owner().replace(f":{os.getpid()}:", f":{child.pid}:")
        assert not claims.is_dead(owner)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended; it is still there
        assert claims.is_dead(owner)
    assert claims.is_dead(owner) and not claims.is_dead(owner.replace(":", "x:", 1))


def test_what_a_killed_worker_held_is_free_when_the_next_one_starts(fake: TwilioFake) -> None:
    talk = conversation()
    say(talk, "bir")
    living, dead = claims.new_owner(), claims.new_owner().replace(f":{os.getpid()}:", ":999999999:")
    with db.write() as session:
        row = session.get(Conversation, talk)
        message = session.scalars(sa.select(Message).where(Message.direction == "out")).one()
        assert row is not None
        row.lease_owner, row.lease_until = dead, clock.real() + 60
        message.state, message.claim_owner, message.claim_until = "sending", living, clock.real() + 60
    with db.write() as session:
        assert claims.free_dead(session) == 1
    with db.read() as session:
        row = session.get(Conversation, talk)
        assert row is not None and row.lease_until == 0.0
        message = session.scalars(sa.select(Message).where(Message.direction == "out")).one()
        assert message.claim_until > clock.real(), "what a living process holds stays held"
