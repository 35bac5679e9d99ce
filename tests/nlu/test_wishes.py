"""Which wishes a message is taken for, and in which order, by a judge whose opinion is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from bot.nlu.cuts import Cut
from bot.nlu.urgency import URGENCY, by_urgency
from bot.nlu.wishes import PLEASANTRIES, Ranking, understand

INTENTS = set(yaml.safe_load(Path("domain.yml").read_text())["intents"])


class Judge:
    """Takes the first word of a sentence for its intent; a message falls apart at its full stops.

    Of several sentences the first is believed most. `sure` gives confidences other than the usual.
    """

    def __init__(self, **sure: float) -> None:
        self._sure = sure

    def rank(self, texts: Sequence[str]) -> list[Ranking]:
        return [self._of(text.strip(" .")) for text in texts]

    def _of(self, text: str) -> Ranking:
        names = [part.split(" ")[0].replace("-", "_") for part in text.split(". ")]
        if len(names) > 1:
            return [(names[0], 0.8), (names[1], 0.15), ("greet", 0.05)]
        share = self._sure.get(names[0], 0.97)
        return [(names[0], share), ("greet", round(1 - share, 3))]

    def cut(self, text: str) -> Cut | None:
        first, _, second = text.partition(". ")
        return Cut(first, second, "further", 0.97) if second else None


def message(*intents: str) -> str:
    rest = "konusunda bana bugün içinde bir cevap verebilir misiniz acaba"
    return ". ".join(f"{intent.replace('_', '-')} {rest}" for intent in intents)


def served(judge: Judge, *intents: str) -> list[str]:
    return [name for name, _ in understand(message(*intents), judge).wishes]


@pytest.mark.parametrize(
    ("told", "wishes"),
    [
        (("track_order", "delivery_change"), ["delivery_change", "track_order"]),
        (("shipping_info", "legal_escalation"), ["legal_escalation", "shipping_info"]),
        (("damaged_on_arrival", "charge_dispute"), ["charge_dispute", "damaged_on_arrival"]),
        (("data_deletion_request", "refund_status"), ["refund_status", "data_deletion_request"]),
        (("suggestion", "stock_availability"), ["stock_availability", "suggestion"]),
        # Equally urgent: as they stand in the message.
        (("usage_help", "shipping_info"), ["usage_help", "shipping_info"]),
        (("shipping_info", "usage_help"), ["shipping_info", "usage_help"]),
        (("invoice_request", "cancel_order", "account_help", "talk_to_human"),
         ["talk_to_human", "cancel_order", "invoice_request", "account_help"]),
        (("track_order", "payment_options", "track_order"), ["track_order", "payment_options"]),
    ],
)  # fmt: skip
def test_wishes_are_served_by_urgency(told: tuple[str, ...], wishes: list[str]) -> None:
    assert served(Judge(), *told) == wishes


def test_the_ranking_is_that_of_the_wish_served_first() -> None:
    found = understand(message("usage_help", "cancel_order"), Judge())
    assert found.ranking[0] == found.wishes[0] == ("cancel_order", 0.97)


def test_lines_among_greetings_are_served_by_urgency_too() -> None:
    text = "merhaba\n" + message("usage_help") + "\n" + message("cancel_order")

    class Lines(Judge):
        def _of(self, text: str) -> Ranking:
            return super()._of(text) if text.count("cevap") == 1 else [("greet", 0.9)]

        def cut(self, text: str) -> None:
            return None

    assert [name for name, _ in understand(text, Lines()).wishes] == ["cancel_order", "usage_help"]


@pytest.mark.parametrize("doubted", ["cancel_order", "usage_help"])
def test_a_part_that_would_not_be_believed_alone_is_no_wish(doubted: str) -> None:
    judge = Judge(**{doubted: 0.45})
    # Then the message is what it is as a whole.
    assert served(judge, "cancel_order", "usage_help") == ["cancel_order"]


def test_one_doubtful_part_of_three_leaves_the_others() -> None:
    judge = Judge(care_advice=0.45)
    assert served(judge, "cancel_order", "usage_help", "care_advice") == [
        "cancel_order", "usage_help",
    ]  # fmt: skip


def test_every_intent_that_can_be_one_of_several_has_its_urgency() -> None:
    technical = {"nlu_fallback", *(name for name in INTENTS if name.startswith("do_"))}
    assert set(URGENCY) == INTENTS - PLEASANTRIES - technical


def test_what_the_table_does_not_know_comes_last() -> None:
    assert by_urgency([("new", 1), ("abuse", 2), ("cancel_order", 3)]) == [
        ("cancel_order", 3), ("abuse", 2), ("new", 1),
    ]  # fmt: skip
