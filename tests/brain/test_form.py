"""A form never swallows: what does not answer its question is answered, and it asks again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from actions.case_form import ANSWERS
from actions.case_table import CASES
from tests.brain.talk import Talk
from tests.stack import AYSE, MEHMET

Say = Callable[..., Talk]
Tickets = Callable[[], list[Any]]
DOMAIN = yaml.safe_load(Path("domain.yml").read_text())
CASE = "exchange_request"
NO_CASE_IN_A_FORM = {"complaint", "warranty_question"}  # anger goes on; the general rule is told
ENDS_IT = {"talk_to_human", "do_resume", "do_drop"}
THROUGH = [
    intent for intent in DOMAIN["intents"]
    if intent not in ANSWERS | {CASE} | ENDS_IT and intent not in CASES
]


@pytest.mark.parametrize("intent", THROUGH)
def test_every_other_intent_is_answered_and_the_form_asks_again(
    say_as: Say, intent: str
) -> None:
    talk = say_as(MEHMET)
    talk.say(f"/{CASE}")
    before = talk.say("1026")
    assert before.data["requested_slot"] == "case_details"
    said = talk.say(f"/{intent}")
    own = [name for name in said.responses if not name.startswith("utter_ask_single_")]
    if intent in ("return_status", "refund_status"):  # no return runs: a case of their own
        assert said.slots["case_intent"] == intent or said.slots.get("saved_case")
        return
    assert own, "nothing was said but the form's question"
    assert said.form == "case_form" and said.data["requested_slot"] == "case_details"
    assert said.responses[-1] == before.responses[-1]
    assert said.slots.get("case_details") is None


@pytest.mark.parametrize("intent", sorted(set(CASES) - {CASE, *NO_CASE_IN_A_FORM}))
def test_another_case_replaces_the_one_that_is_open(say_as: Say, intent: str) -> None:
    talk = say_as(MEHMET)
    talk.say(f"/{CASE}")
    talk.say("1026")
    said = talk.say(f"/{intent}")
    assert said.slots["saved_case"]["slots"]["case_intent"] == CASE
    assert said.slots["saved_case"]["slots"]["case_order"] == "1026"
    assert said.slots.get("case_intent") in (intent, None)


def test_the_replaced_case_is_offered_once_the_new_one_is_done(
    say_as: Say, tickets: Tickets
) -> None:
    talk = say_as(MEHMET)
    talk.say(f"/{CASE}")
    talk.say("1026")
    said = talk.say("/broken_promise")
    assert said.responses[-1] == "utter_offer_resume"
    said = talk.take(said, "Devam edelim")
    assert said.slots["case_order"] == "1026"
    assert said.responses == ["utter_ask_single_exchange_request"]
    talk.say("çarşaf küçük geldi")
    assert [t.intent for t in tickets()] == ["broken_promise", CASE]


def test_a_person_is_reached_from_within_a_form(say_as: Say) -> None:
    talk = say_as(MEHMET)
    talk.say(f"/{CASE}")
    talk.say("1026")
    said = talk.say("temsilciye bağla")
    assert said.responses == ["utter_handover"] and said.form is None
    assert talk.handover().summary["answers"]["case_order"] == "1026"
    assert talk.say("kargo ücreti ne kadar").responses == ["utter_shipping_info"]


@pytest.mark.parametrize("text", ["vazgeçtim", "boşver", "gerek kalmadı", "never mind"])
def test_the_customer_may_call_it_off(say_as: Say, tickets: Tickets, text: str) -> None:
    talk = say_as(MEHMET)
    talk.say(f"/{CASE}")
    said = talk.say(text)
    assert said.responses == ["utter_case_dropped"] and said.form is None and not tickets()


@pytest.mark.parametrize("text", [
    "çarşafın rengi fotoğraftakine hiç benzemiyor", "asdf", "iade işte", "hayır", "mavi nevresim",
    "mutfak takımına hiç uymadı",
])
def test_free_words_answer_the_open_question(say_as: Say, tickets: Tickets, text: str) -> None:
    talk = say_as(MEHMET)
    talk.say(f"/{CASE}")
    talk.say("1026")
    talk.say("/nlu_fallback" if text == "asdf" else text)
    assert tickets()[0].order_number == "1026"


def test_anger_in_a_form_begins_no_other_case(say_as: Say) -> None:
    talk = say_as(MEHMET)
    talk.say("/missing_or_wrong_item")
    said = talk.say("rezalet bir durum bu, yazıklar olsun size")
    assert said.slots["case_intent"] == "missing_or_wrong_item"
    assert said.responses[0] == "utter_case_sorry"


def test_a_case_left_half_way_is_offered_after_the_answer(
    say_as: Say, shop_at: Callable[[str], None]
) -> None:
    talk = say_as(MEHMET)
    talk.say(f"/{CASE}")
    talk.say("1026")
    shop_at("2026-11-26T11:00:00+03:00")
    talk.new_session = True
    said = talk.say("kargo ücreti ne kadar")
    assert said.responses == ["utter_shipping_info", "utter_offer_resume"] and said.form is None
    said = talk.say("evet")
    assert said.form == "case_form" and said.data["requested_slot"] == "case_details"
    assert said.slots["case_order"] == "1026"


def test_its_own_wish_takes_it_up_without_asking(say_as: Say) -> None:
    talk = say_as(MEHMET)
    talk.say(f"/{CASE}")
    talk.say("1026")
    talk.new_session = True
    said = talk.say("/exchange_request")
    assert said.data["requested_slot"] == "case_details" and said.slots["case_order"] == "1026"


def test_after_seven_days_it_is_forgotten(say_as: Say, shop_at: Callable[[str], None]) -> None:
    talk = say_as(MEHMET)
    talk.say(f"/{CASE}")
    shop_at("2026-12-02T11:00:00+03:00")
    talk.new_session = True
    assert talk.say("merhaba").responses == ["utter_greet_name"]


def test_a_refused_offer_is_not_made_again(say_as: Say) -> None:
    talk = say_as(MEHMET)
    talk.say(f"/{CASE}")
    talk.new_session = True
    talk.say("merhaba")
    assert talk.say("hayır").responses == ["utter_case_dropped"]
    talk.new_session = True
    assert talk.say("merhaba").responses == ["utter_greet_name"]


def test_a_passed_over_offer_is_made_twice_at_most(say_as: Say) -> None:
    talk = say_as(MEHMET)
    talk.say(f"/{CASE}")
    offers = []
    for _ in range(4):
        talk.new_session = True
        offers.append("utter_offer_resume" in talk.say("merhaba").responses)
    assert offers == [True, True, False, False]


def test_a_wish_that_waited_is_offered(say_as: Say) -> None:
    talk = say_as(AYSE)
    said = talk.say('/do_offer_wish{"wish": "return_request"}')
    assert said.choices["Evet"] == "/return_request"
    assert "utter_case_opened_return_request" in talk.say("evet").responses
    talk = say_as(MEHMET)
    talk.say('/do_offer_wish{"wish": "shipping_info"}')
    assert talk.say("evet").responses == ["utter_shipping_info"]
    talk.say('/do_offer_wish{"wish": "shipping_info"}')
    assert talk.say("hayır").responses == ["utter_left_alone"]


@pytest.mark.parametrize("text", ["param nerede", "where is my refund"])
def test_a_question_that_names_a_remedy_is_no_answer(say_as: Say, text: str) -> None:
    talk = say_as(MEHMET)
    talk.say("/damaged_on_arrival")
    asked = talk.say("1026")
    assert asked.data["requested_slot"] == "case_details"
    said = talk.say(text)
    assert said.data["requested_slot"] != "case_photo" and not said.slots.get("case_details")
