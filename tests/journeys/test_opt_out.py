"""Refusing advertising: caught before anything is understood, kept as proof, obeyed at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.text import fold
from tests.journeys.looking import order_of, talk, turns, wait_until
from tests.stack import ROOT, Stack

OFFER = "Bahar kampanyası: kahve makinelerinde indirim."
# Campaigns have no door of their own yet: what one will do, put an offer into the outbox.
QUEUE_AN_OFFER = """
import sys
import sqlalchemy as sa
from bot import db, jobs, wiring
from bot.conversations.models import Conversation
from bot.conversations.states import Author, Purpose
from bot.gateway.outbox import queue
from bot.shop.models import ShopSetting
wiring.wire("command")
with db.write() as session:
    # Whatever the hour of this run is: it is one in which offers may leave.
    session.merge(ShopSetting(key="quiet_hours", value={"marketing": ["00:00", "23:59"]}))
    found = session.scalars(sa.select(Conversation).where(Conversation.uid == sys.argv[1])).one()
    queue.put(session, found, [queue.Draft(sys.argv[2])], purpose=Purpose.MARKETING,
              author=Author.SYSTEM)
jobs.enqueue(jobs.SEND, found.id)
"""


def _number(i: int) -> str:
    return f"+9053812{i:05d}"


def _consents(stack: Stack, phone: str) -> list[Any]:
    return stack.rows(
        "SELECT e.given, e.purpose, e.channel, e.proof FROM consent_entry e JOIN identity i ON "
        "i.id = e.identity_id WHERE i.address = :a ORDER BY e.id", a=phone,
    )


def _offer(stack: Stack, phone: str) -> tuple[str, str]:
    """Put an offer into the outbox; return its state and reason once it is settled."""
    subprocess.run(
        [sys.executable, "-c", QUEUE_AN_OFFER, talk(stack, phone).uid, OFFER], cwd=ROOT,
        env=stack.environment(), check=True, timeout=60,
    )

    def last() -> tuple[str, str]:
        [row] = stack.rows(
            "SELECT m.state, m.error_text FROM message m JOIN identity i ON i.id = m.identity_id "
            "WHERE i.address = :a AND m.purpose = 'marketing' ORDER BY m.id DESC LIMIT 1", a=phone,
        )
        return row[0], row[1] or ""

    wait_until(lambda: last()[0] not in ("queued", "sending"), 15, "the offer stays in the outbox")
    return last()


@pytest.mark.parametrize(("who", "text"), [(1, "RET"), (2, "mesaj atmayın"), (3, "B002 RET")])
def test_a_refusal_is_caught_before_it_is_understood(stack: Stack, who: int, text: str) -> None:
    phone = _number(who)
    reply = stack.ask(text, phone)
    assert "durdurdum" in reply, reply
    [turn] = turns(stack, phone)
    assert turn["commands"] == [] and turn["result"] is None, "the brain was asked"
    [(uid,)] = stack.rows(
        "SELECT m.uid FROM message m JOIN identity i ON i.id = m.identity_id WHERE "
        "i.address = :a AND m.direction = 'in'", a=phone,
    )
    assert [tuple(e) for e in _consents(stack, phone)] == [
        (False, "marketing", "twilio_whatsapp", uid)
    ]
    assert "79,90" in stack.ask("kargo ücreti ne kadar?", phone), "answers go on"


def test_offers_go_to_who_agreed_and_never_after_a_refusal(stack: Stack) -> None:
    phone = _number(4)
    stack.ask("kargo ücreti ne kadar?", phone)
    assert _offer(stack, phone)[0] == "not_sent", "nobody agreed to anything yet"
    stack.ask("kampanyalardan haberdar olmak istiyorum, bana da mesaj gönderin", phone)
    stack.ask("evet", phone)
    assert _consents(stack, phone)[-1][0], "the yes to the full text is the consent"
    assert _offer(stack, phone)[0] in ("sent", "delivered", "read")
    assert stack.fake.sent(phone)[-1].body == OFFER
    # Right after a campaign "iptal" means its messages, see the other test for after an order.
    assert "durdurdum" in stack.ask("İPTAL", phone)
    assert not _consents(stack, phone)[-1][0]
    state, reason = _offer(stack, phone)
    assert state == "not_sent" and "consent" in reason
    assert [m.body for m in stack.fake.sent(phone)].count(OFFER) == 1


def test_cancel_after_an_order_is_about_the_order(stack: Stack, tmp_path: Path) -> None:
    phone = _number(5)
    order_of(stack, tmp_path, phone, "73125", "Çaydanlık")
    assert "Çaydanlık" in stack.ask("siparişim nerede", phone)
    reply = stack.ask("İPTAL", phone)
    assert "73125" in reply and "iptal" in fold(reply) and "durdurdum" not in reply, reply
    assert _consents(stack, phone) == []
