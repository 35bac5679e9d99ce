"""`import orders`: good lines in, bad lines named, people found and not mixed up."""

from __future__ import annotations

import csv
import datetime as dt
import io
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import db
from bot.aftersales import demo, importing
from bot.aftersales.importing import Report
from bot.aftersales.importing.orderrows import COLUMNS
from bot.aftersales.orders import access
from bot.aftersales.orders.models import Order, OrderLine, Shipment
from bot.aftersales.orders.service import shop_system
from bot.aftersales.orders.shopsystem import OrderState, OrderView
from bot.conversations.models import Customer
from bot.errors import InvalidInput
from tests.aftersales import factory

HEADER = (
    "order_number,ordered_at,customer_name,phone,email,language,sku,product,variant,quantity,"
    "unit_price_kurus,state,carrier,tracking_number,handed_over_at,last_scan_at,last_scan_place,"
    "estimate_from,estimate_to,delivered_at"
)
ROW = {
    "order_number": "SIP-2001", "ordered_at": "2026-11-20T10:15:00+03:00",
    "customer_name": "Zeynep Ak", "phone": "0532 111 22 33", "email": "Zeynep@Example.com",
    "sku": "KUPA", "product": "Kupa", "variant": "kırmızı", "quantity": "2",
    "unit_price_kurus": "24990", "state": "shipped", "carrier": "yurtiçi",
    "tracking_number": "555000111222", "handed_over_at": "2026-11-21T14:00:00Z",
    "last_scan_at": "2026-11-23T18:40:00+03:00", "last_scan_place": "İzmir",
    "estimate_from": "2026-11-25", "estimate_to": "2026-11-26",
}


def row(**changes: str) -> dict[str, str]:
    return {**ROW, **changes}


def load(tmp_path: Path, rows: Iterable[dict[str, str]]) -> Report:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return load_text(tmp_path, text.getvalue().replace("§", "\x00"))


def load_text(tmp_path: Path, text: str, encoding: str = "utf-8") -> Report:
    path = tmp_path / "orders.csv"
    path.write_bytes(text.encode(encoding))
    return importing.import_orders(path)


def order(number: str) -> OrderView:
    with db.read() as session:
        (found,) = shop_system(session).by_number(number)
    return found


def count(table: type) -> int:
    with db.read() as session:
        return int(session.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


def test_the_header_is_as_documented() -> None:
    assert ",".join(COLUMNS) == HEADER


def test_an_order_with_its_lines_and_parcels(database: str, tmp_path: Path) -> None:
    demo.load_if_empty()
    report = load(tmp_path, [
        row(),
        row(product="Tabak", sku="TBK", variant="", quantity="1", unit_price_kurus="5000"),
        row(product="Kaşık", sku="KSK", carrier="Bilinmeyen", tracking_number="AB1"),
    ])
    assert report.counts == {"new orders": 1, "updated orders": 0, "new customers": 1}
    found = order("2001")
    assert found.number == "SIP-2001" and found.state is OrderState.SHIPPED
    assert (found.phone, found.email) == ("+905321112233", "zeynep@example.com")
    assert [(line.name, line.quantity, line.unit_price_kurus) for line in found.lines] == [
        ("Kupa", 2, 24990), ("Tabak", 1, 5000), ("Kaşık", 2, 24990)
    ]
    first, second = found.shipments
    assert (first.carrier, first.tracking_number, first.last_scan_place) == (
        "yurtici", "555000111222", "İzmir"
    )
    assert first.handed_over_at == dt.datetime(2026, 11, 21, 14, tzinfo=dt.timezone.utc)
    assert first.estimate_from == dt.date(2026, 11, 25)
    assert first.estimate_to == dt.date(2026, 11, 26)
    assert (second.carrier, second.tracking_number) == ("Bilinmeyen", "AB1")


def test_bad_lines_are_named_and_good_orders_stored(database: str, tmp_path: Path) -> None:
    report = load(tmp_path, [
        row(),
        row(order_number="2", ordered_at="2026-11-20T10:15:00"),
        row(order_number="3", phone="12"),
        row(order_number="4", quantity="0"),
        row(order_number="5", unit_price_kurus="12,5"),
        row(order_number="6", state="vanished"),
        row(order_number="7", email="nobody"),
        row(order_number="8", product=""),
        row(order_number="9", estimate_to="26.11.2026"),
        row(order_number="10", last_scan_place="x" * 201),
        row(order_number="11"),
        row(order_number="11", quantity="many"),
        row(order_number="-"),
        row(order_number="12"),
        row(order_number="12", phone="0533 111 22 33"),
    ])
    assert [e.partition(":")[0] for e in report.errors] == [
        *[f"line {n}" for n in (3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 16)],
        "order 11 was left out because of line 13", "order 12 was left out because of line 16",
    ]
    faults = "\n".join(report.errors)
    for fault in ("no time zone", "'12' is no phone number", "quantity: '0'", "'12,5'",
                  "'vanished' is not one of preparing", "'nobody' is no e-mail", "product is empty",
                  "estimate_to: '26.11.2026'", "longer than 200", "neither letter nor digit",
                  "phone differs from line 15"):
        assert fault in faults
    assert "problem: line 3" in str(report)
    assert count(Order) == 1 and count(Customer) == 1


def test_importing_again_brings_up_to_date(database: str, tmp_path: Path) -> None:
    load(tmp_path, [row(), row(product="Tabak", sku="TBK", variant="")])
    with db.write() as session:
        line = session.scalars(sa.select(OrderLine).where(OrderLine.sku == "KUPA")).one()
        line.attributes = {"serial": "K1"}
        session.execute(sa.update(Order).values(attributes={"gift_note": "İyi ki doğdun"}))
    delivered = row(state="delivered", delivered_at="2026-11-25T11:00:00+03:00", customer_name="")
    report = load(tmp_path, [delivered])
    assert report.counts == {"new orders": 0, "updated orders": 1}
    found = order("SIP-2001")
    assert found.state is OrderState.DELIVERED and found.customer_name == "Zeynep Ak"
    assert [line.sku for line in found.lines] == ["KUPA"]
    assert found.lines[0].attributes == {"serial": "K1"}
    assert found.attributes == {"gift_note": "İyi ki doğdun"}
    assert (count(Order), count(OrderLine), count(Shipment), count(Customer)) == (1, 1, 1, 1)


def test_people_are_found_by_phone_then_by_e_mail(database: str, tmp_path: Path) -> None:
    with db.write() as session:
        known = Customer(name="", phone="+905321112233")
        by_mail = Customer(name="Ali", email="ali@example.com")
        session.add_all([known, by_mail])
    load(tmp_path, [
        row(),
        row(order_number="2", phone="", email="ALI@example.com", customer_name="Ali Can"),
        row(order_number="3", phone="+90 532 111 22 33", email="ali@example.com"),
        row(order_number="4", phone="0533 000 11 22", customer_name="Y"),
        row(order_number="5", phone="", email="", customer_name="Kapıdan"),
    ])
    with db.read() as session:
        owner = dict(session.execute(sa.select(Order.number, Order.customer_id)).all())
        people = {p.id: (p.name, p.phone, p.email) for p in session.scalars(sa.select(Customer))}
    assert people[owner["SIP-2001"]] == ("Zeynep Ak", "+905321112233", "zeynep@example.com")
    assert people[owner["2"]] == ("Ali", None, "ali@example.com")
    assert owner["3"] == owner["SIP-2001"]  # the phone decides; Ali stays as he was
    # Two phones are two people, whatever e-mail address they share.
    assert people[owner["4"]] == ("Y", "+905330001122", "zeynep@example.com")
    assert people[owner["5"]] == ("Kapıdan", None, None)


def test_an_import_touches_nobody_elses_orders(database: str, tmp_path: Path) -> None:
    demo.load_if_empty()
    before = order("1026")
    load(tmp_path, [row(order_number="1024", phone="0532 123 45 67", email="")])
    assert order("1026") == before
    with db.read() as session:
        ayse = session.scalars(sa.select(Customer).where(Customer.phone == "+905321234567")).one()
        assert (ayse.name, ayse.email) == ("Ayşe Kaya", "ayse.kaya@example.com")
    assert order("1024").lines[0].name == "Kupa"
    demo.refresh()
    with db.read() as session:
        assert session.scalars(sa.select(Order).where(Order.number == "1024")).one().touched


def test_an_imported_order_answers_to_its_phone_only(database: str, tmp_path: Path) -> None:
    load(tmp_path, [row()])
    with db.write() as session:
        owner = access.who(session, factory.talk(session, "+905321112233").uid)
        other = access.who(session, factory.talk(session, "+905337654321").uid)
        assert [o.number for o in access.own_orders(session, owner)] == ["SIP-2001"]
        assert access.find_for(session, owner, ["2001"]).orders
        assert access.find_for(session, owner, ["000111222"]).orders
        assert access.find_for(session, other, ["SIP-2001"]).withheld


def test_spreadsheets_write_other_marks_and_columns(database: str, tmp_path: Path) -> None:
    text = ("﻿Order_Number;ordered_at;product;quantity;unit_price_kurus;state;colour;phone\r\n"
            "#77;2026-11-20T10:15:00+03:00;Çay bardağı;1;100;In Transit;blue;05321112233\r\n\r\n")
    report = load_text(tmp_path, text)
    assert report.notes == ["unknown columns were skipped: colour"]
    assert order("77").products("tr") == "Çay bardağı"
    assert order("77").state is OrderState.SHIPPED


@pytest.mark.parametrize(("text", "encoding", "fault"), [
    ("order_number,product\n1,x\n", "utf-8", "lacks the columns ordered_at, quantity"),
    ("", "utf-8", "lacks the columns"),
    (HEADER + "\n" + "Ş" * 10, "cp1254", "not UTF-8"),
])
def test_an_unusable_file_is_refused(
    database: str, tmp_path: Path, text: str, encoding: str, fault: str
) -> None:
    with pytest.raises(InvalidInput, match=fault):
        load_text(tmp_path, text, encoding)


def test_hostile_cells_are_text(database: str, tmp_path: Path) -> None:
    nasty = "'); DROP TABLE \"order\";-- <b>§{0.__class__}"
    report = load(tmp_path, [row(product=nasty, customer_name=nasty, phone="")])
    assert report.errors == []
    assert order("2001").lines[0].name == nasty.replace("§", "")


def test_twenty_thousand_orders_take_well_under_a_minute(database: str, tmp_path: Path) -> None:
    began = time.monotonic()
    report = load(tmp_path, (
        row(order_number=f"SIP-{n}", phone=f"0532{n % 7000:07}", email=f"k{n % 7000}@example.com",
            tracking_number=f"99{n:010}")
        for n in range(20_000)
    ))
    assert report.counts == {"new orders": 20_000, "updated orders": 0, "new customers": 7_000}
    assert time.monotonic() - began < 40
