"""What outlives a session and a restart: a form left open, for a week; a customer's words, for a day.

Within 24 hours of a customer's words free text may be sent to them, after that a template or nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.journeys.looking import data, talk
from tests.stack import Stack

AGENT = "agent1@example.com"
LEFT = "Yarım kalan"
BROKEN = "dün gelen sehpanın bir ayağı kırık geldi"
TOPIC = "Hasarlı geldi"


GOES_ON, DROPS, BY_ITSELF, TWO_WISHES, LATE, WAITS = (f"+9053816{i:05d}" for i in range(1, 7))
TEMPLATE = "HX00000000000000000000000000000a01"  # of the demo shop, in Turkish


def _restart(stack: Stack, clock: str) -> None:
    stack.stop()
    stack.clock = clock
    stack.start()


@pytest.fixture(scope="module")
def next_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A shop 25 hours after some people left a form open and one asked for a person."""
    folder = tmp_path_factory.mktemp("memory")
    with Stack(folder, clock="2026-11-24T11:00:00+03:00") as stack:
        for phone in (GOES_ON, DROPS, BY_ITSELF, LATE):
            assert "numara" in stack.ask(BROKEN, phone)
        stack.ask(f"{BROKEN}, ayrıca kargo ücreti ne kadar", TWO_WISHES)
        stack.ask("temsilciye bağlanmak istiyorum", WAITS)
        _restart(stack, "2026-11-25T12:05:00+03:00")
        yield stack


@pytest.fixture(scope="module")
def next_week(next_day: Stack) -> Stack:
    """The same shop, eight days after the beginning."""
    _restart(next_day, "2026-12-02T12:00:00+03:00")
    return next_day


@pytest.mark.timeout(180)
def test_a_form_left_open_is_offered_and_goes_on(next_day: Stack) -> None:
    reply = next_day.ask("kargo ücreti ne kadar?", GOES_ON)
    assert 0 <= reply.find("79,90") < reply.find(LEFT) and TOPIC in reply, reply
    assert "numara" in next_day.ask("evet", GOES_ON), "it goes on with the question that was open"
    next_day.ask("bilmiyorum", GOES_ON)
    reply = next_day.ask("ayağı çatlamış, yenisini istiyorum", GOES_ON)
    [ticket] = re.findall(r"T-\d+", reply)
    [(intent, details)] = next_day.rows(
        "SELECT t.intent, t.details FROM ticket t JOIN conversation c ON c.id = t.conversation_id "
        "WHERE c.uid = :u", u=talk(next_day, GOES_ON).uid,
    )
    told = json.dumps(data(details), ensure_ascii=False)
    assert intent == "damaged_on_arrival" and ticket
    assert BROKEN in told and "çatlamış" in told, "answers of before and after are both there"


def test_a_form_that_is_not_wanted_is_offered_once(next_day: Stack) -> None:
    assert LEFT in next_day.ask("kargo ücreti ne kadar?", DROPS)
    next_day.ask("hayır", DROPS)
    assert LEFT not in next_day.ask("iade süresi kaç gün?", DROPS)


def test_who_comes_back_to_it_by_themselves_is_not_asked_whether_they_want_to(
    next_day: Stack,
) -> None:
    reply = next_day.ask("sehpanın ayağı kırık geldi", BY_ITSELF)
    assert LEFT not in reply and "numara" in reply, reply


def test_other_wishes_wait_for_the_form(next_day: Stack) -> None:
    """One question at a time: the form is offered first, and the wish behind it when it ends."""
    reply = next_day.ask("iade süresi kaç gün?", TWO_WISHES)
    assert LEFT in reply and "Bir konu daha" not in reply, reply
    assert "numara" in next_day.ask("evet", TWO_WISHES)
    next_day.ask("bilmiyorum", TWO_WISHES)
    reply = next_day.ask("ayağı çatlamış, yenisini istiyorum", TWO_WISHES)
    assert "T-" in reply and "Kargo bilgisi" in reply, reply
    assert "79,90" in next_day.ask("evet", TWO_WISHES)


def test_after_25_hours_it_is_a_template_until_the_customer_writes_again(next_day: Stack) -> None:
    """This shop has an approved one; free text goes only within 24 hours of a customer's words."""
    uid = talk(next_day, WAITS).uid
    next_day.json("conversation", "take", uid, "--as", AGENT)
    before = len(next_day.fake.sent(WAITS))
    said = "Dün yazdığınız için dönüyorum."
    next_day.json("conversation", "reply", uid, said, "--as", AGENT)
    sent = next_day.fake.wait_for(WAITS, before + 1)[-1]
    assert (sent.content_sid, sent.content_variables) == (TEMPLATE, {"1": said})
    assert next_day.fake.inbound("buradayım", WAITS).status_code == 200
    next_day.json("conversation", "reply", uid, "Buyurun.", "--as", AGENT)
    sent = next_day.fake.wait_for(WAITS, before + 2)[-1]
    assert sent.body == "Buyurun." and not sent.content_sid
    assert next_day.quiet(WAITS, 1.0) and len(next_day.fake.sent(WAITS)) == before + 2


@pytest.mark.timeout(180)
def test_after_a_week_it_is_over(next_week: Stack) -> None:
    for phone in (LATE, DROPS):
        reply = next_week.ask("kargo ücreti ne kadar?", phone)
        assert "79,90" in reply and LEFT not in reply, reply
    assert "numara" not in next_week.ask("evet", LATE), "the form of last week went on"
