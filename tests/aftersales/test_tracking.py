"""What is said of an order: chosen by its facts, whole in both languages, true to the records."""

from __future__ import annotations

import datetime as dt
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from bot import clock, db
from bot.aftersales import demo
from bot.aftersales.orders import tracking
from bot.aftersales.orders.service import shop_system
from bot.aftersales.orders.shopsystem import (
    LineView,
    OrderState,
    OrderView,
    ReturnView,
    ShipmentView,
)
from bot.aftersales.orders.tracking import TrackingAnswer
from bot.conversations.tickets import service as tickets
from tests.aftersales import factory

ROOT = Path(__file__).parents[2]
NOW = "2026-11-24T14:06:00+03:00"  # a Tuesday
BARRED = (
    "kesinlikle", "mutlaka", "garanti ediyoruz", "hemen", "anında", "hiç merak etmeyin",
    "en kısa sürede", "bugün yatar", "sorun olmaz", "ömür boyu", "onay",
)


def responses(topic: str) -> dict[str, list[dict[str, Any]]]:
    return yaml.safe_load((ROOT / f"data/responses/{topic}.yml").read_text())["responses"]


ORDERS = responses("orders")


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Istanbul"))


def sentence(answer: TrackingAnswer, language: str) -> str:
    """The response as Rasa fills it; every variable must be there and none may be empty."""
    variants = ORDERS[answer.response]
    text = next(v["text"] for v in variants if ("condition" in v) == (language == "en"))
    names = [name for _, name, _, _ in string.Formatter().parse(text) if name]
    assert all(answer.variables[name] for name in names), answer
    return text.format(**answer.variables)


@pytest.fixture(autouse=True)
def _shop(set_clock: Callable[[str], None]) -> None:
    set_clock(NOW)
    demo.load_if_empty()


def describe(order: OrderView, language: str = "tr") -> TrackingAnswer:
    with db.read() as session:
        return tracking.describe(session, order, language, clock.now())


def overview(phone: str, language: str = "tr") -> list[TrackingAnswer]:
    with db.read() as session:
        orders = shop_system(session).orders_of(phone, None)
        return tracking.overview(session, orders, language, clock.now())


def an_order(state: OrderState, parcel: ShipmentView | None = None, **more: Any) -> OrderView:
    ordered_at = more.pop("ordered_at", at("2026-11-20T10:00"))
    return OrderView(
        "77", state, ordered_at, lines=(LineView("S", "Kupa", 1, 100, "Mug"),),
        shipments=(parcel,) if parcel else (), **more,
    )


def test_an_order_on_its_way_comes_before_one_being_prepared() -> None:
    first, second = overview("+905321234567")
    assert (first.order_number, second.order_number) == ("1024", "1025")
    text = sentence(first, "tr")
    for part in ("1024", "Nar Barista 2 espresso makinesi", "Yurtiçi Kargo", "dün 18:40",
                 "Ankara transfer merkezi", "25 Kasım Çarşamba – 26 Kasım Perşembe",
                 "bugün 14:06", "gonderi-sorgula?code=123456789012"):
        assert part in text
    assert "en geç *25 Kasım Çarşamba*" in sentence(second, "tr").replace("En", "en")
    kinds = [(p.kind, p.own) for p in (*first.promises, *second.promises)]
    assert kinds == [("delivery", False), ("dispatch", True)]
    assert first.promises[0].wording == "25 Kasım Çarşamba – 26 Kasım Perşembe"


def test_the_english_answer_names_the_same_days() -> None:
    text = sentence(overview("+905321234567", "en")[0], "en")
    assert "Wed 25 Nov – Thu 26 Nov" in text and "espresso machine" in text
    delivered = sentence(overview("+447700900123", "en")[0], "en")
    assert "delivered on Mon 23 Nov" in delivered


def test_a_parcel_that_stands_still_is_said_to_and_asked_about_once() -> None:
    (answer,) = overview("+905441112233")
    assert answer.response == "utter_order_stuck" and answer.inquiry == "carrier_inquiry"
    text = sentence(answer, "tr")
    assert "17 Kasım Salı 09:55" in text
    assert "yarın 09:10'a kadar" in text  # four working hours on
    (promise,) = answer.promises
    assert promise.kind == "next_update" and promise.due_at == at("2026-11-25T09:10")
    with db.write() as session:
        tickets.open_ticket(
            session, turn_id="t", conversation_id=factory.talk(session).id, details={},
            intent="delivery_delayed", category="carrier_inquiry", order_number="1028",
            due_at=at("2026-11-24T17:00"),
        )
    (again,) = overview("+905441112233")
    assert again.inquiry is None and "bugün 17:00'ye kadar" in sentence(again, "tr")


def test_the_refund_counts_from_the_hand_over() -> None:
    (answer,) = overview("+905559998877")
    text = sentence(answer, "tr")
    assert answer.response == "utter_return_received_refund_due"
    assert "1 Aralık Salı" in text and "20 Kasım Cuma" in text
    assert answer.promises[0].kind == "refund_sent"


@pytest.mark.parametrize(("now", "scan", "expected"), [
    ("2026-11-23T12:00", "2026-11-20T18:40", "utter_order_in_transit"),  # only a weekend between
    ("2026-11-24T18:39", "2026-11-20T18:40", "utter_order_in_transit"),
    ("2026-11-24T18:41", "2026-11-20T18:40", "utter_order_stuck"),
    ("2027-03-12T16:00", "2027-03-05T18:00", "utter_order_in_transit"),  # a feast between
    ("2026-11-29T12:00", "2026-11-27T10:00", "utter_order_in_transit"),
])
def test_silence_counts_on_days_when_parcels_move(now: str, scan: str, expected: str) -> None:
    parcel = ShipmentView("aras", "42", last_scan_at=at(scan), last_scan_place="Bursa",
                          estimate_from=dt.date(2027, 4, 1), estimate_to=dt.date(2027, 4, 2))
    with db.read() as session:
        answer = tracking.describe(session, an_order(OrderState.SHIPPED, parcel), "tr", at(now))
    assert answer.response == expected


def test_a_passed_estimate_is_said_to_have_passed() -> None:
    parcel = ShipmentView("yurtici", "42", last_scan_at=at("2026-11-24T08:00"),
                          last_scan_place="Bursa", estimate_from=dt.date(2026, 11, 20),
                          estimate_to=dt.date(2026, 11, 23))
    answer = describe(an_order(OrderState.SHIPPED, parcel))
    assert answer.response == "utter_order_late" and answer.inquiry == "carrier_inquiry"
    assert "20 Kasım Cuma – 23 Kasım Pazartesi idi" in sentence(answer, "tr")
    assert "delivery" not in [p.kind for p in answer.promises]


def test_an_order_that_should_have_left_is_said_to_be_late() -> None:
    answer = describe(an_order(OrderState.PREPARING, ordered_at=at("2026-11-20T10:00")))
    assert answer.response == "utter_order_dispatch_late" and answer.inquiry == "dispatch"
    assert "23 Kasım Pazartesi" in sentence(answer, "tr")


def test_a_refund_that_is_overdue_is_not_promised_again() -> None:
    answer = describe(an_order(OrderState.RETURN_RECEIVED, returned=ReturnView(
        "yurtici", at("2026-11-05T10:00"), at("2026-11-09T10:00"))))
    assert answer.response == "utter_refund_late" and answer.inquiry == "refund"
    assert [p.kind for p in answer.promises] == ["next_update"]


_HEARD = {"handed_over_at": at("2026-11-23T17:00")}
_SCANNED = {**_HEARD, "last_scan_at": at("2026-11-24T08:00"), "last_scan_place": "Bursa"}
_ESTIMATE = {"estimate_from": dt.date(2026, 11, 25), "estimate_to": dt.date(2026, 11, 25)}
_OLD = {"handed_over_at": at("2026-11-16T17:00")}
_LATE = {"estimate_to": dt.date(2026, 11, 23)}
_BACK = {"carrier": "yurtici", "handed_over_at": at("2026-11-20T10:00")}
CASES: list[tuple[str, OrderView]] = [
    *[
        (name + link, an_order(OrderState.SHIPPED, ShipmentView(carrier, "42", **facts)))
        for carrier, link in (("aras", ""), ("yurtici", "_with_link"))
        for name, facts in (
            ("utter_order_in_transit", {**_SCANNED, **_ESTIMATE}),
            ("utter_order_in_transit_no_estimate", _SCANNED),
            ("utter_order_handed_over", {**_HEARD, **_ESTIMATE}),
            ("utter_order_handed_over_no_estimate", _HEARD),
        )
    ],
    ("utter_order_in_transit", an_order(
        OrderState.SHIPPED, ShipmentView("yurtici", "", **_SCANNED, **_ESTIMATE))),
    ("utter_order_shipped", an_order(OrderState.SHIPPED)),
    ("utter_order_shipped", an_order(OrderState.SHIPPED, ShipmentView("aras", "42"))),
    ("utter_order_stuck_no_scan", an_order(OrderState.SHIPPED, ShipmentView("aras", "42", **_OLD))),
    ("utter_order_late_no_scan", an_order(
        OrderState.SHIPPED, ShipmentView("aras", "42", **_HEARD, **_LATE))),
    ("utter_order_preparing", an_order(
        OrderState.PREPARING, ordered_at=at("2026-11-24T10:00"))),
    ("utter_order_delivered", an_order(
        OrderState.DELIVERED, ShipmentView("aras", delivered_at=at("2026-11-22T10:00")))),
    ("utter_order_delivered_no_date", an_order(OrderState.DELIVERED)),
    ("utter_order_cancelled", an_order(OrderState.CANCELLED)),
    ("utter_return_not_sent", an_order(OrderState.RETURN_STARTED)),
    ("utter_return_on_way_refund_due", an_order(
        OrderState.RETURN_STARTED, returned=ReturnView(**_BACK))),
    ("utter_return_on_way", an_order(
        OrderState.RETURN_STARTED, returned=ReturnView(**{**_BACK, "carrier": "aras"}))),
    ("utter_return_received", an_order(OrderState.RETURN_RECEIVED)),
    ("utter_order_refunded", an_order(
        OrderState.REFUNDED, returned=ReturnView(refunded_at=at("2026-11-22T10:00")))),
    ("utter_order_refunded_no_date", an_order(OrderState.REFUNDED)),
]


def test_every_state_of_knowledge_has_its_whole_answer() -> None:
    for response, order in CASES:
        for language, product in (("tr", "Kupa"), ("en", "Mug")):
            answer = describe(order, language)
            assert answer.response == response, order
            text = sentence(answer, language)
            assert "77" in text and product in text


def test_every_response_can_be_reached_and_speaks_both_languages() -> None:
    reached = {name for name, _ in CASES} | {
        "utter_order_stuck", "utter_order_late", "utter_order_dispatch_late", "utter_refund_late",
        "utter_return_received_refund_due",
    }
    assert set(ORDERS) == reached
    for topic in ("orders", "policies"):
        for name, variants in responses(topic).items():
            turkish, english = variants
            assert "condition" not in turkish, name
            assert english["condition"] == [{"type": "slot", "name": "language", "value": "en"}]
            fields = [
                {n for _, n, _, _ in string.Formatter().parse(v["text"]) if n} for v in variants
            ]
            assert fields[0] == fields[1], name
            assert not [word for word in BARRED if word in turkish["text"].lower()], name


def test_all_open_orders_are_told_else_the_last_one() -> None:
    arrivals = [at(f"2026-11-{day}T10:00") for day in (10, 20, 15)]
    done = [an_order(OrderState.DELIVERED, ShipmentView("aras", delivered_at=a)) for a in arrivals]
    with db.read() as session:
        (only,) = tracking.overview(session, done, "tr", clock.now())
        assert only.variables["delivered_on"] == "20 Kasım Cuma"
        assert tracking.overview(session, [], "tr", clock.now()) == []
        mixed = [an_order(s) for s in (OrderState.PREPARING, OrderState.RETURN_STARTED,
                                       OrderState.SHIPPED, OrderState.DELIVERED)]
        told = tracking.overview(session, mixed, "tr", clock.now())
    assert [a.response for a in told] == [
        "utter_order_shipped", "utter_return_not_sent", "utter_order_dispatch_late"
    ]
