"""To a person and back: honest times, a silent bot, one agent at a time."""

from __future__ import annotations

import concurrent.futures
import json
import re
import zlib
from collections.abc import Iterator

import pytest

from tests.stack import Stack

ASK = "temsilciye bağlanmak istiyorum"
A1, A2 = "agent1@example.com", "agent2@example.com"


def _number(i: int) -> str:
    return f"+9053970{i:05d}"


# What the shop's hours (Mon-Fri 09-18, Sat 10-16, eves until 13:00) make of four moments.
MOMENTS = [
    ("2026-11-24T11:00:00+03:00", ("bugün 11:",), "2026-11-24"),
    ("2026-11-24T03:00:00+03:00", ("bugün 09:",), "2026-11-24"),
    ("2027-03-08T12:59:00+03:00", ("12 Mart", "Cuma", "09:"), "2027-03-12"),
    ("2027-03-08T13:01:00+03:00", ("12 Mart", "Cuma", "09:"), "2027-03-12"),
]


@pytest.fixture(scope="module")
def moment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """A shop at a moment in which nobody has written yet."""
    with Stack(tmp_path_factory.mktemp("moment"), clock=request.param) as running:
        yield running


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("moment", "words", "day"), MOMENTS, indirect=["moment"], scope="module")
def test_the_promised_time_is_computed(moment: Stack, words: tuple[str, ...], day: str) -> None:
    phone = _number(1)
    reply = moment.ask(ASK, phone)
    for word in words:
        assert word in reply, reply
    [(state, promised)] = moment.rows(
        "SELECT state, promised_at FROM conversation c JOIN customer u ON u.id = c.customer_id "
        "WHERE u.phone = :p", p=phone
    )
    assert state == "waiting" and str(promised).startswith(day)
    kinds = moment.rows(
        "SELECT p.due_at FROM promise p JOIN conversation c ON c.id = p.conversation_id "
        "JOIN customer u ON u.id = c.customer_id WHERE u.phone = :p", p=phone
    )
    assert kinds and str(kinds[0][0])[:16] == str(promised)[:16]
    waiting = moment.ask("?", phone)
    for word in words:
        assert word in waiting, waiting
    assert "79,90" in moment.ask("kargo ücreti ne kadar", phone)
    assert moment.rows(
        "SELECT count(*) FROM handover h JOIN conversation c ON c.id = h.conversation_id "
        "JOIN customer u ON u.id = c.customer_id WHERE u.phone = :p", p=phone
    )[0][0] == 1


@pytest.mark.timeout(120)
@pytest.mark.parametrize("moment", [MOMENTS[0][0]], indirect=True, scope="module")
def test_the_queue_tells_place_and_computed_wait(moment: Stack) -> None:
    """Six more people come while those of before wait."""
    [[before]] = moment.rows("SELECT count(*) FROM conversation WHERE state = 'waiting'")
    times = []
    for i in range(6):
        reply = moment.ask(ASK, _number(10 + i))
        assert f"Sıranız: {before + i + 1}" in reply, reply
        [(hour, minute)] = re.findall(r"bugün (\d\d):(\d\d)", reply)
        times.append(int(hour) * 60 + int(minute))
    assert times == sorted(times) and times[-1] > times[0], times
    assert f"sıranız {before + 6}" in moment.ask("?", _number(15))


@pytest.fixture
def waiting(stack: Stack, request: pytest.FixtureRequest) -> tuple[str, str]:
    """A customer who waits for a person: (phone, conversation id)."""
    phone = _number(100 + zlib.crc32(request.node.name.encode()) % 90000)
    stack.ask(ASK, phone)
    [(uid,)] = stack.rows(
        "SELECT c.uid FROM conversation c JOIN customer u ON u.id = c.customer_id "
        "WHERE u.phone = :p", p=phone
    )
    return phone, uid


def test_silent_while_an_agent_has_it_and_back_after(
    stack: Stack, waiting: tuple[str, str]
) -> None:
    phone, uid = waiting
    listed = stack.json("conversation", "list", "--as", A1)
    assert uid in json.dumps(listed)
    stack.json("conversation", "take", uid, "--as", A1)
    stack.fake.inbound("kargo ücreti ne kadar?", phone)
    assert stack.quiet(phone, 3.0), "the bot talked over an agent"
    before = len(stack.fake.sent(phone))
    stack.json("conversation", "reply", uid, "Merhaba, ben bakıyorum.", "--as", A1)
    sent = stack.fake.wait_for(phone, before + 1)
    assert sent[-1].body == "Merhaba, ben bakıyorum."
    stack.json("conversation", "hand-back", uid, "--as", A1)
    assert "79,90" in stack.ask("kargo ücreti ne kadar?", phone)


def test_of_two_claims_at_once_one_wins_and_the_other_is_told(
    stack: Stack, waiting: tuple[str, str]
) -> None:
    _, uid = waiting
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        done = list(
            pool.map(
                lambda who: stack.command("conversation", "take", uid, "--as", who, "--json"),
                (A1, A2),
            )
        )
    winners = [d for d in done if d.returncode == 0]
    losers = [d for d in done if d.returncode != 0]
    assert len(winners) == 1 and len(losers) == 1
    holder = stack.rows(
        "SELECT u.name FROM conversation c JOIN \"user\" u ON u.id = c.agent_id WHERE c.uid = :u",
        u=uid,
    )[0][0]
    assert holder in losers[0].stderr + losers[0].stdout


def test_others_may_not_answer_or_give_back(stack: Stack, waiting: tuple[str, str]) -> None:
    _, uid = waiting
    stack.json("conversation", "take", uid, "--as", A1)
    for arguments in (("reply", uid, "selam"), ("hand-back", uid)):
        assert stack.command("conversation", *arguments, "--as", A2).returncode != 0
