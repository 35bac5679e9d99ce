"""Danger, threats, insults, children, the end of a wait: heard whatever the intent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from bot import db
from bot.accounts.models import AuditEntry
from tests.brain.talk import Talk
from tests.stack import AYSE, ELIF, JOHN, MEHMET

Say = Callable[..., Talk]
Tickets = Callable[[], list[Any]]


@pytest.mark.parametrize("text", [
    "cihazdan duman çıktı hemen beni arayın", "prizden alev çıktı acil temsilci",
    "pili yutmuş çocuk", "selam makine yandı", "salak makineniz elimi yaktı",
    "kargo ücreti ne kadar bu arada cihaz yanıyor", "the charger zapped me, call me",
])
def test_danger_is_answered_first(say_as: Say, tickets: Tickets, text: str) -> None:
    talk = say_as(ELIF)
    said = talk.say(text)
    assert said.responses == ["utter_safety", "utter_handover"], said.responses
    assert "112" in said.text and "0850 000 00 00" in said.text
    [ticket] = tickets()
    assert ticket.priority == "urgent" and ticket.details["danger"] is True
    assert ticket.details["first_message"] == text
    assert talk.conversation().state == "waiting" and talk.handover().summary["danger"] is True


def test_it_is_said_once_and_the_rest_is_kept(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(ELIF)
    talk.say("cihazdan duman çıktı")
    assert talk.say("kargo ücreti ne kadar").responses == ["utter_shipping_info"]
    again = talk.say("hala duman çıkıyor temsilci nerede")
    assert "utter_safety" not in again.responses
    fault = talk.say("/product_fault_report")
    assert "utter_safety" not in fault.responses
    danger = [t for t in tickets() if (t.details or {}).get("danger")]
    assert len(danger) == 1
    assert danger[0].details["later"][0]["text"] == "hala duman çıkıyor temsilci nerede"


def test_words_that_belong_to_two_matters_are_kept_with_both(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(MEHMET)
    talk.say("1026 nolu siparişi iade etmek istiyorum beğenmedim")
    talk.say("cihazdan duman çıktı")
    words = "1026 iade etmek istiyorum hala duman çıkıyor"
    assert talk.say(words).responses == ["utter_case_again"]
    assert [t.intent for t in tickets()] == ["return_request", "product_fault_report"]
    assert [[w["text"] for w in t.details["later"]] for t in tickets()] == [[words], [words]]


def test_danger_in_a_form_is_said_once_too(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(MEHMET)
    talk.say("/damaged_on_arrival")
    talk.say("1026")
    assert talk.say("kablosu erimiş duman çıktı").responses[0] == "utter_safety"
    assert tickets()[0].priority == "urgent"
    assert "utter_safety" not in talk.say("duman hala var").responses


@pytest.mark.parametrize("text", [
    "adresinizi biliyorum gelip hepinizi öldürürüm", "dükkanınızı yakarım", "i will kill you all",
])
@pytest.mark.parametrize("in_form", [False, True])
def test_a_threat_is_a_persons_matter_and_on_record(
    say_as: Say, text: str, in_form: bool
) -> None:
    talk = say_as(AYSE)
    if in_form:
        talk.say("/exchange_request")
    said = talk.say(text)
    assert said.responses == ["utter_threat", "utter_handover"] and said.form is None
    assert talk.conversation().state == "waiting" and talk.handover().summary["mood"] == "threat"
    with db.read() as session:
        entries = list(session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "threat")))
    assert [e.target for e in entries] == [f"conversation:{talk.conversation_id}"]
    assert text not in str(entries[0].details)


@pytest.mark.parametrize("text", ["siktir git", "s*ktirin gidin", "fuck you", "şerefsizler"])
def test_a_bare_insult_gets_the_calm_line(say_as: Say, text: str) -> None:
    said = say_as(AYSE).say(text)
    assert said.responses == ["utter_abuse_calm"]


def test_an_insult_in_a_form_is_no_answer(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(MEHMET)
    talk.say("/exchange_request")
    before = talk.say("1026")
    said = talk.say("siktir git")
    assert said.responses == ["utter_abuse_calm", before.responses[-1]] and not tickets()


@pytest.mark.parametrize("text", [
    "12 yaşındayım annemin kartıyla sipariş verdim", "i am 13 and i bought this",
])
def test_a_child_is_a_persons_matter(say_as: Say, text: str) -> None:
    talk = say_as(AYSE)
    assert talk.say(text).responses == ["utter_needs_care", "utter_handover"]
    assert talk.conversation().state == "waiting"


@pytest.mark.parametrize("text", [
    "artık beklemiyorum", "sıradan çıkmak istiyorum", "vazgeçtim beklemiyorum", "stop waiting",
])
def test_the_wait_ends_in_words(say_as: Say, text: str) -> None:
    talk = say_as(AYSE)
    talk.say("temsilciye bağlanmak istiyorum")
    said = talk.say(text)
    assert said.responses == ["utter_wait_withdrawn"]
    assert talk.conversation().state == "bot"


@pytest.mark.parametrize("text", ["ne kadar bekleyeceğim", "hala bekliyorum cevap verin"])
def test_a_complaint_about_the_wait_ends_nothing(say_as: Say, text: str) -> None:
    talk = say_as(AYSE)
    talk.say("temsilciye bağlanmak istiyorum")
    talk.say(text)
    assert talk.conversation().state == "waiting"


def test_nobody_leaves_a_queue_they_are_not_in(say_as: Say) -> None:
    assert "utter_wait_withdrawn" not in say_as(JOHN).say("i am not waiting any more").responses
