"""The demo shop: loaded once into an empty database, moved to today at every start.

`load_if_empty` and `refresh` may be called by several processes at once and any number of times.
Rows that somebody has changed (`touched`) or that are not of the demo are left alone.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, config, db
from bot.aftersales.demo_times import resolve
from bot.aftersales.importing import shopfile
from bot.aftersales.importing.policyfile import kurus
from bot.aftersales.importing.report import Report
from bot.aftersales.loyalty.models import PointsEntry
from bot.aftersales.orders.models import Order, OrderLine, Product, Shipment
from bot.aftersales.orders.numbers import bare_key
from bot.conversations.models import Customer
from bot.conversations.tickets import service as tickets
from bot.conversations.tickets.models import Ticket
from bot.shop.models import ShopSetting
from bot.text import search_key

SHOP_FILE = Path(__file__).with_name("demo_shop.yml")
_MARK = "demo"  # the setting that tells on which day the demo rows stand
_INSTANTS = ("handed_over_at", "last_scan_at", "delivered_at")
_DAYS = ("estimate_from", "estimate_to")


def load_if_empty() -> bool:
    """Load the demo shop unless there is a customer or an order; tell whether it was loaded."""
    data = shopfile.read(SHOP_FILE)
    with db.write() as session:
        if session.scalar(sa.select(Customer.id).limit(1)) or session.scalar(
            sa.select(Order.id).limit(1)
        ):
            return False
        # A second process waits here for the first one's commit, and then has nothing to do.
        if not db.insert_once(session, ShopSetting, key=_MARK, value={"day": _today().isoformat()}):
            return False
        shopfile.apply(session, data, SHOP_FILE.name, Report(SHOP_FILE.name))
        session.flush()
        people = _customers(session, data["demo"]["customers"])
        for number, facts in data["demo"]["orders"].items():
            _order(session, str(number), facts, people[facts["customer"]])
        for number, facts in data["demo"]["tickets"].items():
            _ticket(session, str(number), facts, people[facts["customer"]])
    return True


def refresh() -> int:
    """Move untouched demo rows to today; return how many orders and tickets were moved."""
    demo = shopfile.read(SHOP_FILE)["demo"]
    moved = 0
    with db.write() as session:
        mark = session.scalars(
            sa.select(ShopSetting).where(ShopSetting.key == _MARK).with_for_update()
        ).one_or_none()
        if mark is None or mark.value.get("day") == _today().isoformat():
            return 0
        for order in session.scalars(
            sa.select(Order).where(Order.is_demo.is_(True), Order.touched.is_(False))
        ):
            facts = demo["orders"].get(order.number)
            if facts is None:
                continue
            _set_times(order, facts)
            if order.shipments and "shipment" in facts:
                _set_shipment_times(order.shipments[0], facts["shipment"])
            moved += 1
        for ticket in session.scalars(
            sa.select(Ticket).where(Ticket.is_demo.is_(True), Ticket.state == "open")
        ):
            facts = demo["tickets"].get(ticket.number)
            if facts is not None:
                ticket.opened_at, ticket.due_at = _at(facts["opened_at"]), _at(facts["due_at"])
                moved += 1
        mark.value = {**mark.value, "day": _today().isoformat()}
    return moved


def _today() -> dt.date:
    return clock.now().astimezone(ZoneInfo(config.load().shop_time_zone)).date()


def _at(text: Any) -> dt.datetime:
    return resolve(str(text), clock.now(), config.load().shop_time_zone)


def _day(text: Any) -> dt.date:
    return _at(text).astimezone(ZoneInfo(config.load().shop_time_zone)).date()


def _customers(session: Session, written: dict[str, Any]) -> dict[str, Customer]:
    people: dict[str, Customer] = {}
    for key, facts in written.items():
        person = Customer(
            name=facts["name"], phone=facts["phone"], email=facts["email"], is_demo=True,
            language=facts.get("language", "tr"), preferences=facts.get("preferences", {}),
        )
        session.add(person)
        session.flush()
        people[key] = person
        if facts.get("points"):
            session.add(PointsEntry(
                customer_id=person.id, points=int(facts["points"]), reason="opening balance"
            ))
    return people


def _order(session: Session, number: str, facts: dict[str, Any], person: Customer) -> None:
    order = Order(
        number=number, search_key=search_key(number), bare_key=bare_key(number),
        customer_id=person.id, customer_name=person.name, phone=person.phone, email=person.email,
        language=person.language, state=facts["state"], is_demo=True, attributes={},
    )
    _set_times(order, facts)
    names = dict(session.execute(sa.select(Product.sku, Product.name)).all())
    order.lines = [_line(line, names[line["sku"]]) for line in facts["lines"]]
    if "shipment" in facts:
        tracking = str(facts["shipment"]["tracking_number"])
        parcel = Shipment(
            carrier=facts["shipment"]["carrier"], tracking_number=tracking,
            search_key=search_key(tracking),
            last_scan_place=facts["shipment"].get("last_scan_place", ""),
        )
        _set_shipment_times(parcel, facts["shipment"])
        order.shipments = [parcel]
    session.add(order)


def _line(facts: dict[str, Any], name: str) -> OrderLine:
    more = dict(facts.get("attributes", {}))
    if facts.get("variant_en"):
        more["variant_en"] = facts["variant_en"]
    return OrderLine(
        sku=facts["sku"], name=name, variant=facts.get("variant", ""),
        quantity=facts.get("quantity", 1), unit_price_kurus=kurus(facts["unit_price"]),
        attributes=more,
    )


def _set_times(order: Order, facts: dict[str, Any]) -> None:
    order.ordered_at = _at(facts["ordered_at"])
    attributes = {**(order.attributes or {}), **facts.get("attributes", {})}
    if "return" in facts:
        attributes["return"] = {
            name: _at(value).isoformat() if name.endswith("_at") else value
            for name, value in facts["return"].items()
        }
    order.attributes = attributes
    order.updated_at = clock.now()


def _set_shipment_times(parcel: Shipment, facts: dict[str, Any]) -> None:
    for names, read in ((_INSTANTS, _at), (_DAYS, _day)):
        for name in names:
            if name in facts:
                setattr(parcel, name, read(facts[name]))


def _ticket(session: Session, number: str, facts: dict[str, Any], person: Customer) -> None:
    tickets.insert_numbered(
        session, int(number.rpartition("-")[2]), customer_id=person.id,
        order_number=facts["order"], intent=facts["intent"], category=facts["category"],
        details=facts["details"], opened_at=_at(facts["opened_at"]), due_at=_at(facts["due_at"]),
        is_demo=True,
    )
