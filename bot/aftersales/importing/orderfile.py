"""`import orders`: a CSV file into the `local` shop system, in batches of one transaction each.

Importing a file again brings the orders up to date. A customer is found by phone, else by e-mail,
else made; what is known of somebody already is kept, only gaps are filled.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, config, db
from bot.aftersales.importing import orderrows
from bot.aftersales.importing.orderrows import OrderRow
from bot.aftersales.importing.report import Report
from bot.aftersales.orders.models import Order, OrderLine, Shipment
from bot.aftersales.orders.numbers import bare_key
from bot.conversations.models import Customer, new_uid
from bot.shop import queries as shop
from bot.shop.models import ShopSetting
from bot.text import fold, search_key

_BATCH = 500  # orders of one transaction: short enough to let messages in between
_LOCK = "orders_import"


def import_orders(path: Path) -> Report:
    """Read a CSV file (columns in `orderrows.COLUMNS`) and store its orders.

    The report counts new and updated orders and new customers and names each faulty line; the
    orders without a fault are stored. InvalidInput when the file as a whole is unusable.
    """
    report = Report(path.name)
    orders = orderrows.read(path, config.load().shop_time_zone, report)
    for start in range(0, len(orders), _BATCH):
        with db.write() as session:
            _store(session, orders[start:start + _BATCH], report)
    return report


def _store(session: Session, rows: Sequence[OrderRow], report: Report) -> None:
    # Two imports at once take turns, so that neither writes the lines of an order twice.
    db.insert_once(session, ShopSetting, key=_LOCK, value={})
    session.execute(sa.select(ShopSetting).where(ShopSetting.key == _LOCK).with_for_update())
    known: dict[str, Order] = {
        order.number: order for order in session.scalars(
            sa.select(Order).where(Order.number.in_([row.number for row in rows]))
        )
    }
    report.add("new orders", len(rows) - len(known))
    report.add("updated orders", len(known))
    new = [row for row in rows if row.number not in known]
    moved = [row for row in rows if row.number in known and _names_another(row, known[row.number])]
    people = _People(session, [*new, *moved], report)
    if new:
        session.execute(sa.insert(Order), [
            {**_values(row), "number": row.number, "search_key": search_key(row.number),
             "bare_key": bare_key(row.number), "customer_id": people.of(row), "attributes": {},
             "currency": "TRY", "is_demo": False, "touched": False}
            for row in new
        ])
    for row in moved:
        known[row.number].customer_id = people.of(row)
    for row in rows:
        if row.number in known:
            _update(known[row.number], row)
    session.flush()
    ids = dict(session.execute(
        sa.select(Order.number, Order.id).where(Order.number.in_([row.number for row in rows]))
    ).all())
    kept = _clear_parts(session, [ids[number] for number in known])
    _insert_parts(session, rows, ids, kept)


def _values(row: OrderRow) -> dict[str, Any]:
    return {
        "customer_name": row.values["customer_name"] or "", "phone": row.values["phone"],
        "email": row.values["email"], "language": row.values["language"] or "tr",
        "ordered_at": row.values["ordered_at"], "state": row.values["state"],
        "updated_at": clock.now(),
    }


def _names_another(row: OrderRow, order: Order) -> bool:
    """Tell whether the file names a phone or an e-mail that the order has not had so far."""
    named = (row.values["phone"], row.values["email"])
    return named not in ((None, None), (order.phone, order.email))


def _update(order: Order, row: OrderRow) -> None:
    """Bring a stored order up to date; a blank cell does not wipe out whose it is."""
    for name, value in _values(row).items():
        if value or name not in ("customer_name", "phone", "email"):
            setattr(order, name, value)
    order.touched = True


def _clear_parts(session: Session, order_ids: Sequence[int]) -> dict[tuple[int, str, str], Any]:
    """Delete the lines and parcels of orders; return what was known of the lines besides."""
    kept = {
        (line.order_id, line.sku or line.name, line.variant): line.attributes
        for line in session.scalars(sa.select(OrderLine).where(OrderLine.order_id.in_(order_ids)))
    }
    session.expunge_all()
    for table in (OrderLine, Shipment):
        session.execute(
            sa.delete(table).where(table.order_id.in_(order_ids))
            .execution_options(synchronize_session=False)
        )
    return kept


def _insert_parts(
    session: Session, rows: Sequence[OrderRow], ids: dict[str, int],
    kept: dict[tuple[int, str, str], Any],
) -> None:
    carriers = {
        fold(name): key for key, entry in shop.carriers(session).items()
        for name in (key, entry["name"], *entry["aliases"])
    }
    lines, parcels = [], []
    for row in rows:
        order_id = ids[row.number]
        for line in row.lines:
            before = kept.get((order_id, line["sku"] or line["name"], line["variant"]))
            lines.append({**line, "order_id": order_id, "attributes": before or {}})
        for parcel in row.parcels:
            carrier = parcel["carrier"] or ""
            parcels.append({
                **parcel, "order_id": order_id, "carrier": carriers.get(fold(carrier), carrier),
                "search_key": search_key(parcel["tracking_number"] or "") or None,
                "last_scan_place": parcel["last_scan_place"] or "",
            })
    session.execute(sa.insert(OrderLine), lines)
    if parcels:
        session.execute(sa.insert(Shipment), parcels)


class _People:
    """The customers of one batch: found, or made, with one look-up for all of them."""

    def __init__(self, session: Session, rows: Sequence[OrderRow], report: Report) -> None:
        self._by_phone: dict[str, Customer] = {}
        self._by_email: dict[str, Customer] = {}
        phones = {row.values["phone"] for row in rows} - {None}
        emails = {row.values["email"] for row in rows} - {None}
        found = sa.select(Customer).where(
            sa.or_(Customer.phone.in_(phones), Customer.email.in_(emails))
        )
        for person in session.scalars(found.order_by(Customer.id)):
            self._know(person)
        self._of = {row.number: self._choose(session, row, report) for row in rows}
        session.flush()

    def of(self, row: OrderRow) -> int:
        """Return the id of the order's customer."""
        return int(self._of[row.number].id)

    def _choose(self, session: Session, row: OrderRow, report: Report) -> Customer:
        phone, email = row.values["phone"], row.values["email"]
        person = self._by_phone.get(phone or "")
        if person is None and email in self._by_email:
            # An e-mail address shared by two phones is two people's.
            shared = self._by_email[email]
            person = shared if not phone or not shared.phone else None
        if person is None:
            person = Customer(
                uid=new_uid(), name=row.values["customer_name"] or "", phone=phone, email=email,
                language=row.values["language"] or "tr",
            )
            session.add(person)
            report.add("new customers")
        else:
            self._fill(person, row)
        self._know(person)
        return person

    def _fill(self, person: Customer, row: OrderRow) -> None:
        phone, email = row.values["phone"], row.values["email"]
        person.name = person.name or row.values["customer_name"] or ""
        if not person.phone and phone and phone not in self._by_phone:
            person.phone = phone
        if not person.email and email and email not in self._by_email:
            person.email = email

    def _know(self, person: Customer) -> None:
        if person.phone:
            self._by_phone.setdefault(person.phone, person)
        if person.email:
            self._by_email.setdefault(person.email, person)
