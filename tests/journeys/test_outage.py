"""The brain is away: the customer is told once, waits for a person, and is answered afterwards."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.journeys.looking import clock_of, instant, talk, turns, wait_until
from tests.journeys.pairs import of_kind
from tests.stack import Stack

AGENT = "agent1@example.com"
TOLD, RESUMED = "yanıt hazırlayamıyorum", "kaldığımız yerden"


def _number(i: int) -> str:
    return f"+9053817{i:05d}"


@contextlib.contextmanager
def _asleep(stack: Stack, kind: str) -> Iterator[None]:
    """Let all processes of a kind take connections and answer nothing."""
    groups = of_kind(stack, kind)
    for group in groups:
        os.killpg(group, signal.SIGSTOP)
    try:
        yield
    finally:
        for group in groups:
            os.killpg(group, signal.SIGCONT)


@contextlib.contextmanager
def _dead(stack: Stack, kind: str) -> Iterator[None]:
    """Kill them, and keep the supervisor from starting them again: connections are refused."""
    groups = of_kind(stack, kind)
    os.kill(stack.pid, signal.SIGSTOP)
    try:
        for group in groups:
            os.killpg(group, signal.SIGKILL)
        yield
    finally:
        os.kill(stack.pid, signal.SIGCONT)


@pytest.mark.timeout(150)
def test_told_once_in_an_outage_and_answered_in_order_after_it(
    stack: Stack, frail: Stack
) -> None:
    """Rasa is there and says nothing; in another shop, at the same time, it is not there at all."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        gone = pool.submit(_while_rasa_is_gone, frail)
        _while_rasa_is_silent(stack)
        gone.result()


def _while_rasa_is_gone(stack: Stack) -> None:
    patient = _number(11)
    stack.ask("çalışma saatleriniz nedir?", patient)
    with _dead(stack, "rasa"):
        began = time.monotonic()
        stack.fake.inbound("kargo ücreti ne kadar?", patient)
        _is_told_in_time(stack, patient, began)
        stack.fake.inbound("iade süresi kaç gün?", patient)
        assert stack.quiet(patient, 7.0), "told a second time"
    _is_answered_and_given_back(stack, patient, 60)


def _while_rasa_is_silent(stack: Stack) -> None:
    patient, taken, queued, answered = (_number(i) for i in range(1, 5))
    for phone in (patient, taken, answered):
        stack.ask("çalışma saatleriniz nedir?", phone)
    stack.ask("temsilciye bağlanmak istiyorum", queued)
    promised = talk(stack, queued).promised_at
    with _asleep(stack, "rasa"):
        began = time.monotonic()
        for phone in (patient, taken, queued, answered):
            stack.fake.inbound("kargo ücreti ne kadar?", phone)
        _is_told_in_time(stack, patient, began)
        stack.fake.inbound("iade süresi kaç gün?", patient)
        wrote = time.monotonic()
        for phone in (taken, queued, answered):
            stack.fake.wait_for(phone, 2, 10)
        # Who waits for a person already keeps their time, and does not wait a second time.
        assert clock_of(promised) in stack.fake.sent(queued)[-1].body
        assert talk(stack, queued)[1:] == ("waiting", "asked", promised)
        # What needs no brain is answered all the same.
        assert clock_of(promised) in stack.ask("?", queued)
        for phone in (taken, answered):
            stack.json("conversation", "take", talk(stack, phone).uid, "--as", AGENT)
        _reply(stack, answered)
        stack.json("conversation", "hand-back", talk(stack, answered).uid, "--as", AGENT)
        time.sleep(max(0.0, wrote + 7.0 - time.monotonic()))
        assert len(stack.fake.sent(patient)) == 2, "told a second time"
    _is_answered_and_given_back(stack, patient, 30)
    assert "79,90" in stack.fake.wait_for(queued, 4, 15)[-1].body
    assert talk(stack, queued)[1:] == ("waiting", "asked", promised), "they still wait for a person"
    wait_until(lambda: turns(stack, taken)[-1]["state"] == "silent", 15, "the turn stays open")
    _the_bot_stays_out(stack, taken, 2)
    _the_bot_stays_out(stack, answered, 3)
    _reply(stack, taken)
    stack.json("conversation", "hand-back", talk(stack, taken).uid, "--as", AGENT)
    for phone in (taken, answered):
        reply = stack.ask("iade süresi kaç gün?", phone)
        assert "14" in reply and RESUMED not in reply and "79,90" not in reply, reply


def _is_answered_and_given_back(stack: Stack, phone: str, seconds: float) -> None:
    answers = [m.body for m in stack.fake.wait_for(phone, 4, seconds)[2:]]
    assert RESUMED in answers[0] and "79,90" in answers[0] and "14" in answers[1], answers
    assert RESUMED not in answers[1]
    assert talk(stack, phone)[1:] == ("bot", None, None)
    assert _handovers(stack, phone) == [("outage", "withdrawn")]
    assert _promises(stack, phone) == ["kept"], "the answer came, if not from a person"


def _is_told_in_time(stack: Stack, phone: str, began: float) -> None:
    """The customer hears after 25 s of tries when a person answers, and waits for one."""
    told = stack.fake.wait_for(phone, 2, 40)[-1]
    assert 24 < told.accepted_at - began < 36
    text = told.body
    now = talk(stack, phone)
    assert (now.state, now.reason) == ("waiting", "outage")
    assert TOLD in text and clock_of(now.promised_at) in text, text
    dues = stack.rows(
        "SELECT p.due_at FROM promise p JOIN conversation c ON c.id = p.conversation_id WHERE "
        "c.uid = :u ORDER BY p.id DESC LIMIT 1", u=now.uid,
    )
    assert instant(dues[0][0]) == now.promised_at


def _the_bot_stays_out(stack: Stack, phone: str, count: int) -> None:
    """An agent took the conversation while the brain was away: what they say is the answer."""
    assert stack.quiet(phone, 1.0)
    assert len(stack.fake.sent(phone)) == count
    assert turns(stack, phone)[-1]["reason"] == "agent"


def _reply(stack: Stack, phone: str) -> None:
    before = len(stack.fake.sent(phone))
    uid = talk(stack, phone).uid
    stack.json("conversation", "reply", uid, "Kargo ücreti 79,90 TL.", "--as", AGENT)
    assert stack.fake.wait_for(phone, before + 1)[-1].body == "Kargo ücreti 79,90 TL."


def _handovers(stack: Stack, phone: str) -> list[tuple[str, str]]:
    return [
        (row[0], row[1])
        for row in stack.rows(
            "SELECT h.reason, h.outcome FROM handover h JOIN conversation c ON "
            "c.id = h.conversation_id WHERE c.uid = :u ORDER BY h.id", u=talk(stack, phone).uid,
        )
    ]


def _promises(stack: Stack, phone: str) -> list[str]:
    return [
        row[0]
        for row in stack.rows(
            "SELECT p.state FROM promise p JOIN conversation c ON c.id = p.conversation_id WHERE "
            "c.uid = :u AND p.kind = 'human_reply' ORDER BY p.id", u=talk(stack, phone).uid,
        )
    ]
