"""Which bubbles make one turn, and how long the rest of a thought is waited for."""

from __future__ import annotations

import pytest

from bot.conversations.models import Message
from bot.conversations.turns import gather


def _message(text: str, at: float = 100.0, kind: str = "text") -> Message:
    return Message(text=text, kind=kind, arrived_real=at, attributes={})


@pytest.mark.parametrize(
    "text", ["slm", "Merhaba", "kolay gelsin", "selamun aleyküm", "bi sorum olcaktı", "hi there",
             "iyi günler", "siparişim"],
)
def test_openings_wait_for_more(text: str) -> None:
    assert gather.pause_after(_message(text)) == gather.OPENING_PAUSE


@pytest.mark.parametrize(
    "text", ["siparişim nerede", "1024", "kargo ücreti ne kadar?", "merhaba siparişim gelmedi",
             "T-20931", "👍", "?", "iade etmek istiyorum", "hello, where is my order"],
)
def test_whole_wishes_do_not_wait(text: str) -> None:
    assert gather.pause_after(_message(text)) == 0.0


def test_a_photo_without_words_waits_longer_than_one_with() -> None:
    assert gather.pause_after(_message("", kind="media")) == gather.PHOTO_PAUSE
    assert gather.pause_after(_message("kırık geldi bu", kind="media")) == 0.0


def test_a_turn_ends_with_the_first_whole_message() -> None:
    messages = [_message(t) for t in ("slm", "siparişim nerede", "merhaba", "iade kaç gün?")]
    assert gather.next_turn(messages) == messages[:2]
    assert gather.next_turn(messages[2:]) == messages[2:]
    assert gather.next_turn(messages, join_all=True) == messages


def test_copies_belong_to_the_same_turn_and_are_said_once() -> None:
    messages = [_message("Kargom nerede"), _message("kargom nerede"), _message("iade kaç gün?")]
    taken = gather.next_turn(messages)
    assert taken == messages[:2]
    assert gather.text_of(taken) == "Kargom nerede"


def test_each_new_bubble_starts_the_pause_again_but_not_for_ever() -> None:
    messages = [_message("slm", at=100.0), _message("kolay gelsin", at=101.0)]
    assert gather.due_at(messages) == pytest.approx(102.2)
    many = [_message("slm", at=100.0 + i) for i in range(6)]
    assert gather.due_at(many) == pytest.approx(105.0)
    assert gather.due_at([*messages, _message("1024", at=101.5)]) == 0.0


def test_one_word_is_an_answer_when_we_asked() -> None:
    assert gather.pause_after(_message("evet")) == gather.OPENING_PAUSE
    assert gather.pause_after(_message("evet"), asked=True) == 0.0
    assert gather.pause_after(_message("merhaba"), asked=True) == gather.OPENING_PAUSE
