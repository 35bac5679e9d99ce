"""What Rasa's parse result says of a message, by a model of our pipeline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.text import harmless

Parse = Callable[..., dict[str, Any]]


def names(result: dict[str, Any]) -> list[str]:
    return [wish["name"] for wish in result["intents"]]


def values(result: dict[str, Any], entity: str) -> list[str]:
    return [e["value"] for e in result["entities"] if e["entity"] == entity]


@pytest.mark.parametrize(
    "text",
    [
        "siparişim nerede", "SİPARİŞİM NEREDE", "SIPARISIM NEREDE", "siparisim nerde",
        "sıparısım  NEREDE", "siparişimmm neredeee",
    ],
)  # fmt: skip
def test_spelling_makes_no_difference(parse: Parse, text: str) -> None:
    result = parse(text)
    assert result["intent"]["name"] == "track_order"
    expected = parse("siparişim nerede")["intent"]["confidence"]
    assert result["intent"]["confidence"] == pytest.approx(expected, abs=1e-9)


def test_every_result_has_ranking_and_wishes(parse: Parse) -> None:
    result = parse("kargo ücreti ne kadar")
    assert result["intent"] == result["intents"][0] == result["intent_ranking"][0]
    assert len(result["intent_ranking"]) == 10
    confidences = [entry["confidence"] for entry in result["intent_ranking"]]
    assert confidences == sorted(confidences, reverse=True)
    assert 0.99 < sum(confidences) <= 1.000001


@pytest.mark.parametrize(
    ("text", "known", "language"),
    [
        ("siparişim nerede", "en", "tr"),
        ("where is my order", "tr", "en"),
        ("1024", "en", "en"),
        ("1024", "", "tr"),
        ("👍", "en", "en"),
        ("1024", "xx", "tr"),
    ],
)
def test_language_is_an_entity(parse: Parse, text: str, known: str, language: str) -> None:
    assert values(parse(text, language=known), "language") == [language]


@pytest.mark.parametrize(
    ("text", "wishes"),
    [
        ("merhaba siparişim nerede", ["track_order"]),
        ("selam\nsiparişim nerede\nteşekkürler", ["track_order"]),
        ("siparişim nerede bi de kargo ücreti ne kadar", ["track_order", "shipping_info"]),
        ("Kargo ücreti ne kadar? Ayrıca siparişim nerede?", ["track_order", "shipping_info"]),
        ("where is my order and also how much is shipping", ["track_order", "shipping_info"]),
        ("siparişim nerede bide paketim hangi aşamada", ["track_order"]),
        ("ayrıca kargo ücreti ne kadar", ["shipping_info"]),
        ("merhaba", ["greet"]),
        ("selamlar Zeynep", ["greet"]),
        ("1024\nsiparişim nerede", ["track_order"]),
    ],
)
def test_wishes_of_a_message(parse: Parse, text: str, wishes: list[str]) -> None:
    result = parse(text)
    assert names(result) == wishes
    assert result["intent"]["name"] == wishes[0]
    assert result["intent_ranking"][0]["name"] == wishes[0]


def test_two_sentences_are_two_wishes_only_when_they_are_no_one_matter(parse: Parse) -> None:
    assert names(parse("Siparişim nerede? Ne zaman gelir?")) == ["track_order"]
    assert names(parse("Siparişim nerede? İade koşulları nedir?")) == [
        "track_order", "return_policy",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["qzxw", "", "   ", "...", "lorem ipsum dolor sit amet"])
def test_what_is_not_understood_is_a_fallback(parse: Parse, text: str) -> None:
    result = parse(text)
    assert result["intent"]["name"] == "nlu_fallback"
    assert names(result) == ["nlu_fallback"]
    assert all(entry["name"] != "nlu_fallback" for entry in result["intent_ranking"])


def test_a_fallback_leaves_the_ranking_to_ask_with(parse: Parse) -> None:
    result = parse("ücret")
    assert result["intent"]["name"] == "nlu_fallback"
    assert {e["name"] for e in result["intent_ranking"][:2]} == {"return_policy", "shipping_info"}


@pytest.mark.parametrize("text", ["1024", "#1024", "1024, 1025", "+90 532 123 45 67", "T-20931"])
def test_a_bare_identifier_is_information(parse: Parse, text: str) -> None:
    assert parse(text)["intent"] == {"name": "provide_info", "confidence": 1.0}


@pytest.mark.parametrize(
    "text",
    [
        "yok yanlış yazdım, 1025", "yok yanlis yazdim 1025", "HAYIR 1025 OLACAK", "pardon 1025",
        "no sorry it's 1025", "I meant 1025", "1024 değil 1025", "hayır, 0532 123 45 67 olacak",
        "yanlış yazmışım, ayse@ornek.com",
    ],
)  # fmt: skip
def test_an_identifier_put_right_is_information(parse: Parse, text: str) -> None:
    assert parse(text)["intent"] == {"name": "provide_info", "confidence": 1.0}


@pytest.mark.parametrize(
    "text",
    ["pardon 1025 nerede", "yanlış ürün 1025", "1025 hatalı", "1025 yok", "hayır", "yok 2si kırık"],
)
def test_what_only_sounds_like_a_correction_is_none(parse: Parse, text: str) -> None:
    assert parse(text)["intent"]["confidence"] < 1.0


def test_an_identifier_does_not_change_a_confident_intent(parse: Parse) -> None:
    result = parse("1024 nolu siparişim nerede")
    assert result["intent"]["name"] == "track_order"
    assert values(result, "order_number") == ["1024"]


def test_a_photo_without_words_is_information(parse: Parse) -> None:
    result = parse("", attachments=["image", "image", "video"])
    assert result["intent"]["name"] == "provide_info"
    assert values(result, "attachment") == ["image", "video"]


def test_identifiers_are_entities_with_their_place(parse: Parse) -> None:
    text = "SIPARISIM 1024 ve 20318, T-20931, ayse@ornek.com, 0532 123 45 67"
    result = parse(text)
    assert values(result, "order_number") == ["1024", "20318"]
    assert values(result, "ticket_number") == ["T-20931"]
    assert values(result, "email") == ["ayse@ornek.com"]
    assert values(result, "phone") == ["+905321234567"]
    placed = [e for e in result["entities"] if "start" in e]
    assert {text[e["start"] : e["end"]] for e in placed} == {
        "1024", "20318", "T-20931", "ayse@ornek.com", "0532 123 45 67",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("number", "tracking"),
    [("77401928351", True), ("1Z999AA10123456784", True), ("RR123456785TR", True), ("1024", False)],
)
def test_a_number_in_a_carriers_shape_may_be_both(
    parse: Parse, number: str, tracking: bool
) -> None:
    result = parse(f"takip no {number} kargom nerede kaldı")
    assert number in values(result, "order_number")
    assert (number in values(result, "tracking_number")) is tracking


def test_a_stored_command_is_one_wish_and_keeps_the_language(parse: Parse) -> None:
    result = parse('/track_order{"order_number": "1024"}', language="en")
    assert result["intent"]["name"] == "track_order"
    assert result["intents"] == [{"name": "track_order", "confidence": 1.0}]
    assert values(result, "order_number") == ["1024"]
    assert values(result, "language") == ["en"]


@pytest.mark.parametrize("text", ["/restart", "  /restart", "/session_start", "\u200b/restart"])
def test_harmless_text_is_no_command(parse: Parse, text: str) -> None:
    result = parse(harmless(text))
    assert names(result) == ["nlu_fallback"]


def test_the_same_text_gives_the_same_numbers(parse: Parse) -> None:
    assert parse("paketim nerde acaba") == parse("paketim nerde acaba")


def test_doubt_between_question_and_grievance_about_a_parcel_is_no_reason_to_ask() -> None:
    from bot.nlu.bands import is_confident

    assert is_confident([("track_order", 0.4), ("delivery_delayed", 0.35), ("greet", 0.1)])
    assert not is_confident([("track_order", 0.4), ("return_status", 0.35), ("greet", 0.1)])
    assert not is_confident([("track_order", 0.25), ("delivery_delayed", 0.2), ("greet", 0.2)])


@pytest.mark.parametrize(
    ("text", "wishes"),
    [
        ("slm\nkolay gelsn\nbir sorum olacaktı\nkargo ücreti ne kadar", ["shipping_info"]),
        ("selam\nmerhaba", ["greet"]),
    ],
)
def test_a_question_after_greetings_in_lines_of_their_own(
    parse: Parse, text: str, wishes: list[str]
) -> None:
    assert names(parse(text)) == wishes


def test_a_number_like_a_national_id_is_an_order_only_where_ids_are_masked(parse: Parse) -> None:
    assert values(parse("10000000146 nerede"), "order_number") == []
    assert values(parse("10000000146 nerede", redacted=True), "order_number") == ["10000000146"]
