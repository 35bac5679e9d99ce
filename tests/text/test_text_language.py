"""Turkish or English, from a few words."""

from __future__ import annotations

import pytest

from bot.text import detect_language


@pytest.mark.parametrize(
    "text",
    [
        "where is my order?",
        "refund pls",
        "hi",
        "thanks",
        "HELLO",
        "Hİ",
        "order status",
        "i want refund pls item never came",
        "cancel edin order 1025 i changed my mind",
        "hi where is my order 1024, tracking not updating since fri",
        "size chart please",
        "talk to a human",
        "still waiting",
        "I didn't get it",
        "ok thanks",
    ],
)
def test_english(text: str) -> None:
    assert detect_language(text) == "en"


@pytest.mark.parametrize(
    "text",
    [
        "siparisim nerde",
        "tracking no atar misiniz",
        "order status ne",
        "delivery ne zmn",
        "refund'um ne zaman",
        "refundum ne zaman",
        "cancel edin",
        "check eder misiniz",
        "slm",
        "tşk",
        "KARGOM NERDE",
        "iade",
        "yok",
        "1025i iptal edin",
        "sen robotmusun insan mı neler yapabiliyosun",
        "etiketini koparmistim ama giymedim iade aliyormusunuz kac gun hakkim var",
    ],
)
def test_turkish_whatever_was_spoken_before(text: str) -> None:
    assert detect_language(text, default="en") == "tr"


@pytest.mark.parametrize(
    "text", ["", "1024", "👍", "ok", "Ayse Kaya", "https://x.com/where/is/the"]
)
@pytest.mark.parametrize("default", ["tr", "en"])
def test_without_evidence_the_conversation_goes_on_as_before(text: str, default: str) -> None:
    assert detect_language(text, default) == default


def test_a_tie_is_turkish() -> None:
    assert detect_language("iade return iade thanks merhaba hello", default="en") == "tr"
    assert detect_language("merhaba hello", default="en") == "tr"
