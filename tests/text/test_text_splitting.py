"""Long texts cut to what a channel takes, losing nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import split_message

FAMILY = "👨\u200d👩\u200d👧"


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def test_short_text_is_one_part_and_blank_text_none() -> None:
    assert split_message("Merhaba", 1600) == ["Merhaba"]
    assert split_message(" \n ", 10) == []


def test_paragraph_before_line_before_sentence_before_word() -> None:
    assert split_message("Bir iki üç.\n\nDört. Beş\naltı yedi", 24) == [
        "Bir iki üç.",
        "Dört. Beş\naltı yedi",
    ]
    assert split_message("Bir iki. Üç\ndört beş altı yedi", 20) == [
        "Bir iki. Üç",
        "dört beş altı yedi",
    ]
    assert split_message("Bir iki üç. Dört beş altı", 20) == ["Bir iki üç.", "Dört beş altı"]
    assert split_message("bir iki üç dört beş", 12) == ["bir iki üç", "dört beş"]


def test_a_full_stop_after_a_number_ends_no_sentence() -> None:
    assert split_message("Bugün siparişin 24. günü oldu", 24) == [
        "Bugün siparişin 24. günü",
        "oldu",
    ]
    assert split_message("Bugün siparişin 24. günü oldu", 21) == [
        "Bugün siparişin 24.",
        "günü oldu",
    ]


def test_a_short_greeting_is_not_sent_alone() -> None:
    text = "Selam.\n\n" + "kelime " * 12
    assert split_message(text, 60)[0].startswith("Selam.\n\nkelime")


def test_url_and_emoji_stay_whole() -> None:
    url = "https://example.com/takip/12345"
    assert url in split_message(f"buradan bakın: {url} lütfen", 32)
    assert split_message("a" * 8 + url, 32) == ["a" * 8, url]
    for limit in range(5, 14):
        for part in split_message(FAMILY * 4 + "🇹🇷" * 5 + "👍🏽" * 3, limit):
            assert not part.startswith(("\u200d", "🏽")) and not part.endswith("\u200d")
            assert (len(part.replace(FAMILY, "").replace("👍🏽", ""))) % 2 == 0


def test_limits_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="limit"):
        split_message("a", 0)
    with pytest.raises(ValueError, match="limit"):
        split_message("👍", 1, utf16=True)


MESSY = st.text(st.sampled_from("ab.!? \n,👍\u200d🏽🇹ş\u03011"))


@given(MESSY | st.text(), st.integers(2, 40), st.booleans())
def test_parts_fit_and_rejoin(text: str, limit: int, utf16: bool) -> None:
    parts = split_message(text, limit, utf16=utf16)
    assert "".join("".join(parts).split()) == "".join(text.split())
    for part in parts:
        assert part == part.strip() != ""
        assert (utf16_length(part) if utf16 else len(part)) <= limit
