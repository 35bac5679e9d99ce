"""Not understood: numbered choices, never a shrug; and what a number means afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.looking import choices, clock_of, instant, talk, turns, vague
from tests.stack import Stack


def _number(i: int) -> str:
    return f"+9053811{i:05d}"


def _offered(stack: Stack, phone: str) -> list[str]:
    """Get choices offered; return the commands that they stand for, in their order."""
    reply = stack.ask(vague(stack, 1)[0], phone)
    titles = choices(reply)
    rows = stack.rows(
        "SELECT o.title, o.command FROM open_option o JOIN conversation c ON "
        "c.id = o.conversation_id WHERE c.uid = :u AND o.is_open ORDER BY o.number",
        u=talk(stack, phone).uid,
    )
    assert [title for title, _ in rows] == titles and 2 <= len(titles) <= 3, reply
    for shrug in ("anlayama", "anlamad", "understand"):
        assert shrug not in reply.lower(), reply
    return [command for _, command in rows]


def _asked(stack: Stack, phone: str) -> list[dict[str, Any]]:
    commands: list[dict[str, Any]] = turns(stack, phone)[-1]["commands"]
    return commands


@pytest.mark.parametrize(
    ("who", "answer", "place"),
    [(1, "2", 1), (2, "ikincisi", 1), (3, "2.", 1), (4, "1)", 0), (5, "sonuncusu", -1)],
)
def test_a_number_or_ordinal_chooses(stack: Stack, who: int, answer: str, place: int) -> None:
    phone = _number(who)
    commands = _offered(stack, phone)
    stack.ask(answer, phone)
    assert _asked(stack, phone)[0] == {"text": commands[place], "trusted": True}


def test_the_words_of_a_choice_choose_it(stack: Stack) -> None:
    phone = _number(6)
    reply = stack.ask(vague(stack, 1)[0], phone)
    stack.ask(choices(reply)[0].lower(), phone)
    assert _asked(stack, phone)[0]["trusted"]


def test_a_number_that_was_not_offered_is_only_a_number(stack: Stack) -> None:
    phone = _number(7)
    _offered(stack, phone)
    stack.ask("7", phone)
    assert _asked(stack, phone) == [{"text": "7", "trusted": False}]


def test_an_older_question_captures_no_numbers(stack: Stack) -> None:
    phone = _number(8)
    _offered(stack, phone)
    assert "79,90" in stack.ask("kargo ücreti ne kadar?", phone)
    stack.ask("2", phone)
    assert _asked(stack, phone) == [{"text": "2", "trusted": False}]


def test_choices_that_a_person_settled_capture_no_numbers(stack: Stack) -> None:
    phone = _number(9)
    _offered(stack, phone)
    uid = talk(stack, phone).uid
    for action in ("take", "hand-back"):
        stack.json("conversation", action, uid, "--as", "agent1@example.com")
    stack.ask("2", phone)
    assert _asked(stack, phone) == [{"text": "2", "trusted": False}]


def test_two_misses_in_a_row_lead_to_a_person_with_a_computed_time(stack: Stack) -> None:
    phone = _number(10)
    first, second = vague(stack, 2)
    assert choices(stack.ask(first, phone))
    reply = stack.ask(second, phone)
    now = talk(stack, phone)
    assert (now.state, now.reason) == ("waiting", "rule")
    assert clock_of(now.promised_at) in reply, reply
    [(due,)] = stack.rows(
        "SELECT p.due_at FROM promise p JOIN conversation c ON c.id = p.conversation_id "
        "WHERE c.uid = :u", u=now.uid,
    )
    assert instant(due) == now.promised_at


def test_two_misses_with_an_answer_between_them_are_not_two_in_a_row(stack: Stack) -> None:
    phone = _number(11)
    first, second = vague(stack, 2)
    stack.ask(first, phone)
    assert "79,90" in stack.ask("kargo ücreti ne kadar?", phone)
    assert choices(stack.ask(second, phone))
    assert talk(stack, phone).state == "bot"
