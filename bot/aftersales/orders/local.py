"""The shop system of small shops and of the demo: orders in our own database."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.aftersales.orders.models import Order, OrderLine, Product, Shipment
from bot.aftersales.orders.numbers import bare_key, same_number
from bot.aftersales.orders.shopsystem import (
    LineView,
    OrderState,
    OrderView,
    ProductView,
    ReturnView,
    ShipmentView,
    ShopSystem,
)
from bot.text import fold, search_key

_MOST = 50  # orders of one person, and products of one answer
_RETURN_TIMES = ("handed_over_at", "arrived_at", "refunded_at")


class LocalShopSystem(ShopSystem):
    """Orders as `import orders` and the demo shop wrote them.

    Every look-up runs the same statements whether it finds something or not.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def orders_of(self, phone: str | None, email: str | None) -> list[OrderView]:
        """Return the orders with this phone or e-mail, newest first; without either, none."""
        return self._views(sa.or_(
            sa.and_(Order.phone == (phone or ""), Order.phone != ""),
            sa.and_(Order.email == (email or "").lower(), Order.email != ""),
        ))

    def by_number(self, text: str) -> list[OrderView]:
        """Return the orders that a written number may mean."""
        key, bare = search_key(text), bare_key(text)
        found = self._views(
            sa.or_(Order.search_key == key, Order.bare_key == bare), sa.literal(bool(key))
        )
        return [order for order in found if same_number(order.number, text)]

    def by_tracking(self, text: str) -> list[OrderView]:
        """Return the orders with a parcel of this tracking number."""
        key = search_key(text)
        with_parcel = sa.select(Shipment.order_id).where(
            Shipment.search_key == key, Shipment.search_key != ""
        )
        return self._views(Order.id.in_(with_parcel))

    def known_numbers(self, candidates: Iterable[str]) -> set[str]:
        """Return those candidates that are an order or tracking number."""
        keys = {candidate: search_key(candidate) for candidate in candidates}
        wanted = {key for key in keys.values() if key}
        known: set[str] = set()
        for column in (Order.search_key, Order.bare_key, Shipment.search_key):
            known.update(self._session.scalars(sa.select(column).where(column.in_(wanted))))
        return {candidate for candidate, key in keys.items() if key in known}

    def products(self, query: str) -> list[ProductView]:
        """Return products whose name or code holds every word of the query, shortest name first."""
        words = fold(query).split()
        if not words:
            return []
        found = [
            row for row in self._session.scalars(sa.select(Product))
            if all(w in fold(f"{row.name} {row.name_en} {row.sku}") for w in words)
        ]
        found.sort(key=lambda row: (len(row.name), row.name))
        return [
            ProductView(row.sku, row.name, row.name_en, dict(row.attributes))
            for row in found[:_MOST]
        ]

    def _views(self, *conditions: Any) -> list[OrderView]:
        found = sa.select(Order).where(*conditions)
        newest = found.order_by(Order.ordered_at.desc(), Order.id.desc()).limit(_MOST)
        orders = list(self._session.scalars(newest))
        # 0 is nobody's: the statements are the same when nothing is found.
        ids = [order.id for order in orders] or [0]
        lines: dict[int, list[LineView]] = defaultdict(list)
        with_english = (
            sa.select(OrderLine, Product.name_en)
            .outerjoin(Product, Product.sku == OrderLine.sku)
            .where(OrderLine.order_id.in_(ids)).order_by(OrderLine.id)
        )
        for line, name_en in self._session.execute(with_english):
            lines[line.order_id].append(_line(line, name_en or ""))
        parcels: dict[int, list[ShipmentView]] = defaultdict(list)
        of_orders = sa.select(Shipment).where(Shipment.order_id.in_(ids)).order_by(Shipment.id)
        for parcel in self._session.scalars(of_orders):
            parcels[parcel.order_id].append(_shipment(parcel))
        return [_order(row, tuple(lines[row.id]), tuple(parcels[row.id])) for row in orders]


def _line(row: OrderLine, name_en: str) -> LineView:
    return LineView(
        sku=row.sku, name=row.name, name_en=name_en, variant=row.variant, quantity=row.quantity,
        unit_price_kurus=row.unit_price_kurus, attributes=dict(row.attributes),
    )


def _shipment(row: Shipment) -> ShipmentView:
    return ShipmentView(
        carrier=row.carrier, tracking_number=row.tracking_number or "",
        handed_over_at=row.handed_over_at, last_scan_at=row.last_scan_at,
        last_scan_place=row.last_scan_place, estimate_from=row.estimate_from,
        estimate_to=row.estimate_to, delivered_at=row.delivered_at,
    )


def _order(
    row: Order, lines: tuple[LineView, ...], shipments: tuple[ShipmentView, ...]
) -> OrderView:
    attributes = dict(row.attributes)
    return OrderView(
        number=row.number, state=OrderState(row.state), ordered_at=row.ordered_at,
        customer_name=row.customer_name, phone=row.phone, email=row.email, language=row.language,
        currency=row.currency, lines=lines, shipments=shipments,
        returned=_returned(attributes.get("return")), attributes=attributes,
    )


def _returned(facts: Mapping[str, Any] | None) -> ReturnView | None:
    if not facts:
        return None
    times = {
        name: dt.datetime.fromisoformat(facts[name]) for name in _RETURN_TIMES if facts.get(name)
    }
    return ReturnView(carrier=str(facts.get("carrier", "")), **times)
