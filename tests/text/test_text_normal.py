"""One key for the many spellings, and text that can not be a command."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import clean, expand_short_forms, fold, harmless, normalise, squeeze, strip_nul


@pytest.mark.parametrize(
    "written", ["SİPARİŞİM", "SIPARISIM", "siparişim", "sıparısım", "Sipari̇şi̇m"]
)
def test_every_spelling_of_a_word_has_one_key(written: str) -> None:
    assert fold(written) == "siparisim"


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("i̇ade", "iade"),
        ("kâğıt mahkûm", "kagit mahkum"),
        ("ÇĞIÖŞÜ çğıöşü", "cgiosu cgiosu"),
        ("150₺", "150tl"),
        ("١٠٢٤ １０２４", "1024 1024"),
        ("Straße ½", "strasse 1/2"),
        ("привет", ""),
    ],
)
def test_fold(written: str, key: str) -> None:
    assert fold(written) == key


@given(st.text())
def test_a_key_is_lower_case_ascii_and_folding_it_again_changes_nothing(text: str) -> None:
    key = fold(text)
    assert key.isascii() and key == key.lower() and fold(key) == key


def test_clean_drops_what_can_not_be_seen_and_keeps_joined_emoji() -> None:
    assert clean("si\u200bpa\u202eriş\u00ad 1024’ün\x00\ufeff") == "sipariş 1024'ün"
    assert clean("👨\u200d👩\u200d👧 a\u200db") == "👨\u200d👩\u200d👧 ab"
    assert clean("s\u0327") == "ş"
    assert clean("bir\niki\tüç") == "bir\niki\tüç"


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


def test_squeeze_leaves_doubled_letters_digits_and_www() -> None:
    assert squeeze("neredeee LÜTFEEEN yaaaa") == "nerede LÜTFEN ya"
    assert squeeze("elli 1000 www.site.com") == "elli 1000 www.site.com"


def test_short_forms_are_written_out_as_whole_words_only() -> None:
    assert expand_short_forms("slm bi sorum var") == "selam bir sorum var"
    assert expand_short_forms("birlik 1024'bi slmx") == "birlik 1024'bi slmx"
    assert expand_short_forms("s.a kolay gelsin") == "selamun aleykum kolay gelsin"
    assert expand_short_forms("as") == "aleykum selam"
    assert expand_short_forms("as soon as possible") == "as soon as possible"


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("SLM   siparişim NRDEEE", "selam siparisim nerede"),
        ("tşk", "tesekkurler"),
        ("kargom nzmn gelir", "kargom ne zaman gelir"),
        ("👍🏽", "emojievet"),
        ("geldi ❤️", "geldi emojisevgi"),
        ("\u200b \n", ""),
    ],
)
def test_normalise(written: str, seen: str) -> None:
    assert normalise(written) == seen


def test_strip_nul_leaves_text_that_can_be_stored() -> None:
    assert strip_nul("a\x00b") == "ab"
    assert strip_nul("\ud83d\ude00 \ud83d") == "😀 \ufffd"


@given(st.text(st.characters()))
def test_stripped_text_can_be_encoded(text: str) -> None:
    stripped = strip_nul(text + "\ud800")
    assert "\x00" not in stripped
    stripped.encode("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "/restart",
        "  \t\n/restart",
        "\u200b\ufeff\u202e/restart",
        "\x00\x1b/restart",
        "\u3164\u2800/restart",
        "///restart",
        "/ /\u200b/restart",
        "／restart",
        "\ufe0f/restart",
    ],
)
def test_a_command_becomes_plain_words(text: str) -> None:
    assert harmless(text) == "restart"


def test_harmless_leaves_other_text_as_it_is() -> None:
    assert harmless("siparişim / iadem\n/son ") == "siparişim / iadem\n/son "
    assert harmless("") == ""
    assert harmless(" // ") == "-"


@given(st.text(st.sampled_from("/ ／\u200b\x00\n\x1f\u2028\xa0⁄\ufeffa1\ud800\u0301👍")))
def test_no_customer_text_begins_with_a_slash_however_it_is_stripped(text: str) -> None:
    safe = harmless(text)
    assert not safe.strip().startswith("/")
    assert not clean(safe).strip().startswith("/")
    assert harmless(safe) == safe
