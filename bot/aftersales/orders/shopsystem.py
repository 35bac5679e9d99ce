"""What we need of a shop system, and the shapes in which orders travel through the product.

To add one: implement `ShopSystem` and choose it in `orders/service.py`. The views are frozen copies
with nothing of the shop system's own in them; whoever holds one may read it without a database.
"""

from __future__ import annotations

import abc
import dataclasses
import datetime as dt
import enum
from collections.abc import Iterable, Mapping
from typing import Any


class OrderState(str, enum.Enum):
    """Where an order is. What exactly was last heard of its parcel is in its shipments."""

    PREPARING = "preparing"  # paid or accepted, not with the carrier yet
    SHIPPED = "shipped"  # at least one parcel is with the carrier
    DELIVERED = "delivered"  # every parcel reached the customer
    CANCELLED = "cancelled"
    RETURN_STARTED = "return_started"  # the customer sends it back; it has not reached the shop
    RETURN_RECEIVED = "return_received"  # back at the shop, the money not sent yet
    REFUNDED = "refunded"  # the shop has sent the money

    @property
    def is_open(self) -> bool:
        """Tell whether something is still to happen."""
        return self not in (OrderState.DELIVERED, OrderState.CANCELLED, OrderState.REFUNDED)


@dataclasses.dataclass(frozen=True)
class LineView:
    """One product of an order; money in kuruş (the currency's hundredth)."""

    sku: str
    name: str
    quantity: int
    unit_price_kurus: int
    name_en: str = ""
    variant: str = ""
    attributes: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def label(self, language: str) -> str:
        """Return the product as people read it: `2 × Bornoz – M`."""
        name = (self.name_en if language == "en" else "") or self.name
        variant = str(self.attributes.get("variant_en", "")) if language == "en" else ""
        variant = variant or self.variant
        name = f"{name} – {variant}" if variant else name
        return f"{self.quantity} × {name}" if self.quantity > 1 else name


@dataclasses.dataclass(frozen=True)
class ShipmentView:
    """A parcel with the carrier's last word. Instants are UTC, dates are in the shop's zone."""

    carrier: str  # key of the carrier in the shop's settings
    tracking_number: str = ""
    handed_over_at: dt.datetime | None = None
    last_scan_at: dt.datetime | None = None
    last_scan_place: str = ""
    estimate_from: dt.date | None = None
    estimate_to: dt.date | None = None
    delivered_at: dt.datetime | None = None

    @property
    def last_movement(self) -> dt.datetime | None:
        """Return when the carrier last said anything of it."""
        known = [t for t in (self.handed_over_at, self.last_scan_at, self.delivered_at) if t]
        return max(known, default=None)


@dataclasses.dataclass(frozen=True)
class ReturnView:
    """What is known of goods on their way back and of the money for them."""

    carrier: str = ""
    handed_over_at: dt.datetime | None = None
    arrived_at: dt.datetime | None = None
    refunded_at: dt.datetime | None = None


@dataclasses.dataclass(frozen=True)
class OrderView:
    """An order. `phone` (E.164) and `email` (lower case) decide who may hear of it."""

    number: str
    state: OrderState
    ordered_at: dt.datetime
    customer_name: str = ""
    phone: str | None = None
    email: str | None = None
    language: str = "tr"
    currency: str = "TRY"
    lines: tuple[LineView, ...] = ()
    shipments: tuple[ShipmentView, ...] = ()
    returned: ReturnView | None = None
    attributes: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def total_kurus(self) -> int:
        """Return the price of the goods, without delivery."""
        return sum(line.quantity * line.unit_price_kurus for line in self.lines)

    @property
    def last_movement(self) -> dt.datetime:
        """Return when anything last happened to the order that we know of."""
        known = [s.last_movement for s in self.shipments]
        if self.returned:
            known += [self.returned.handed_over_at, self.returned.arrived_at]
        return max((t for t in known if t), default=self.ordered_at)

    @property
    def parcel(self) -> ShipmentView | None:
        """Return the parcel to speak of: one still on its way, else the last that arrived."""
        on_way = [s for s in self.shipments if s.delivered_at is None]
        return on_way[-1] if on_way else (self.shipments[-1] if self.shipments else None)

    def products(self, language: str) -> str:
        """Return the products in one line, as people read them."""
        return ", ".join(line.label(language) for line in self.lines)


@dataclasses.dataclass(frozen=True)
class ProductView:
    """Something the shop sells."""

    sku: str
    name: str
    name_en: str = ""
    attributes: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class ShopSystem(abc.ABC):
    """Where a shop's orders and products are.

    Nothing here asks who may see an order: that is `orders/access.py`, the only caller that hands
    orders out. A system that can not answer now raises `bot.errors.TemporarilyUnavailable`; to
    find nothing is an empty answer and takes the same work as to find something.
    """

    @abc.abstractmethod
    def orders_of(self, phone: str | None, email: str | None) -> list[OrderView]:
        """Return the orders with this phone (E.164) or this e-mail, newest first."""

    @abc.abstractmethod
    def by_number(self, text: str) -> list[OrderView]:
        """Return the orders that a written number may mean, with or without prefix."""

    @abc.abstractmethod
    def by_tracking(self, text: str) -> list[OrderView]:
        """Return the orders with a parcel of exactly this tracking number."""

    @abc.abstractmethod
    def known_numbers(self, candidates: Iterable[str]) -> set[str]:
        """Return those of the candidates that are an order or tracking number of the shop."""

    @abc.abstractmethod
    def products(self, query: str) -> list[ProductView]:
        """Return products whose name or code holds every word of the query, best first."""
