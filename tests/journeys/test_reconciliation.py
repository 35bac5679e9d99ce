"""Messages that Twilio has and could not deliver are found by the poll, and answered once."""

from __future__ import annotations

import os
import secrets
import signal
import threading
import time

import pytest
import redis

from tests.fakes.twilio_model import Fault
from tests.journeys.looking import wait_until
from tests.journeys.pairs import of_kind
from tests.stack import Stack


def _number(i: int) -> str:
    return f"+9053815{i:05d}"


def _stored(stack: Stack, sid: str) -> int:
    return int(stack.rows("SELECT count(*) FROM message WHERE provider_message_id = :s", s=sid)[0][0])


def test_an_undelivered_message_is_found_and_answered_once(frail: Stack) -> None:
    phone = _number(1)
    sid = frail.fake.undelivered_inbound("kargo ücreti ne kadar?", phone)
    [reply] = frail.fake.wait_for(phone, 1, 8)
    assert "79,90" in reply.body
    # Later its webhook comes after all: known already.
    assert frail.fake.inbound("kargo ücreti ne kadar?", phone, MessageSid=sid).status_code == 200
    assert frail.quiet(phone, 4.5), "two more polls and a late webhook made a second answer"
    assert _stored(frail, sid) == 1


def test_a_photo_that_was_not_delivered_comes_with_its_file(frail: Stack) -> None:
    phone, png = _number(2), b"\x89PNG\r\n\x1a\n" + b"1" * 99
    frail.fake.undelivered_inbound("ürün kırık geldi", phone, media=[(png, "image/png")])
    frail.fake.wait_for(phone, 1, 8)
    query = (
        "SELECT a.path FROM attachment a JOIN message m ON m.id = a.message_id JOIN identity i ON "
        "i.id = m.identity_id WHERE i.address = :a AND a.state = 'stored'"
    )
    deadline = time.monotonic() + 10
    while not (rows := frail.rows(query, a=phone)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert (frail.folder / "var" / "media" / rows[0][0]).read_bytes() == png


def test_copies_by_poll_and_webhook_at_once_are_one_message(frail: Stack) -> None:
    phone, sid = _number(3), "SM" + secrets.token_hex(16)
    frail.fake.undelivered_inbound("iade süresi kaç gün?", phone, MessageSid=sid)
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        frail.fake.inbound("iade süresi kaç gün?", phone, MessageSid=sid)
    assert len(frail.fake.wait_for(phone, 1, 8)) == 1
    assert frail.quiet(phone, 2.5) and _stored(frail, sid) == 1


def test_a_provider_that_hangs_does_not_stop_the_clock(
    frail: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the poll waits for an answer, the sweep still finds what no bell announced."""
    hanging, over = threading.Event(), threading.Event()
    real = frail.fake.next_fault

    def next_fault(on: str, to: str = "") -> Fault | None:
        if on == "list":
            hanging.set()
            over.wait(9)  # less than our own limit for Twilio's answer
        found: Fault | None = real(on, to)
        return found

    monkeypatch.setattr(frail.fake, "next_fault", next_fault)
    phone = _number(4)
    try:
        assert hanging.wait(8)
        _post_without_a_bell(frail, "kargo ücreti ne kadar?", phone)
        assert "79,90" in frail.fake.wait_for(phone, 1, 5)[0].body
    finally:
        over.set()


def _post_without_a_bell(stack: Stack, text: str, phone: str) -> None:
    """Store a message and forget its job: the worker is asleep while Redis is emptied."""
    workers = of_kind(stack, "worker")
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    try:
        time.sleep(0.3)
        assert stack.fake.inbound(text, phone).status_code == 200
        redis.Redis.from_url(str(stack.run_info()["redis_url"])).flushall()
    finally:
        for worker in workers:
            os.kill(worker, signal.SIGCONT)


def test_a_provider_that_hangs_delays_no_answer_being_thought_out(frail: Stack) -> None:
    """More sends hang than there are threads for turns; who writes then is answered all the same."""
    held = [_number(200 + i) for i in range(24)]
    late = _number(240)
    for phone in held:
        frail.fake.fault("hang", to=phone, seconds=7)
    began = time.monotonic()
    for phone in held:
        assert frail.fake.inbound("kargo ücreti ne kadar?", phone).status_code == 200
    time.sleep(max(0.0, began + 2.0 - time.monotonic()))
    frail.fake.inbound("iade süresi kaç gün?", late)
    query = (
        "SELECT count(*) FROM message m JOIN identity i ON i.id = m.identity_id WHERE "
        "i.address = :a AND m.direction = 'out'"
    )
    wait_until(lambda: frail.rows(query, a=late)[0][0] == 1, 3, "the answer was not thought out")
    assert time.monotonic() - began < 7, "the sends hang no longer: this shows nothing"
    for phone in (*held, late):
        frail.fake.wait_for(phone, 1, 40)
    assert frail.quiet(held[0], 1.0) and len(frail.fake.sent(held[0])) == 1
