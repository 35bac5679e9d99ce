"""Where is my order, asked of the trained brain."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.brain.talk import Talk
from tests.stack import AYSE, ELIF, FATMA, JOHN, MEHMET

SECRETS = ("Ayşe", "Kaya", "Yurtiçi", "Ankara", "Barista", "8.499", "123456789012", "532")
Say = Callable[..., Talk]
Tickets = Callable[[], list[Any]]


def test_the_owner_hears_of_every_order_under_way(say_as: Say) -> None:
    said = say_as(AYSE).say("siparişim nerede")
    assert said.responses == ["utter_order_in_transit_with_link", "utter_order_preparing"]
    assert "25 Kasım Çarşamba – 26 Kasım Perşembe" in said.text and "1025" in said.text
    assert [p["kind"] for p in said.promises] == ["delivery", "dispatch"]
    assert [p["own"] for p in said.promises] == [False, True]


def test_a_bare_number_is_a_question_for_its_order(say_as: Say) -> None:
    said = say_as(AYSE).say("1024")
    assert "1024" in said.text and "Yurtiçi" in said.text and "1025" not in said.text


def test_english_is_answered_in_english(say_as: Say) -> None:
    said = say_as(JOHN).say("where is my order?")
    assert "shows as delivered on Mon 23 Nov" in said.text


@pytest.mark.parametrize("question", ["{} nerede", "{}", "where is my order {}"])
def test_what_is_not_theirs_sounds_like_what_does_not_exist(say_as: Say, question: str) -> None:
    stranger = say_as(MEHMET)
    there = stranger.say(question.format("1024")).text
    missing = stranger.say(question.format("88817")).text
    assert not [secret for secret in SECRETS if secret in there]
    assert there.replace("1024", "#") == missing.replace("88817", "#")
    assert "telefon" in there or "phone" in there


def test_a_person_checks_what_could_not_be_shown(say_as: Say, tickets: Tickets) -> None:
    stranger = say_as(MEHMET)
    said = stranger.say("1024 nerede")
    checked = stranger.take(said, "Kişi kontrol etsin")
    [ticket] = tickets()
    assert ticket.category == "identity_check" and ticket.order_number is None
    assert ticket.details["order_as_given"] == "1024"
    assert ticket.number in checked.text and checked.promises[0]["kind"] == "ticket_answer"
    assert not [secret for secret in SECRETS if secret in checked.text]


def test_a_yes_after_it_means_that_person_too(say_as: Say, tickets: Tickets) -> None:
    stranger = say_as(MEHMET)
    stranger.say("1024 nerede")
    assert stranger.say("evet").responses == ["utter_order_check_opened"]
    assert tickets()[0].details["order_as_given"] == "1024"


def test_the_tracking_number_proves_the_order_asked_about_before(say_as: Say) -> None:
    stranger = say_as(MEHMET)
    stranger.say("1024 nerede")
    assert "Ankara transfer merkezi" in stranger.say("123456789012").text


def test_after_five_wrong_proofs_a_person_takes_over(say_as: Say) -> None:
    stranger = say_as(MEHMET)
    stranger.say("1024 nerede")
    for wrong in range(5):
        assert "utter_order_withheld" in stranger.say(f"99999999900{wrong}").responses
    said = stranger.say("123456789012")
    assert said.responses == ["utter_order_locked", "utter_handover"]
    assert stranger.conversation().state == "waiting"


def test_a_stuck_parcel_is_inquired_about_once(say_as: Say, tickets: Tickets) -> None:
    elif_ = say_as(ELIF)
    said = elif_.say("kargom 5 gündür aynı yerde duruyor")
    assert said.responses == ["utter_delay_sorry", "utter_order_stuck"]
    elif_.say("siparişim nerede")
    [ticket] = tickets()
    assert ticket.category == "carrier_inquiry" and ticket.order_number == "1028"
    assert said.promises[0]["kind"] == "next_update"
    assert ticket.due_at.isoformat() == said.promises[0]["due_at"]


@pytest.mark.parametrize("text", ["param ne zaman yatar", "iadem ulaştı mı"])
def test_a_running_return_is_told_from_its_record(say_as: Say, tickets: Tickets, text: str) -> None:
    said = say_as(FATMA).say(text)
    assert said.responses == ["utter_return_received_refund_due"]
    assert said.promises[0]["kind"] == "refund_sent" and not tickets()


def test_a_refund_that_nobody_knows_of_is_a_case(say_as: Say, tickets: Tickets) -> None:
    said = say_as(JOHN).say("/refund_status")
    assert said.responses[-1] == "utter_case_opened" or said.form == "case_form"


def test_nobody_knows_the_address_of_a_stranger(say_as: Say) -> None:
    said = say_as(None).say("siparişim nerede")
    assert said.responses == ["utter_ask_order_to_track"]
    assert not re.search(r"\d", said.text)
