"""The same product on PostgreSQL: DATABASE_URL is all that differs."""

from __future__ import annotations

import json
import tempfile

import pgserver
import pytest

from tests.journeys.looking import clock_of, talk
from tests.stack import AYSE, Stack

AGENT = "agent1@example.com"


@pytest.mark.timeout(180)
def test_orders_hand_over_and_export_on_postgresql(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    server = pgserver.get_server(tempfile.mkdtemp(prefix="destek-pg-"), cleanup_mode="delete")
    try:
        server.psql("CREATE DATABASE destek")
        url = str(server.get_uri(database="destek"))
        folder = tmp_path_factory.mktemp("postgresql")
        with Stack(folder, environment={"DATABASE_URL": url}) as stack:
            _journey(stack)
            assert not list((folder / "var").glob("destek.sqlite3*"))
    finally:
        server.cleanup()


def _journey(stack: Stack) -> None:
    reply = stack.ask("siparişim nerede", AYSE)
    assert "1024" in reply and "Yurtiçi Kargo" in reply and "1025" in reply
    reply = stack.ask("temsilciye bağlanmak istiyorum", AYSE)
    now = talk(stack, AYSE)
    assert now.state == "waiting" and clock_of(now.promised_at) in reply
    stack.json("conversation", "take", now.uid, "--as", AGENT)
    assert stack.command("conversation", "take", now.uid, "--as", "agent2@example.com").returncode
    stack.json("conversation", "reply", now.uid, "Merhaba, ben bakıyorum.", "--as", AGENT)
    assert stack.fake.wait_for(AYSE, 3)[-1].body == "Merhaba, ben bakıyorum."
    stack.json("conversation", "hand-back", now.uid, "--as", AGENT)
    assert "79,90" in stack.ask("kargo ücreti ne kadar?", AYSE)
    stack.fake.callbacks.wait()
    done = stack.command("export", "messages", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [m["text"] for m in lines if m["direction"] == "in"] == [
        "siparişim nerede", "temsilciye bağlanmak istiyorum", "kargo ücreti ne kadar?",
    ]
    out = [m for m in lines if m["direction"] == "out"]
    assert [m["text"] for m in out] == [m.body for m in stack.fake.sent(AYSE)]
    assert {m["state"] for m in out} == {"delivered"} and all(m["case"] for m in lines)
