"""Order and tracking numbers as people write them."""

from __future__ import annotations

import pytest

from bot import db
from bot.aftersales.orders.numbers import ends_tracking, same_number
from bot.aftersales.orders.service import shop_system
from tests.aftersales import factory


@pytest.mark.parametrize(("stored", "written", "same"), [
    ("1024", "1024", True), ("1024", "#1024", True), ("1024", "SIP-1024", True),
    ("SIP-1024", "1024", True), ("SIP-1024", "sip1024", True), ("SİP-1024", "SIP-1024", True),
    ("TR1024", "XX1024", False), ("1024-W", "1024", True), ("0001024", "1024", True),
    ("1024", "10240", False), ("1024", "24", False), ("1024", "", False), ("ABC", "", False),
    ("ABC", "XYZ", False), ("403-1234567-1234567", "403 1234567 1234567", True),
])
def test_one_number_in_many_spellings(stored: str, written: str, same: bool) -> None:
    assert same_number(stored, written) is same


@pytest.mark.parametrize(("stored", "written", "same"), [
    ("123456789012", "123456789012", True), ("123456789012", "789012", True),
    ("123456789012", "89012", False), ("123456789012", "123456", False),
    ("KP00012345678", "kp00012345678", True), ("", "", False), (None, "", False),
    ("12345", "12345", True), ("789012", "123456789012", False),
])
def test_the_end_of_a_tracking_number(stored: str | None, written: str, same: bool) -> None:
    assert ends_tracking(stored, written) is same


def test_which_numbers_the_shop_knows(database: str) -> None:
    with db.write() as session:
        factory.order(session, "10000000146", tracking="KP123456789")  # passes as a national id
        factory.order(session, "SIP-2024111")
        known = shop_system(session).known_numbers(
            ["10000000146", "kp 123456789", "2024111", "10000000278", "", "789"]
        )
    assert known == {"10000000146", "kp 123456789", "2024111"}
