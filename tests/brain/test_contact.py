"""People, calls, earlier cases, consent, and what was not understood."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from bot import db
from bot.aftersales.customers.models import ConsentEntry
from tests.brain.talk import Brain, Talk
from tests.stack import AYSE, JOHN, MEHMET

Say = Callable[..., Talk]
Tickets = Callable[[], list[Any]]
ASK = "temsilciye bağlanmak istiyorum"


@pytest.mark.parametrize(("moment", "response", "until"), [
    ("2026-11-24T11:00:00+03:00", "utter_handover", "bugün 11:"),
    ("2026-11-24T03:00:00+03:00", "utter_handover_closed", "bugün 09:30'a kadar"),
    ("2027-03-08T12:59:00+03:00", "utter_handover_later", "12 Mart Cuma 09:30'a kadar"),
    ("2027-03-08T13:01:00+03:00", "utter_handover_closed", "12 Mart Cuma 09:30'a kadar"),
])
def test_a_person_is_promised_at_an_honest_time(
    brain: Brain, shop_at: Callable[[str], None], moment: str, response: str, until: str
) -> None:
    shop_at(moment)
    talk = brain.customer(AYSE)
    said = talk.say(ASK)
    assert said.responses == [response] and until in said.text
    [promise] = said.promises
    assert promise["kind"] == "human_reply"
    assert talk.conversation().promised_at.isoformat() == promise["due_at"]
    assert bool(said.choices) == (response != "utter_handover")


def test_asking_again_opens_no_second_hand_over(say_as: Say) -> None:
    talk = say_as(AYSE)
    talk.say(ASK)
    first = talk.handover()
    said = talk.say(ASK)
    assert said.responses == ["utter_still_waiting"] and "11:" in said.text
    assert talk.handover().id == first.id and not said.promises


def test_who_no_longer_waits_leaves_the_queue(say_as: Say) -> None:
    talk = say_as(AYSE)
    talk.say(ASK)
    said = talk.take(talk.say(ASK), "Artık beklemiyorum")
    assert said.responses == ["utter_wait_withdrawn"]
    assert talk.conversation().state == "bot"


def test_a_call_is_booked_without_asking_a_known_number(say_as: Say, tickets: Tickets) -> None:
    said = say_as(AYSE).say("beni yarın öğleden sonra arar mısınız")
    assert "yarın 14:00–14:30" in said.text and "0532 *** ** 67" in said.text
    [promise] = said.promises
    assert promise["kind"] == "callback" and promise["wording"] == "yarın 14:00–14:30"
    assert tickets()[0].details["phone"] == AYSE
    assert "123 45" not in said.text


def test_the_number_is_asked_for_when_nobody_knows_it(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(None)
    assert talk.say("beni arayın").responses == ["utter_ask_callback_phone"]
    assert talk.say("0532 111 22 33").responses == ["utter_callback_booked"]
    assert tickets()[0].details["phone"] == "+905321112233"


def test_own_tickets_are_told_and_nobody_elses(say_as: Say) -> None:
    said = say_as(MEHMET).say("T-20931 ne oldu")
    assert "T-20931" in said.text and said.responses[0].startswith("utter_ticket_o")
    other = say_as(AYSE)
    assert other.say("T-20931 ne oldu").responses == ["utter_ticket_unknown"]
    assert other.say("T-99999 ne oldu").responses == ["utter_ticket_unknown"]
    assert other.say("talebim ne oldu").responses == ["utter_ticket_none"]


def test_an_overdue_ticket_is_owned_up_to(
    say_as: Say, shop_at: Callable[[str], None], tickets: Tickets
) -> None:
    talk = say_as(AYSE)
    talk.say("/broken_promise")
    shop_at("2026-11-26T11:00:00+03:00")
    talk.new_session = True
    said = talk.say("talebim ne oldu")
    assert said.responses == ["utter_ticket_overdue", "utter_handover"]
    assert talk.conversation().state == "waiting"


def test_unclear_twice_in_a_row_is_a_person(say_as: Say) -> None:
    talk = say_as(AYSE)
    first = talk.say("/nlu_fallback")
    assert first.responses == ["utter_clarify_open"] and len(first.choices) == 3
    second = talk.say("/nlu_fallback")
    assert second.responses == ["utter_person_better", "utter_handover"]


def test_understanding_in_between_mends_a_miss(say_as: Say) -> None:
    talk = say_as(AYSE)
    talk.say("/nlu_fallback")
    talk.say("kargo ücreti ne kadar")
    assert talk.say("/nlu_fallback").responses == ["utter_clarify_open"]


def test_choices_are_the_likeliest_intents_with_their_numbers(say_as: Say) -> None:
    said = say_as(AYSE).say("1024 hani şu şey vardı ya onunla ilgili")
    assert said.responses == ["utter_clarify"], said.data["intent"]
    likeliest = [entry["name"] for entry in said.data["intent_ranking"]]
    assert 1 <= len(said.choices) <= 3
    for command in said.choices.values():
        name, _, numbers = command.removeprefix("/").partition("{")
        assert name in likeliest and numbers == '"order_number": "1024"}'


def test_a_number_with_a_name_beside_it_is_information(say_as: Say) -> None:
    assert "Yurtiçi" in say_as(AYSE).say("1024\nayşe kaya\n0532 123 45 67").text


def test_insult_is_answered_calmly_once(say_as: Say) -> None:
    talk = say_as(AYSE)
    assert talk.say("salak mısın sen").responses == ["utter_abuse_calm"]
    assert talk.say("aptal bot").responses == ["utter_handover"]


def test_consent_needs_a_yes_to_the_full_text(say_as: Say) -> None:
    talk = say_as(AYSE)
    talk.say("/marketing_opt_in")
    talk.say("kargo ücreti ne kadar")
    talk.say("evet")
    assert not talk.may_market()
    talk.say("/marketing_opt_in")
    assert talk.say("evet").responses == ["utter_consent_stored"]
    assert talk.may_market()
    assert talk.say("/marketing_opt_out").responses == ["utter_opted_out_confirmed"]
    assert not talk.may_market()


def test_points_only_for_a_vouched_address(say_as: Say) -> None:
    assert "1.250" in say_as(AYSE).say("puanım kaç").text
    assert "Gold" in say_as(AYSE).say("puanım kaç").text
    assert say_as(None).say("puanım kaç").responses == ["utter_points_unvouched"]


def test_the_greeting_knows_the_name_and_the_language(say_as: Say) -> None:
    assert "Ayşe" in say_as(AYSE).say("merhaba").text
    assert say_as(JOHN).say("hello").text.startswith("Hello John")
    assert "insan değilim" in say_as(AYSE).say("sen robot musun").text


def test_yes_and_no_without_a_question_ask_back(say_as: Say) -> None:
    talk = say_as(AYSE)
    assert talk.say("evet").responses == ["utter_affirm_nothing_open"]
    assert talk.say("hayır").responses == ["utter_deny_nothing_open"]


def test_who_wants_to_be_forgotten_says_no_to_promotions_once(say_as: Say) -> None:
    """However often the turn is asked again."""
    talk = say_as(AYSE)
    first, again = talk.say_twice("/data_deletion_request")
    assert first.text == again.text and talk.opted_out()
    with db.read() as session:
        identity = talk.conversation().identity_id
        entries = session.scalars(
            sa.select(ConsentEntry).where(ConsentEntry.identity_id == identity)
        ).all()
    assert len(entries) == 1
