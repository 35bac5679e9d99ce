"""What is said: numbers that are read, rules with their sources, times as people say them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.brain.talk import Said, Talk
from tests.stack import AYSE, ELIF, JOHN, MEHMET

Say = Callable[..., Talk]
Tickets = Callable[[], list[Any]]


def sources(said: Said) -> list[str]:
    """Return the records that an answer names as its sources."""
    parts = [(m.get("custom") or {}).get("destek") or {} for m in said.data["messages"]]
    return [source["record"] for part in parts for source in part.get("sources") or ()]


@pytest.mark.parametrize("text", [
    "beni 0555 999 88 77den arayın", "beni arayın numaram 05559998877den", "0555 999 88 77'den arayın",
])
def test_the_number_that_was_given_is_called(say_as: Say, tickets: Tickets, text: str) -> None:
    said = say_as(AYSE).say(text)
    assert said.responses == ["utter_callback_booked"], said.data["intent"]
    assert tickets()[0].details["phone"] == "+905559998877"


def test_a_number_that_can_not_be_read_is_asked_for_again(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(AYSE)
    assert talk.say("beni 0555 999 88 7den arayın").responses == ["utter_ask_callback_phone_again"]
    assert not tickets()
    assert talk.say("0555 999 88 77").responses == ["utter_callback_booked"]
    assert tickets()[0].details["phone"] == "+905559998877"


def test_the_tracking_number_may_come_first(say_as: Say) -> None:
    stranger = say_as(MEHMET)
    assert stranger.say("123456789012").responses == ["utter_order_withheld"]
    assert "Ankara transfer merkezi" in stranger.say("1024").text


def test_two_short_numbers_prove_nothing_together(say_as: Say) -> None:
    stranger = say_as(MEHMET)
    stranger.say("1024 nerede")
    assert stranger.say("1025").responses == ["utter_order_withheld"]


@pytest.mark.parametrize(("text", "records"), [
    ("kargo ücreti ne kadar", ["delivery", "dispatch"]), ("iade süresi kaç gün", ["returns"]),
    ("çalışma saatleriniz nedir", ["hours", "profile"]), ("/warranty_question", ["warranty"]),
])
def test_a_rule_names_its_source(say_as: Say, text: str, records: list[str]) -> None:
    assert sources(say_as(AYSE).say(text)) == records


def test_address_and_accounts_are_told_when_asked(say_as: Say) -> None:
    talk = say_as(AYSE)
    asked = talk.say("adresiniz nerede, instagram hesabınız var mı")
    assert "Nar Sokak No 1" in asked.text and "instagram.example/narev" in asked.text
    plain = talk.say("/contact_and_hours")
    assert "Nar Sokak" not in plain.text and "0850 000 00 00" in plain.text


def test_the_warranty_is_the_shops_rule(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(ELIF)
    said = talk.say("/warranty_question")
    assert "en az 2 yıldır" in said.text and not tickets()
    assert talk.say("evet").slots["case_intent"] == "warranty_question"


def test_no_points_are_told_to_who_is_no_member(say_as: Say) -> None:
    said = say_as("+905071112233").say("puanım kaç")
    assert said.responses == ["utter_points_no_member"] and "0 puan" not in said.text
    assert say_as(MEHMET).say("puanım kaç").responses == ["utter_points"]


@pytest.mark.parametrize("intent", ["data_access_request", "data_deletion_request"])
def test_a_data_request_has_a_number_and_a_last_day(
    say_as: Say, tickets: Tickets, intent: str
) -> None:
    said = say_as(AYSE).say(f"/{intent}")
    assert tickets()[0].number in said.text and "24 Aralık Perşembe" in said.text
    promise = next(p for p in said.promises if p["kind"] == "data_request")
    assert promise["due_at"].startswith("2026-12-24") and promise["wording"] in said.text


def test_the_last_day_is_one_on_which_people_work(
    say_as: Say, shop_at: Callable[[str], None]
) -> None:
    shop_at("2026-11-27T11:00:00+03:00")  # thirty days on is a Sunday
    said = say_as(AYSE).say("/data_access_request")
    assert "26 Aralık Cumartesi" in said.text


@pytest.mark.parametrize("text", [
    "kişisel verilerimi kimlerle paylaşıyorsunuz", "who do you share my personal data with",
])
def test_what_is_done_with_data_is_in_the_notice(
    say_as: Say, tickets: Tickets, text: str
) -> None:
    said = say_as(AYSE).say(text)
    assert "utter_privacy_notice" in said.responses, said.data["intent"]
    assert "narev.example/kvkk" in said.text and not tickets()


def test_nobody_is_told_of_an_address_when_a_number_is_meant(say_as: Say) -> None:
    talk = say_as(None)
    for text in ("siparişim nerede", "1024 nerede", "/ticket_status", "T-20931 ne oldu"):
        assert "adres" not in talk.say(text).text


def test_english_times_read_as_english(say_as: Say) -> None:
    said = say_as(JOHN).say("i want to talk to a person")
    assert "today by 11:" in said.text and "by today" not in said.text
    said = say_as(JOHN).say("please call me tomorrow at 3 pm")
    assert "tomorrow between 15:00 and 15:30" in said.text


def test_an_hour_at_night_is_not_turned_into_the_afternoon(
    say_as: Say, tickets: Tickets
) -> None:
    said = say_as(AYSE).say("gece 3te arayın beni")
    assert said.responses == ["utter_callback_booked_other"]
    assert "15:00" not in said.text and "yarın 09:00–09:30" in said.text
