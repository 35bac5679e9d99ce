"""25 hours after the customer's last message it is a template or nothing."""

from __future__ import annotations

import time

import pytest

from tests.stack import JOHN, Stack

PHONE = "+905393000001"


@pytest.mark.timeout(300)
def test_after_25_hours_a_template_or_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("window")
    stack = Stack(folder, clock="2026-11-24T11:00:00+03:00")
    with stack:
        stack.ask("temsilciye bağlanmak istiyorum", PHONE)
        stack.ask("I want to talk to a human", JOHN)
    stack.clock = "2026-11-25T12:05:00+03:00"
    with stack:
        [(uid,)] = stack.rows(
            "SELECT c.uid FROM conversation c JOIN customer u ON u.id = c.customer_id "
            "WHERE u.phone = :p", p=PHONE
        )
        stack.json("conversation", "take", uid, "--as", "agent1@example.com")
        before = len(stack.fake.sent(PHONE))
        stack.json("conversation", "reply", uid, "Dün yazdığınız için dönüyorum.", "--as",
                   "agent1@example.com")
        _settled(stack, uid)
        sent = stack.fake.sent(PHONE)[before:]
        state, error, template = _last(stack, uid)
        if sent:
            assert all(m.content_sid for m in sent) and template
        else:
            assert state == "not_sent" and "24" in error
        assert not any(m.body == "Dün yazdığınız için dönüyorum." and not m.content_sid for m in sent)
        # The customer writes again: the window is open, free text goes.
        stack.fake.inbound("buradayım", PHONE)
        time.sleep(1)
        stack.json("conversation", "reply", uid, "Buyurun.", "--as", "agent1@example.com")
        sent = stack.fake.wait_for(PHONE, before + len(sent) + 1)
        assert sent[-1].body == "Buyurun." and not sent[-1].content_sid


def _last(stack: Stack, uid: str) -> tuple[str, str, str | None]:
    row = stack.rows(
        "SELECT m.state, m.error_text, m.template FROM message m JOIN conversation c ON c.id = "
        "m.conversation_id WHERE c.uid = :u AND m.direction = 'out' ORDER BY m.id DESC LIMIT 1",
        u=uid,
    )[0]
    return row[0], row[1] or "", row[2]


def _settled(stack: Stack, uid: str) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and _last(stack, uid)[0] in ("queued", "sending"):
        time.sleep(0.1)
