"""The desk by command: what the pages do, for scripts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask

from bot import cli
from bot.conversations.states import Author, Handling
from tests import databases
from tests.console import stage
from tests.console.stage import AYSE, DENIZ, ECE


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]], str]:
    """Run a command as its user; return its status, its JSON lines and its complaint."""
    status = cli.main([*words, "--json"])
    told = capsys.readouterr()
    return status, [json.loads(line) for line in told.out.splitlines()], told.err


@pytest.fixture(autouse=True)
def chat(app: Flask) -> None:
    """A customer who has written."""
    stage.customer_writes(AYSE, "merhaba")


@pytest.mark.parametrize("make_app", databases.KINDS, indirect=True)
def test_a_ticket_is_listed_shown_and_solved_once(capsys: pytest.CaptureFixture[str]) -> None:
    number = stage.ticket(AYSE, details={"phone": "+905321112233"})
    status, rows, _ = run(capsys, "ticket", "list", "--as", DENIZ)
    assert status == 0 and number in [row["number"] for row in rows]
    [shown] = run(capsys, "ticket", "show", number, "--as", DENIZ)[1]
    assert shown["details"] == {"phone": "+905321112233"} and shown["customer"] == "Ayşe Kaya"
    assert (shown["state"], shown["conversation"]) == ("open", stage.uid_of(AYSE))
    [solved] = run(capsys, "ticket", "solve", number, "--as", DENIZ)[1]
    assert solved["state"] == "solved" and solved["solved_at"]
    status, _, error = run(capsys, "ticket", "solve", number, "--as", ECE)
    assert status == 1 and "is solved already" in error
    rows = run(capsys, "ticket", "list", "--state", "solved", "--as", DENIZ)[1]
    assert number in [row["number"] for row in rows]


def test_only_people_of_the_desk_work_on_tickets(capsys: pytest.CaptureFixture[str]) -> None:
    number = stage.ticket(AYSE)
    for words in (("list",), ("show", number), ("solve", number)):
        status, rows, error = run(capsys, "ticket", *words, "--as", "stranger@example.com")
        assert status == 1 and rows == [] and "no active user" in error
    status, _, error = run(capsys, "ticket", "show", "T-99999", "--as", DENIZ)
    assert status == 1 and "there is no ticket T-99999" in error


@pytest.mark.parametrize(("flags", "state"), [((), "open"), (("--solve-tickets",), "solved")])
def test_a_resolution_solves_the_cases_tickets_when_asked(
    capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], state: str
) -> None:
    number, uid = stage.ticket(AYSE), stage.uid_of(AYSE)
    run(capsys, "conversation", "take", uid, "--as", DENIZ)
    [found] = run(capsys, "conversation", "resolve", uid, *flags, "--as", DENIZ)[1]
    assert found["state"] == "resolved"
    [ticket] = run(capsys, "ticket", "show", number, "--as", DENIZ)[1]
    assert ticket["state"] == state


@pytest.mark.parametrize("make_app", databases.KINDS, indirect=True)
def test_a_chat_is_put_back_by_its_agent_and_the_customer_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    uid = stage.uid_of(AYSE)
    run(capsys, "conversation", "take", uid, "--as", DENIZ)
    assert run(capsys, "conversation", "leave", uid, "--as", ECE)[0] == 1
    [found] = run(capsys, "conversation", "leave", uid, "--as", DENIZ)[1]
    assert (found["state"], found["wait_reason"]) == ("waiting", "agent_left")
    assert found["promised_at"] and stage.state_of(AYSE) is Handling.WAITING
    [line] = stage.sent_texts(AYSE, Author.SYSTEM)
    assert "sırasına aldık" in line
