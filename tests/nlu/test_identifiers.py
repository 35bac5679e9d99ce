"""The identifiers of messages as customers write them, out of identifiers.yml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.nlu.identifiers import identifiers

MESSAGES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "identifiers.yml").read_text(encoding="utf-8")
)
MOST_WRONG = 0.01


def found_in(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entity, value in identifiers(text):
        found.setdefault(entity, []).append(value)
    return found


def fault(row: dict[str, Any]) -> str:
    """Return what is wrong with the identifiers of one message, or ""."""
    found = found_in(row["text"])
    orders, also = row.get("orders", []), row.get("also", [])
    got = found.get("order_number", [])
    if not set(orders) <= set(got) <= {*orders, *also}:
        return f"{row['text']!r}: orders {got}, not {orders}"
    got = found.get("tracking_number", [])
    if not set(row.get("tracking", [])) <= set(got) <= {*orders, *also}:
        return f"{row['text']!r}: tracking {got}, not {row.get('tracking', [])}"
    for key, entity in (("phones", "phone"), ("emails", "email"), ("tickets", "ticket_number")):
        if found.get(entity, []) != row.get(key, []):
            return f"{row['text']!r}: {key} {found.get(entity, [])}, not {row.get(key, [])}"
    return ""


def test_at_most_one_message_in_a_hundred_is_read_wrong() -> None:
    faults = [found for row in MESSAGES if (found := fault(row))]
    rate = len(faults) / len(MESSAGES)
    print(f"{len(faults)} of {len(MESSAGES)} messages read wrong ({rate:.1%})")
    assert len(MESSAGES) >= 200
    assert rate <= MOST_WRONG, "\n".join(faults)


def test_the_messages_differ() -> None:
    texts = [row["text"] for row in MESSAGES]
    assert len(set(texts)) == len(texts)


def test_a_mobile_stays_a_telephone_whatever_stands_before_it() -> None:
    assert found_in("numaram 5441112233") == {"phone": ["+905441112233"]}
    assert "phone" not in found_in("takip no 2125554433")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2215in ödemesi işte", "2215"),
        ("just wired the money for 2093", "2093"),
        ("siparis 60718 odemesi yapilmistir", "60718"),
        ("2017 siparişini iade edicem", "2017"),
        ("Resend the tax document for 50662, can't find the mail", "50662"),
        ("1031in parası yatmadı", "1031"),
        ("1024 iade edilmedi, param nerede", "1024"),
    ],
)
def test_a_number_beside_money_or_in_the_shape_of_a_year_stays_an_order(
    text: str, number: str
) -> None:
    assert found_in(text)["order_number"] == [number]


@pytest.mark.parametrize(
    "text",
    [
        "6698 sayılı Kanun", "200 m2 depo", "500 words essay", "motor 150 cc", "dahili 214",
        "call 07700 900655", "last four are 8812", "gate code is 7719", "etikette 450 yazıyordu",
        "kartımdan 540 çıktı", "500 parça puzzle",
    ],
)  # fmt: skip
def test_other_numbers_are_no_orders(text: str) -> None:
    assert "order_number" not in found_in(text)


@pytest.mark.parametrize(
    ("text", "tickets"),
    [
        ("talep numaram 88120", ["T-88120"]),
        ("4471 numaralı şikayet kaydım", ["T-4471"]),
        ("ticket 55021?", ["T-55021"]),
        ("case number 90331, open or closed", ["T-90331"]),
        ("iade talebi no 88120", []),
        ("kayıt oldum 1024 siparişim", []),
    ],
)
def test_a_ticket_is_known_by_its_label_too(text: str, tickets: list[str]) -> None:
    assert found_in(text).get("ticket_number", []) == tickets


def test_ten_thousand_characters_are_read_at_once() -> None:
    for text in ("1024 " * 2000, "bir iki üç " * 900, "0532 " * 2000, "a@" * 5000):
        assert identifiers(text) is not None
