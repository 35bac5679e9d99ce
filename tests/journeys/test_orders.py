"""Where is my order: facts for its owner, nothing for anybody else."""

from __future__ import annotations

import datetime as dt
import re

from tests.stack import AYSE, ELIF, JOHN, MEHMET, Stack

MONTHS_TR = (
    "Ocak", "Şubat", "Mart", "Nisan", "Mayıs", "Haziran", "Temmuz", "Ağustos", "Eylül", "Ekim",
    "Kasım", "Aralık",
)
DAYS_TR = "Pazartesi|Salı|Çarşamba|Perşembe|Cuma|Cumartesi|Pazar"


def test_owner_hears_state_carrier_scan_window_and_second_order(stack: Stack) -> None:
    """'siparişim nerede' from the buyer's phone; one reply, first contact line once."""
    reply = stack.ask("siparişim nerede", AYSE)
    assert "1024" in reply and "Yurtiçi Kargo" in reply
    assert "Ankara transfer merkezi" in reply and "18:40" in reply
    [(first, last)] = stack.rows(
        "SELECT s.estimate_from, s.estimate_to FROM shipment s JOIN \"order\" o ON o.id = s.order_id "
        "WHERE o.number = '1024'"
    )
    for day in (dt.date.fromisoformat(str(first)), dt.date.fromisoformat(str(last))):
        weekday = DAYS_TR.split("|")[day.weekday()]
        assert f"{day.day} {MONTHS_TR[day.month - 1]} {weekday}" in reply, reply
    assert "1025" in reply and "hazırlan" in reply
    assert "dijital asistan" in reply.lower()
    again = stack.ask("siparişim nerede acaba", AYSE)
    assert "dijital asistan" not in again.lower() and "1024" in again
    assert stack.quiet(AYSE, 1.0)


def test_bare_order_number_answers_in_one_turn(stack: Stack) -> None:
    """'1024' alone from the buyer's own phone returns the state in one turn."""
    reply = stack.ask("1024", AYSE)
    assert "1024" in reply and "Yurtiçi" in reply and "Ankara transfer merkezi" in reply


def test_english_customer_gets_english(stack: Stack) -> None:
    reply = stack.ask("where is my order?", JOHN)
    assert "1030" in reply and "delivered" in reply.lower()
    assert not re.search(DAYS_TR, reply)
    assert "assistant" in reply.lower()


def test_stranger_learns_nothing_not_even_existence(stack: Stack) -> None:
    """From Mehmet's phone: Ayşe's order and a number that does not exist sound the same."""
    existing = stack.ask("1024 nerede", MEHMET)
    missing = stack.ask("88817 nerede", MEHMET)
    for reply in (existing, missing):
        for secret in ("Ayşe", "Kaya", "Yurtiçi", "Ankara", "Barista", "8.499", "123456789012"):
            assert secret not in reply, reply
    strip = re.compile(r"\d{4,6}")
    first_line_gone = existing.split("\n\n", 1)[1] if "dijital" in existing.lower() else existing
    assert strip.sub("#", first_line_gone) == strip.sub("#", missing)
    assert "siparişteki telefon" in missing and "takip numara" in missing
    assert "arkadaşımız" in missing, "a person's help must be offered"


def test_stuck_parcel_is_told_as_it_is(stack: Stack) -> None:
    """Order 1028 has not been scanned for days: the fact and the next update, no invented date."""
    reply = stack.ask("1028 nolu siparişim gecikti, nerede kaldı?", ELIF)
    assert "1028" in reply and "Aras" in reply
    promised = stack.rows(
        "SELECT p.kind, p.due_at, p.basis FROM promise p JOIN conversation c ON c.id = "
        "p.conversation_id JOIN customer u ON u.id = c.customer_id WHERE u.phone = :p", p=ELIF
    )
    assert promised, "a time was said without a promise row"
