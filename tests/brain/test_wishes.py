"""Several wishes in one message, and a number put right after the answer, as the worker asks them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from bot.conversations import rasa
from bot.conversations.models import new_uid
from bot.conversations.turns import asking, memory
from bot.nlu.turns import TurnRequest
from tests.brain.talk import Talk
from tests.brain.test_never_swallows import CORRECTIONS
from tests.stack import AYSE, MEHMET

Say = Callable[..., Talk]
Tickets = Callable[[], list[Any]]
QUESTIONS = (
    "Kargo ücreti ne kadar?", "Çalışma saatleriniz nedir?", "İade koşulları nedir?",
    "Taksit seçenekleri neler?",
)
ANSWERS = [
    "utter_shipping_info", "utter_contact_and_hours_open", "utter_return_policy",
    "utter_payment_options",
]  # fmt: skip


class Worker:
    """Asks the brain turn by turn with the worker's own code, and remembers what it wrote."""

    def __init__(self, talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
        self._talk, self.memory = talk, dict[str, Any]()
        self.said: list[str] = []
        self.loop: str | None = None
        monkeypatch.setattr(rasa, "_post", self._post)

    def _post(self, uid: str, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        assert path == "turn" and uid == self._talk.uid
        data = self._talk.brain.run(
            TurnRequest(body["sender"], body["text"], body["new_session"], dict(body["metadata"]))
        )
        self.said += [m["response"] for m in data["messages"] if m.get("response")]
        return data

    def turn(self, text: str) -> list[str]:
        """Answer one message; return the responses said."""
        self.said = []
        found = asking.OpenTurn(
            new_uid(), self._talk.uid, "simulator", "tr", self.memory, (), ({"text": text},)
        )
        answers, pending = asking.ask(self._talk.conversation_id, "tests", found)
        conversation = self._talk.conversation()
        memory.after(conversation, answers, pending)
        self.memory = dict(conversation.memory)
        self.loop = answers[-1].active_loop
        return self.said


@pytest.fixture
def worker(say_as: Say, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Worker]:
    return lambda phone: Worker(say_as(phone), monkeypatch)


def test_four_wishes_are_all_served(worker: Callable[[str], Worker]) -> None:
    talk = worker(MEHMET)
    assert talk.turn("\n".join(QUESTIONS)) == ANSWERS
    assert talk.memory["pending_wishes"] == []


def test_what_waits_for_a_form_is_offered_until_none_is_left(
    worker: Callable[[str], Worker], tickets: Tickets
) -> None:
    talk = worker(MEHMET)
    shipping, hours, _, instalments = QUESTIONS
    talk.turn("\n".join((shipping, "Siparişim kırık geldi.", instalments, hours)))
    assert talk.loop == "case_form"  # what went wrong comes first
    assert len(talk.memory["pending_wishes"]) == 3
    said = []
    for text in ("1026", "yok", "evet", "evet", "evet"):
        said += talk.turn(text)
    assert [t.intent for t in tickets()] == ["damaged_on_arrival"]
    assert said == [
        "utter_ask_photo", "utter_case_opened", "utter_offer_wish", "utter_shipping_info",
        "utter_offer_wish", "utter_payment_options", "utter_offer_wish",
        "utter_contact_and_hours_open",
    ]  # fmt: skip
    assert talk.memory["pending_wishes"] == []


@pytest.mark.parametrize("text", CORRECTIONS)
def test_a_number_put_right_after_the_answer_is_asked_about(
    say_as: Say, tickets: Tickets, text: str
) -> None:
    talk = say_as(AYSE)
    assert "1025" not in talk.say("1024 nerede").text
    said = talk.say(text)
    assert "1025" in said.text and "1024" not in said.text
    assert said.responses == ["utter_order_preparing"]
    assert said.slots["order_number"] == "1025" and said.form is None and not tickets()


def test_a_photo_that_comes_with_the_right_number_is_taken(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(MEHMET)
    talk.say("/damaged_on_arrival")
    talk.say("1026")
    assert talk.say("masanın ayağı kırık").data["requested_slot"] == "case_photo"
    talk.say("pardon 1025", attachments=["image"])
    [ticket] = tickets()
    assert ticket.details["photo"] == "received"
    assert ticket.details["details"] == "masanın ayağı kırık"
    assert ticket.details["order_as_given"] == "1025" and ticket.order_number is None


def test_what_is_told_beside_the_right_number_is_kept(say_as: Say, tickets: Tickets) -> None:
    talk = say_as(MEHMET)
    talk.say("/exchange_request")
    talk.say("1027")
    text = "yok yanlış yazdım 1026, çarşaf küçük geldi"
    talk.say(text)
    [ticket] = tickets()
    assert ticket.order_number == "1026" and ticket.details["details"] == text
