"""Odd and hostile messages: every one gets a valid result, and none is looked at without end."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.nlu.odd import INJECTIONS, LONG, MESSAGES
from bot.nlu import features, identifiers, sentence_vectors, wishes
from bot.text import harmless
from bot.text.reading import LONGEST_READ

Parse = Callable[..., dict[str, Any]]
MOST_ENTITIES = 350  # values and identifiers of one message, and its language
MOST_RANKED = 10  # texts that the classifier is asked about for one message


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count what the costly parts are given: characters folded and encoded, texts ranked."""
    seen: Counter[str] = Counter()

    def counting(module: Any, name: str, count: str) -> None:
        original = getattr(module, name)

        def counted(text: str, *rest: Any) -> Any:
            seen[count] = max(seen[count], len(text))
            seen[f"{count} calls"] += 1
            return original(text, *rest)

        monkeypatch.setattr(module, name, counted)

    identifiers._identifiers.cache_clear()
    sentence_vectors.vector.cache_clear()
    counting(features, "normalise", "features")
    counting(wishes, "normalise", "wishes")
    counting(identifiers, "find_numbers", "numbers")
    encoder = sentence_vectors._cut

    def cut(text: str) -> str:
        given = encoder(text)
        seen["encoded"] = max(seen["encoded"], len(given))
        return given

    monkeypatch.setattr(sentence_vectors, "_cut", cut)
    return seen


@pytest.mark.parametrize("name", MESSAGES)
def test_a_valid_result_and_bounded_work(
    parse: Parse, looked_at: Counter[str], name: str
) -> None:
    text = MESSAGES[name]
    result = parse(text)
    assert result["text"] == text.strip()  # as Rasa takes every message
    assert result["intent"]["name"] and result["intents"][0] == result["intent"]
    assert 1 <= len(result["intents"]) <= wishes.MAX_WISHES
    for entry in (*result["intents"], *result["intent_ranking"]):
        assert 0.0 <= entry["confidence"] <= 1.0 and not math.isnan(entry["confidence"])
    for entity in result["entities"]:
        if "start" in entity:
            assert 0 <= entity["start"] < entity["end"] <= len(text)
    assert len(result["entities"]) <= MOST_ENTITIES
    assert looked_at["features"] <= features.LONGEST + 1
    assert looked_at["wishes"] <= 2 * features.LONGEST
    assert looked_at["features calls"] <= 2 * MOST_RANKED
    assert looked_at["numbers"] <= 2 * identifiers.LONGEST
    assert looked_at["encoded"] <= sentence_vectors.LONGEST + 1
    assert all(e.get("end", 0) <= LONGEST_READ or not text.isascii() for e in result["entities"])


def test_the_long_ones_are_long() -> None:
    lengths = [len(text) for name, text in MESSAGES.items() if name.startswith("long: ")]
    assert min(lengths) > LONG / 2 and max(lengths) <= LONG + 1 and len(lengths) > 50


@pytest.mark.parametrize("text", ["/restart", "/session_start", "////", "/track_order{"])
def test_what_customers_write_is_no_command(parse: Parse, text: str) -> None:
    result = parse(harmless(text))
    assert not result["text"].startswith("/")
    assert result["intent"]["name"] not in ("restart", "session_start")


@pytest.mark.parametrize("text", INJECTIONS.values())
def test_orders_to_the_assistant_fill_no_slots(parse: Parse, text: str) -> None:
    kinds = {entity["entity"] for entity in parse(text)["entities"]}
    assert kinds <= {"language", "remedy_wanted"}
