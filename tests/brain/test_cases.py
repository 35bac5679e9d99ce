"""From a wish that a person decides to its ticket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from actions.case_table import CASES
from bot import clock
from tests.brain.talk import Said, Talk
from tests.stack import AYSE, ELIF, FATMA, JOHN, MEHMET

Say = Callable[..., Talk]
Tickets = Callable[[], list[Any]]
ASKED_FIRST = {"warranty_question"}
ANSWERS = {"case_order": "1026", "case_details": "/provide_info", "case_photo": "yok"}


def finish(talk: Talk, said: Said) -> Said:
    """Answer every question of the form."""
    for _ in range(4):
        if said.form is None:
            return said
        wanted = said.data["requested_slot"]
        said = talk.say("gri olan, mavi değil" if wanted == "case_details" else ANSWERS[wanted])
    return said


@pytest.mark.parametrize("intent", sorted(CASES))
def test_every_case_ends_with_a_ticket_and_an_honest_time(
    say_as: Say, tickets: Tickets, intent: str
) -> None:
    talk = say_as(MEHMET)
    first = talk.say(f"/{intent}")
    if intent in ASKED_FIRST:  # the general answer comes first, one's own matter after a yes
        first = talk.say("/affirm")
    said = finish(talk, first)
    [ticket] = tickets()
    assert (ticket.intent, ticket.category) == (intent, CASES[intent].category)
    assert ticket.number in said.text
    if not CASES[intent].answer_by:
        assert ticket.due_at is None and not said.promises
        return
    assert ticket.due_at > clock.now()
    # A notice is promised its answer at once, and told the same time again at the end.
    made = said.promises if said is first else [*first.promises, *said.promises]
    told = [p for p in made if p["kind"] == "ticket_answer"]
    assert [p["due_at"] for p in told] == [ticket.due_at.isoformat()]
    assert told[0]["wording"] in said.text
    assert said.form is None and said.slots.get("case_intent") is None


def test_the_first_message_is_enough_when_it_tells_everything(
    say_as: Say, tickets: Tickets
) -> None:
    text = "1026 nolu siparişi iade etmek istiyorum, nevresim takımı yatağıma küçük geldi"
    said = say_as(MEHMET).say(text)
    [ticket] = tickets()
    assert ticket.number in said.text and ticket.order_number == "1026"
    assert ticket.details["details"] == text


def test_a_notice_of_return_is_stamped_and_said_back(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(MEHMET)
    said = finish(talk, talk.say("bunu iade etmek istiyorum"))
    assert "24 Kasım Salı 11:00" in said.text
    assert tickets()[0].details["notice_at"].startswith("2026-11-24T08:00")


def test_own_orders_are_offered_and_the_only_one_is_taken(say_as: Say) -> None:
    asked = say_as(MEHMET).say("iade istiyorum")
    assert list(asked.choices.values()) == [
        '/provide_info{"order_number": "1026"}', '/provide_info{"order_number": "1027"}',
    ]
    assert all(len(title) <= 20 for title in asked.choices)
    taken = say_as(JOHN).say("i want to exchange the coffee machine")
    assert "1030" in taken.text and taken.data["requested_slot"] == "case_details"


def test_an_order_of_somebody_else_goes_to_the_ticket_unproven(
    say_as: Say, tickets: Tickets
) -> None:
    talk = say_as(MEHMET)
    talk.say("iade istiyorum")
    said = talk.say("1024")
    assert "Barista" not in said.text
    said = talk.say("ürünün rengi farklı çıktı")
    [ticket] = tickets()
    assert ticket.order_number is None and ticket.details["order_as_given"] == "1024"
    assert "Barista" not in said.text


def test_another_number_corrects_the_order(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(MEHMET)
    talk.say("/exchange_request")
    talk.say("1026")
    assert talk.say("1027").responses[0] == "utter_case_order_noted"
    talk.say("tava çok ağır")
    assert tickets()[0].order_number == "1027"


def test_after_two_tries_the_case_goes_on_without_a_number(say_as: Say) -> None:
    talk = say_as(None)
    assert talk.say("/exchange_request").responses == ["utter_ask_order_number"]
    assert talk.say("/affirm").responses == ["utter_ask_order_again"]
    assert talk.say("/affirm").data["requested_slot"] == "case_details"


def test_a_repeated_turn_opens_no_second_ticket(
    brain: Any, say_as: Say, tickets: Tickets
) -> None:
    """The tracker was lost after the action had run: the same turn comes again."""
    talk = say_as(FATMA)
    first = talk.say("/broken_promise")
    other = say_as(FATMA)
    other.uid, other.turn_id = talk.uid, talk.turn_id
    brain.forget(talk.uid)
    again = other.say("/broken_promise", same_turn=True)
    assert len(tickets()) == 1 and tickets()[0].number in first.text
    assert tickets()[0].number in again.text


@pytest.mark.parametrize("text", [
    "fişe taktım duman çıktı", "makine patladı elektrik çarptı", "smoke came out of the machine",
])
def test_danger_comes_before_everything(say_as: Say, tickets: Tickets, text: str) -> None:
    talk = say_as(ELIF)
    said = talk.say(text)
    assert said.responses[:1] == ["utter_safety"] and "0850 000 00 00" in said.text
    assert [t.priority for t in tickets()] == ["urgent"]
    assert talk.conversation().state == "waiting"
    assert said.promises[-1]["kind"] == "human_reply"


def test_danger_inside_a_form_ends_it(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(MEHMET)
    talk.say("/return_request")
    said = talk.say("bir de kablodan kıvılcım çıkıyor")
    assert said.responses[0] == "utter_safety" and said.form is None
    assert tickets()[0].details["danger"] is True


def test_a_photo_in_the_form_is_noted(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(AYSE)
    said = talk.say("siparişim hasarlı geldi, bardakların hepsi kırık dökük çıktı")
    assert said.data["requested_slot"] == "case_photo"
    talk.say('/provide_info{"attachment": "image"}', attachments=["image"])
    assert tickets()[0].details["photo"] == "received"


def test_a_legal_threat_is_answered_by_ticket_and_person(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(MEHMET)
    said = talk.say("tüketici hakem heyetine başvuracağım")
    assert said.responses == ["utter_case_opened_legal_escalation", "utter_handover"]
    assert tickets()[0].priority == "urgent" and talk.conversation().state == "waiting"


def test_deletion_also_stops_promotions(say_as: Say) -> None:
    talk = say_as(MEHMET)
    talk.say("verilerimi silin")
    assert talk.opted_out()
