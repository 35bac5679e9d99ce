"""Orders, their lines and shipments, as the `local` shop system keeps them. Money is in kuruş."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import relationship

from bot import clock
from bot.db import Base, BigId, UTCDateTime


class Product(Base):
    """Something the shop sells."""

    __tablename__ = "product"

    id = sa.Column(BigId, primary_key=True, autoincrement=True)
    sku = sa.Column(sa.String(64), nullable=False, unique=True)
    name = sa.Column(sa.String(200), nullable=False)
    name_en = sa.Column(sa.String(200), nullable=False, default="")
    attributes = sa.Column(sa.JSON, nullable=False, default=dict)


class Order(Base):
    """What somebody bought. `phone` and `email` on the order decide who may hear of it (V1)."""

    __tablename__ = "order"

    id = sa.Column(BigId, primary_key=True, autoincrement=True)
    number = sa.Column(sa.String(64), nullable=False, unique=True)
    search_key = sa.Column(sa.String(64), nullable=False, index=True)
    bare_key = sa.Column(sa.String(64), nullable=False, index=True)  # without prefix and suffix
    customer_id = sa.Column(BigId, sa.ForeignKey("customer.id"), nullable=False, index=True)
    customer_name = sa.Column(sa.String(200), nullable=False, default="")
    phone = sa.Column(sa.String(32), index=True)
    email = sa.Column(sa.String(320), index=True)
    language = sa.Column(sa.String(2), nullable=False, default="tr")
    ordered_at = sa.Column(UTCDateTime, nullable=False)
    state = sa.Column(sa.String(32), nullable=False)  # see `shopsystem.OrderState`
    currency = sa.Column(sa.String(3), nullable=False, default="TRY")
    attributes = sa.Column(sa.JSON, nullable=False, default=dict)  # gift note, return facts, ...
    is_demo = sa.Column(sa.Boolean, nullable=False, default=False)
    touched = sa.Column(sa.Boolean, nullable=False, default=False)  # changed since the demo load
    updated_at = sa.Column(UTCDateTime, nullable=False, default=clock.now)

    lines = relationship("OrderLine", back_populates="order", order_by="OrderLine.id")
    shipments = relationship("Shipment", back_populates="order", order_by="Shipment.id")


class OrderLine(Base):
    """One product of an order."""

    __tablename__ = "order_line"

    id = sa.Column(BigId, primary_key=True, autoincrement=True)
    order_id = sa.Column(BigId, sa.ForeignKey("order.id"), nullable=False, index=True)
    sku = sa.Column(sa.String(64), nullable=False, default="")
    name = sa.Column(sa.String(200), nullable=False)
    variant = sa.Column(sa.String(100), nullable=False, default="")
    quantity = sa.Column(sa.Integer, nullable=False, default=1)
    unit_price_kurus = sa.Column(sa.Integer, nullable=False)
    attributes = sa.Column(sa.JSON, nullable=False, default=dict)  # serial, warranty, ...

    order = relationship("Order", back_populates="lines")


class Shipment(Base):
    """A parcel on its way, with the carrier's last word."""

    __tablename__ = "shipment"

    id = sa.Column(BigId, primary_key=True, autoincrement=True)
    order_id = sa.Column(BigId, sa.ForeignKey("order.id"), nullable=False, index=True)
    carrier = sa.Column(sa.String(64), nullable=False)  # key of the carrier in the shop's settings
    tracking_number = sa.Column(sa.String(64), index=True)
    search_key = sa.Column(sa.String(64), index=True)
    handed_over_at = sa.Column(UTCDateTime)
    last_scan_at = sa.Column(UTCDateTime)
    last_scan_place = sa.Column(sa.String(200), nullable=False, default="")
    estimate_from = sa.Column(sa.Date)  # the carrier's own estimate, shop's zone
    estimate_to = sa.Column(sa.Date)
    delivered_at = sa.Column(UTCDateTime)

    order = relationship("Order", back_populates="shipments")
