"""Everything is killed once while people write: nothing is lost, nothing is said twice."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import secrets
import signal
import time
from typing import Any

import pytest
import redis
import requests

from tests.journeys import accounts
from tests.journeys.looking import wait_until
from tests.stack import Stack

PEOPLE = [f"+9053818{i:05d}" for i in range(12)]
TEXTS = (
    "kargo ücreti ne kadar, bir de iade süresi kaç gün?",
    "mağazanızdaki görevli bana çok kaba davrandı, şikayetçiyim, ilgilenin lütfen",
    "çalışma saatleriniz nedir?", "kapıda ödeme var mı?", "puan nasıl kazanılıyor?",
)
WORDS = (("79,90", "14"), ("T-",), ("09:00",), ("49,90",), ("puan",))
PROCESSES = ("worker", "actions", "rasa", "web", "clock")


def _kill(stack: Stack, name: str) -> None:
    os.killpg(int(stack.run_info()["processes"][name]), signal.SIGKILL)


def _send(stack: Stack, phone: str, sids: list[str]) -> None:
    """Write five messages; what can not be delivered stays with the provider, as at Twilio."""
    for text, sid in zip(TEXTS, sids, strict=True):
        with contextlib.suppress(requests.RequestException):
            stack.fake.inbound(text, phone, MessageSid=sid, timeout=5)
        time.sleep(2.0)


def _break_everything(stack: Stack) -> None:
    time.sleep(0.5)
    for name in PROCESSES:
        _kill(stack, name)
        time.sleep(1.5)
    redis.Redis.from_url(str(stack.run_info()["redis_url"])).flushall()
    _kill(stack, "redis")


def _unsettled(stack: Stack) -> int:
    return int(
        stack.rows(
            "SELECT (SELECT count(*) FROM message m JOIN identity i ON i.id = m.identity_id WHERE "
            "i.address LIKE '+9053818%' AND m.state IN ('received', 'queued', 'sending', "
            "'unknown')) + 60 - (SELECT count(*) FROM message m JOIN identity i ON "
            "i.id = m.identity_id WHERE i.address LIKE '+9053818%' AND m.direction = 'in')"
        )[0][0]
    )


@pytest.mark.timeout(240)
def test_nothing_is_lost_and_nothing_is_said_twice(frail: Stack) -> None:
    sids = {phone: ["SM" + secrets.token_hex(16) for _ in TEXTS] for phone in PEOPLE}
    with concurrent.futures.ThreadPoolExecutor(len(PEOPLE) + 1) as pool:
        jobs = [pool.submit(_send, frail, phone, sids[phone]) for phone in PEOPLE]
        jobs.append(pool.submit(_break_everything, frail))
        for job in jobs:
            job.result()
    wait_until(lambda: _unsettled(frail) == 0, 100, "work was left undone")
    exported = accounts.exported(frail)
    for phone in PEOPLE:
        _check_one(frail, phone, sids[phone], exported)


def _check_one(
    stack: Stack, phone: str, sids: list[str], exported: list[dict[str, Any]]
) -> None:
    inbound = [m for m in exported if m["direction"] == "in" and m["provider_id"] in sids]
    assert sorted(m["provider_id"] for m in inbound) == sorted(sids), "stored once each"
    words = dict(zip(TEXTS, WORDS, strict=True))
    conversation = accounts.check_replies(stack, phone, inbound, exported, words)
    tickets = stack.rows(
        "SELECT count(*) FROM ticket t JOIN conversation c ON c.id = t.conversation_id WHERE "
        "c.uid = :u", u=conversation,
    )
    assert tickets[0][0] == 1, "one wish, one ticket"


@pytest.mark.timeout(120)
def test_killed_while_the_provider_takes_an_answer(frail: Stack) -> None:
    """The worker dies after Twilio took the message and before it heard so: not sent again."""
    phone = "+905381800100"
    frail.fake.fault("hang", to=phone, seconds=4)
    frail.fake.inbound("kargo ücreti ne kadar?", phone)
    frail.fake.wait_for(phone, 1, 30)
    _kill(frail, "worker")
    frail.fake.inbound("iade süresi kaç gün?", phone)
    first, second = frail.fake.wait_for(phone, 2, 40)
    assert "79,90" in first.body and "14" in second.body
    assert frail.quiet(phone, 3.0)
    states = frail.rows(
        "SELECT m.state, m.provider_message_id FROM message m JOIN identity i ON "
        "i.id = m.identity_id WHERE i.address = :a AND m.direction = 'out' ORDER BY m.id", a=phone,
    )
    assert [tuple(s) for s in states] == [("delivered", first.sid), ("delivered", second.sid)]
