"""Cancellations, returns and fault reports: recorded with the first word, never against the will."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot import db
from bot.conversations.tickets import service as ticket_service
from tests.brain.talk import Said, Talk
from tests.stack import AYSE, ELIF, JOHN, MEHMET

Say = Callable[..., Talk]
Tickets = Callable[[], list[Any]]
CANCEL = "siparişimi iptal etmek istiyorum"


@pytest.mark.parametrize("words", [
    "hayır iptal etmeyin yanlış yazdım", "vazgeçtim iptal etmeyin", "boşver", "never mind",
    "vazgeçtim", "don't cancel it please", "iptal etmek istemiyorum",
])
def test_a_cancellation_stops_when_the_customer_says_so(
    say_as: Say, tickets: Tickets, words: str
) -> None:
    talk = say_as(AYSE)
    assert talk.say(CANCEL).data["requested_slot"] == "case_order"
    said = talk.say(words)
    assert said.responses == ["utter_notice_taken_back"] and said.form is None
    [ticket] = tickets()
    assert ticket.state == "solved" and ticket.details["later"][0]["text"] == words
    assert "taken_back_at" in ticket.details and ticket.number in said.text


def test_a_bare_no_is_no_cancellation_either(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(AYSE)
    talk.say(CANCEL)
    said = talk.say("hayır")
    assert said.responses == ["utter_ask_cancel_which"] and list(said.choices)
    assert talk.say("hayır").responses == ["utter_notice_taken_back"]
    assert tickets()[0].state == "solved"


@pytest.mark.parametrize("words", ["iptal", "cancel", "istemiyorum artık"])
def test_the_wish_itself_said_again_is_no_withdrawal(
    say_as: Say, tickets: Tickets, words: str
) -> None:
    talk = say_as(AYSE)
    talk.say(CANCEL)
    assert talk.say(words).data["requested_slot"] == "case_order"
    assert "utter_case_opened_cancel_order" in talk.say("1025").responses
    assert [t.order_number for t in tickets()] == ["1025"] and tickets()[0].state == "open"


def test_a_recorded_cancellation_can_be_taken_back(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(AYSE)
    talk.say("1025 nolu siparişi iptal edin")
    assert tickets()[0].state == "open"
    said = talk.say("pardon iptal etmeyin")
    assert said.responses == ["utter_notice_taken_back"] and tickets()[0].state == "solved"
    again = talk.say("iptal etmeyin sakın")
    assert "utter_case_opened_cancel_order" not in again.responses and len(tickets()) == 1


@pytest.mark.parametrize("words", ["pardon iptal etmeyin", "fikrimi değiştirdim, iptali geri alın"])
def test_a_turn_that_takes_back_is_answered_the_same_when_it_is_asked_again(
    say_as: Say, tickets: Tickets, words: str
) -> None:
    talk = say_as(AYSE)
    talk.say("1025 nolu siparişi iptal edin")
    first, again = talk.say_twice(words)
    assert first.responses == again.responses == ["utter_notice_taken_back"]
    assert first.text == again.text and [t.state for t in tickets()] == ["solved"]


def test_what_people_have_acted_on_goes_to_a_person(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(AYSE)
    talk.say(CANCEL)
    with db.write() as session:
        ticket_service.solve(session, tickets()[0].id)
    said = talk.say("iptal etmeyin")
    assert said.responses == ["utter_notice_acted_on", "utter_handover"]
    assert tickets()[0].details["later"][0]["text"] == "iptal etmeyin"


@pytest.mark.parametrize(("who", "text", "intent"), [
    (MEHMET, "bunu iade etmek istiyorum", "return_request"),
    (AYSE, CANCEL, "cancel_order"), (MEHMET, "/product_fault_report", "product_fault_report"),
])
def test_the_first_message_is_the_notice(
    say_as: Say, shop_at: Callable[[str], None], tickets: Tickets, who: str, text: str, intent: str
) -> None:
    talk = say_as(who)
    said = talk.say(text)
    [ticket] = tickets()
    assert said.form and ticket.number in said.text and "24 Kasım Salı 11:00" in said.text
    assert (ticket.state, ticket.intent, ticket.details["incomplete"]) == ("open", intent, True)
    assert ticket.details["notice_at"].startswith("2026-11-24T08:00")
    shop_at("2026-11-24T11:20:00+03:00")
    said = talk.say("1025" if who == AYSE else "1026")
    for _ in range(2):
        if said.form:
            said = talk.say("yok" if said.data["requested_slot"] == "case_photo" else "sapı gevşedi")
    [ticket] = tickets()
    assert "incomplete" not in ticket.details and ticket.order_number in ("1025", "1026")
    assert ticket.details["notice_at"].startswith("2026-11-24T08:00")
    assert "24 Kasım Salı 11:00" in said.text and ticket.number in said.text


def test_an_abandoned_form_leaves_its_notice(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(MEHMET)
    talk.say("iade istiyorum")
    talk.say("temsilciye bağla")
    assert tickets()[0].state == "open" and tickets()[0].due_at is not None
    other = say_as(AYSE)
    other.say(CANCEL)
    other.new_session = True
    other.say("merhaba")
    assert other.say("hayır").responses == ["utter_notice_stays"]
    assert [t.state for t in tickets()] == ["open", "open"]


@pytest.mark.parametrize("words", ["vazgeçtim", "istemiyorum", "vazgeçtim istemiyorum artık"])
def test_a_reason_for_a_return_does_not_call_it_off(
    say_as: Say, tickets: Tickets, words: str
) -> None:
    talk = say_as(MEHMET)
    talk.say("iade istiyorum")
    said = talk.say(words)
    assert said.data["requested_slot"] == "case_order"
    talk.say("1026")
    assert tickets()[0].state == "open" and words in tickets()[0].details["first_message"]


@pytest.mark.parametrize("words", [
    "iade etmekten vazgeçtim", "iade etmeyeceğim", "iptal edin iadeyi", "boşver", "never mind",
])
def test_a_return_is_called_off_in_so_many_words(
    say_as: Say, tickets: Tickets, words: str
) -> None:
    talk = say_as(MEHMET)
    talk.say("iade istiyorum")
    assert talk.say(words).responses == ["utter_notice_taken_back"]
    assert tickets()[0].state == "solved"


def test_of_several_orders_none_is_cancelled_unasked(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(AYSE)
    heard = talk.say("siparişim nerede").text
    assert "1024" in heard and "1025" in heard
    said = talk.say("siparişimi iptal edin")
    assert said.data["requested_slot"] == "case_order" and len(said.choices) == 2
    assert tickets()[0].order_number is None


def test_the_order_that_the_customer_named_is_meant(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(AYSE)
    talk.say("1025 nerede")
    said = talk.say("siparişimi iptal edin")
    assert "utter_case_opened_cancel_order" in said.responses
    assert tickets()[0].order_number == "1025"


def test_not_the_one_but_the_other(say_as: Say, tickets: Tickets) -> None:
    say_as(AYSE).say("1024 değil 1025 nolu siparişi iptal edin")
    assert tickets()[0].order_number == "1025"


def test_an_order_on_its_way_is_withdrawn_from_by_a_person(say_as: Say, tickets: Tickets) -> None:
    said = say_as(AYSE).say("1024 nolu siparişimi iptal edin")
    assert said.responses == ["utter_case_opened_cancel_shipped"] and "kargoya verilmiş" in said.text
    said = say_as(JOHN).say("cancel order 1030")
    assert said.responses == ["utter_case_opened_cancel_late"]


def test_the_same_matter_twice_is_one_ticket(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(AYSE)
    talk.say("1025 nolu siparişi iptal edin")
    said = talk.say("1025i iptal edin dedim size")
    [ticket] = tickets()
    assert said.responses == ["utter_case_again"] and ticket.number in said.text
    assert ticket.details["later"][0]["text"] == "1025i iptal edin dedim size"


def test_the_same_matter_found_out_in_the_form_is_one_open_ticket(
    say_as: Say, tickets: Tickets
) -> None:
    talk = say_as(AYSE)
    talk.say("1025 nolu siparişi iptal edin")
    other = say_as(AYSE)
    other.say(CANCEL)
    other.say("1025")
    assert [t.state for t in tickets()] == ["open", "solved"] or len(tickets()) == 1


def test_a_repeated_turn_repeats_the_notice(brain: Any, say_as: Say, tickets: Tickets) -> None:
    talk = say_as(AYSE)
    first = talk.say("1025 nolu siparişi iptal edin")
    other = say_as(AYSE)
    other.uid, other.turn_id = talk.uid, talk.turn_id
    brain.forget(talk.uid)
    again = other.say("1025 nolu siparişi iptal edin", same_turn=True)
    assert again.text == first.text and len(tickets()) == 1


# Who may


def prove(talk: Talk) -> Said:
    """Show that order 1024 is known."""
    talk.say("1024 nerede")
    said = talk.say("123456789012")
    assert "Ankara" in said.text
    return said


@pytest.mark.parametrize("text", [
    "1024 nolu siparişi iptal edin", "1024 nolu siparişi iade etmek istiyorum",
])
def test_who_proved_an_order_from_elsewhere_needs_a_person(
    say_as: Say, tickets: Tickets, text: str
) -> None:
    talk = say_as(MEHMET)
    prove(talk)
    said = talk.say(text)
    if said.form:
        said = talk.say("rengi hoşuma gitmedi")
    [ticket] = tickets()
    assert "utter_case_opened_unproven" in said.responses, said.responses
    assert ticket.order_number is None and ticket.details["order_as_given"] == "1024"
    assert ticket.details["not_orders_address"] and ticket.details["identity"] == "V1"


@pytest.mark.parametrize("number", ["1024", "88817"])
def test_a_stranger_is_not_told_that_a_cancellation_was_taken(
    say_as: Say, tickets: Tickets, number: str
) -> None:
    said = say_as(MEHMET).say(f"{number} nolu siparişi iptal edin")
    assert said.responses == ["utter_case_opened_unproven"]
    assert "İptal bildiriminizi" not in said.text and "Barista" not in said.text
    assert tickets()[0].details["identity"] == "unproven"


def test_a_stranger_without_a_number_hears_no_confirmation(say_as: Say) -> None:
    said = say_as(None).say(CANCEL)
    assert "utter_notice_unproven" in said.responses and "İptal" not in said.text


# Fewer questions


def test_the_only_product_is_not_asked_for(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(MEHMET)
    talk.say("iade istiyorum")
    assert "utter_case_opened_return_request" in talk.say("1026").responses
    several = say_as(ELIF)
    several.say("iade istiyorum")
    said = several.say("1028")
    assert said.responses == ["utter_ask_details_return_request"]


def test_words_beside_the_number_are_the_answer(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(ELIF)
    talk.say("iade istiyorum")
    said = talk.say("1028 bornoz")
    assert "utter_case_opened_return_request" in said.responses
    assert tickets()[0].details["details"] == "1028 bornoz"
    talk = say_as(MEHMET)
    talk.say("/exchange_request")
    assert talk.say("1026 olan").data["requested_slot"] == "case_details"


@pytest.mark.parametrize("words", [
    "bardak kırık, değişim istiyorum", "paramı geri istiyorum", "i want an exchange",
    "tamir edilsin", "i want my money back",
])
@pytest.mark.parametrize("case", ["damaged_on_arrival", "product_fault_report"])
def test_the_remedy_that_was_asked_for_is_an_answer(
    say_as: Say, tickets: Tickets, case: str, words: str
) -> None:
    talk = say_as(MEHMET)
    talk.say(f"/{case}")
    talk.say("1026")
    said = talk.say(words)
    assert said.data["requested_slot"] == "case_photo" and said.slots["case_intent"] == case
    talk.say("yok")
    assert tickets()[0].details["details"] == words


def test_a_question_about_a_remedy_is_answered(say_as: Say) -> None:
    talk = say_as(MEHMET)
    talk.say("/damaged_on_arrival")
    talk.say("1026")
    said = talk.say("iade süresi kaç gün")
    assert said.responses[0] == "utter_return_policy"


def test_the_order_goes_along_when_the_case_changes(say_as: Say) -> None:
    talk = say_as(MEHMET)
    talk.say("/exchange_request")
    talk.say("1026")
    said = talk.say("/refund_dispute")  # of its own it would ask for an order with money to come
    assert said.slots["case_order"] == "1026" and said.data["requested_slot"] == "case_details"


@pytest.mark.parametrize("words", ["istemiyorum", "gerek yok", "kalsın", "yok", "no"])
def test_no_photo_is_an_answer(say_as: Say, tickets: Tickets, words: str) -> None:
    talk = say_as(MEHMET)
    talk.say("/damaged_on_arrival")
    talk.say("1026")
    talk.say("yırtık çıktı, değişim istiyorum")
    said = talk.say(words)
    assert said.responses[-1] == "utter_case_opened" and len(tickets()) == 1
