"""Small decisions of the actions: hours in a sentence, danger, values in a template."""

from __future__ import annotations

import datetime as dt

import pytest
from rasa.core.nlg.interpolator import interpolate_text

from actions.base import Choice, _harmless
from actions.contact import masked
from actions.memory import left_case
from actions.safety import is_dangerous
from actions.wanted_time import wanted_time

ZONE = "Europe/Istanbul"
NOW = dt.datetime.fromisoformat("2026-11-24T11:00:00+03:00")  # a Tuesday


@pytest.mark.parametrize(("text", "wanted"), [
    ("17:30dan sonra arasanız olur mu 0532 123 45 67", "2026-11-24T17:30"),
    ("yarın öğleden sonra arar mısınız", "2026-11-25T14:00"),
    ("beni saat 3te arayın", "2026-11-24T15:00"),
    ("5 buçuk gibi", "2026-11-24T17:30"),
    ("cumartesi sabah 10da", "2026-11-28T10:00"),
    ("salı günü", "2026-12-01T09:00"),
    ("sabah 9da arayın", "2026-11-25T09:00"),
    ("please call me tomorrow at 3 pm", "2026-11-25T15:00"),
    ("after 5 please", "2026-11-24T17:00"),
    ("öbür gün", "2026-11-26T09:00"),
])
def test_a_wanted_hour_is_read(text: str, wanted: str) -> None:
    found = wanted_time(text, NOW, ZONE)
    assert found is not None and found.isoformat()[:16] == wanted


@pytest.mark.parametrize("text", [
    "beni arayın", "0532 123 45 67", "3 gündür bekliyorum arayın", "2 kere aradım ulaşamadım",
    "bugün sabah 9da",
])
def test_what_names_no_hour_ahead_is_no_wish(text: str) -> None:
    assert wanted_time(text, NOW, ZONE) is None


@pytest.mark.parametrize("text", [
    "fişe taktım DUMAN çıktı", "elektrik çarptı", "kablo eridi", "gaz kokusu var", "pil şişti",
    "çocuğum parçasını yuttu", "there is smoke", "it caught fire", "I got an electric shock",
    "sparks came out", "it smells like burning", "elim yandı",
])
def test_danger_is_heard(text: str) -> None:
    assert is_dangerous(text)


@pytest.mark.parametrize("text", [
    "kırmızı ışık yandı", "dumanlı gri renk var mı", "patlamış mısır makinesi", "fire tv stick",
    "lamba yanmıyor", "", None,
])
def test_what_only_sounds_like_danger_is_not(text: str | None) -> None:
    assert not is_dangerous(text)


@pytest.mark.parametrize("hostile", ["{phone}", "0[phone]", "{0[phone]}", "{{phone}}", "a{b"])
def test_a_value_can_not_name_another_variable(hostile: str) -> None:
    filled = interpolate_text("Kayıt: {x}", {"x": _harmless(hostile), "phone": "+90532"})
    assert "+90532" not in filled and "Kayıt:" in filled


def test_a_title_is_cut_to_what_a_button_holds() -> None:
    assert Choice("1026 Keten nevresim takımı", "/x").as_data()["title"] == "1026 Keten nevresim…"
    assert Choice("Evet", "/affirm").as_data() == {"title": "Evet", "payload": "/affirm"}


def test_a_phone_is_shown_with_its_middle_hidden() -> None:
    assert masked("+905321234567") == "0532 *** ** 67"
    shown = masked("+447700900123")
    assert shown.startswith("+44") and shown.endswith("23")
    assert "700900" not in shown.replace(" ", "")


def test_memory_gives_back_only_a_fresh_case() -> None:
    memory = {
        "active_loop": "case_form", "saved_at": "2026-11-20T11:00:00+03:00",
        "slots": {"case_intent": "return_request", "case_order": "1026", "order_number": "1"},
    }
    left = left_case(memory, NOW)
    assert left is not None and left["slots"]["case_order"] == "1026" and left["ask"]
    assert left_case({**memory, "saved_at": "2026-11-10T11:00:00+03:00"}, NOW) is None
    assert left_case({**memory, "active_loop": None}, NOW) is None
    assert left_case({**memory, "slots": {"case_intent": "no_such_case"}}, NOW) is None
    assert left_case({}, NOW) is None
