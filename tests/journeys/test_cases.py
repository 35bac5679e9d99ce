"""Every inbound message makes or joins a case with a number."""

from __future__ import annotations

import concurrent.futures
import json
import secrets
import time

import pytest
import requests

from tests.stack import Stack


@pytest.mark.timeout(180)
def test_a_thousand_messages_are_found_in_cases(stack: Stack) -> None:
    """1,000 messages of 250 people, a fifth through the simulator: each is in a numbered case."""
    simulate = stack.simulator()
    sids = [f"SM{secrets.token_hex(16)}" for _ in range(1000)]
    texts = ["kargo ücreti ne kadar?", "iade süresi kaç gün?", "teşekkürler", "👍"]

    def send(i: int) -> int:
        phone = f"+9053920{i % 250:05d}"
        if i % 5 == 0:
            sids[i] = simulate(phone, texts[i % 4])
            return 200
        return stack.fake.inbound(texts[i % 4], phone, MessageSid=sids[i]).status_code

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert set(pool.map(send, range(1000))) == {200}
    done = stack.command("export", "messages", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    cases = {m["provider_id"]: m["case"] for m in lines if m["direction"] == "in"}
    found = [sid for sid in sids if (cases.get(sid) or "").startswith("V-")]
    assert len(found) == 1000
    deadline = time.monotonic() + 120
    open_rows = (
        "SELECT count(*) FROM message m JOIN identity i ON i.id = m.identity_id WHERE "
        "i.address LIKE '+9053920%' AND m.direction = 'in' AND m.state = 'received'"
    )
    while stack.rows(open_rows)[0][0] and time.monotonic() < deadline:
        time.sleep(0.5)
    assert stack.rows(open_rows)[0][0] == 0, "somebody was left without an answer"


def test_a_new_message_after_a_resolved_case_opens_another(stack: Stack) -> None:
    phone = "+905391000001"
    stack.ask("temsilciye bağlanmak istiyorum", phone)
    [(uid,)] = stack.rows(
        "SELECT c.uid FROM conversation c JOIN customer u ON u.id = c.customer_id "
        "WHERE u.phone = :p", p=phone
    )
    stack.json("conversation", "take", uid, "--as", "agent1@example.com")
    stack.json("conversation", "resolve", uid, "--as", "agent1@example.com")
    assert "79,90" in stack.ask("kargo ücreti ne kadar?", phone)
    cases = stack.rows(
        "SELECT k.closed_by FROM \"case\" k JOIN conversation c ON c.id = k.conversation_id "
        "WHERE c.uid = :u ORDER BY k.id", u=uid
    )
    assert [c[0] for c in cases] == ["agent", None]


def test_console_needs_a_log_in(stack: Stack) -> None:
    answer = requests.get(f"{stack.url}/console/", timeout=5, allow_redirects=False)
    assert answer.status_code in (302, 303, 401)
