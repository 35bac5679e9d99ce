"""What outlives a session and a restart: a form that was left open is offered again for a week."""

from __future__ import annotations

import json
import re

import pytest

from tests.journeys.looking import data, talk
from tests.stack import Stack

LEFT = "Yarım kalan"
BROKEN = "dün gelen sehpanın bir ayağı kırık geldi"
TOPIC = "Hasarlı geldi"


def _number(i: int) -> str:
    return f"+9053816{i:05d}"


@pytest.mark.timeout(300)
def test_a_form_left_open_is_offered_for_a_week(tmp_path_factory: pytest.TempPathFactory) -> None:
    goes_on, drops, by_itself, two_wishes, late = (_number(i) for i in range(1, 6))
    stack = Stack(tmp_path_factory.mktemp("memory"), clock="2026-11-24T11:00:00+03:00")
    with stack:
        for phone in (goes_on, drops, by_itself, late):
            assert "numara" in stack.ask(BROKEN, phone)
        stack.ask(f"{BROKEN}, ayrıca kargo ücreti ne kadar", two_wishes)
    stack.clock = "2026-11-26T11:00:00+03:00"
    with stack:
        _is_offered_and_goes_on(stack, goes_on)
        _is_dropped(stack, drops)
        # Who comes back to the matter by themselves is not asked whether they want to.
        reply = stack.ask("sehpanın ayağı kırık geldi", by_itself)
        assert LEFT not in reply and "numara" in reply, reply
        _wishes_wait_for_the_form(stack, two_wishes)
    stack.clock = "2026-12-02T12:00:00+03:00"
    with stack:
        for phone in (late, drops):
            reply = stack.ask("kargo ücreti ne kadar?", phone)
            assert "79,90" in reply and LEFT not in reply, reply
        assert "numara" not in stack.ask("evet", late), "the form of last week went on"


def _is_offered_and_goes_on(stack: Stack, phone: str) -> None:
    reply = stack.ask("kargo ücreti ne kadar?", phone)
    assert 0 <= reply.find("79,90") < reply.find(LEFT) and TOPIC in reply, reply
    assert "numara" in stack.ask("evet", phone), "it goes on with the question that was open"
    stack.ask("bilmiyorum", phone)
    reply = stack.ask("ayağı çatlamış, yenisini istiyorum", phone)
    [ticket] = re.findall(r"T-\d+", reply)
    [(intent, details)] = stack.rows(
        "SELECT t.intent, t.details FROM ticket t JOIN conversation c ON c.id = t.conversation_id "
        "WHERE c.uid = :u", u=talk(stack, phone).uid,
    )
    told = json.dumps(data(details), ensure_ascii=False)
    assert intent == "damaged_on_arrival" and ticket
    assert BROKEN in told and "çatlamış" in told, "answers of before and after are both there"


def _is_dropped(stack: Stack, phone: str) -> None:
    assert LEFT in stack.ask("kargo ücreti ne kadar?", phone)
    stack.ask("hayır", phone)
    assert LEFT not in stack.ask("iade süresi kaç gün?", phone)


def _wishes_wait_for_the_form(stack: Stack, phone: str) -> None:
    """One question at a time: the form is offered first, and the wish behind it when it ends."""
    reply = stack.ask("iade süresi kaç gün?", phone)
    assert LEFT in reply and "Bir konu daha" not in reply, reply
    assert "numara" in stack.ask("evet", phone)
    stack.ask("bilmiyorum", phone)
    reply = stack.ask("ayağı çatlamış, yenisini istiyorum", phone)
    assert "T-" in reply and "Kargo bilgisi" in reply, reply
    assert "79,90" in stack.ask("evet", phone)
