"""Rows for tests: people, their conversations, orders."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from bot import clock
from bot.accounts.models import User
from bot.aftersales.orders.models import Order, OrderLine, Shipment
from bot.aftersales.orders.numbers import bare_key
from bot.conversations.models import Conversation, Customer, Identity, new_uid
from bot.text import search_key


def talk(
    session: Session, phone: str | None = "+905321234567", *, channel: str = "twilio_whatsapp",
    customer: Customer | None = None, state: str = "bot", address: str = "",
) -> Conversation:
    """A conversation of somebody whose phone the provider vouches for (or of somebody without)."""
    person = customer or Customer(phone=phone)
    session.add(person)
    session.flush()
    identity = Identity(
        customer_id=person.id, channel=channel, account="shop",
        address=address or phone or new_uid(), phone=phone,
    )
    session.add(identity)
    session.flush()
    conversation = Conversation(customer_id=person.id, identity_id=identity.id, state=state)
    session.add(conversation)
    session.flush()
    return conversation


def order(
    session: Session, number: str, *, phone: str | None = "+905321234567",
    email: str | None = None, state: str = "shipped", tracking: str = "", name: str = "Kupa",
    ordered_at: dt.datetime | None = None, attributes: dict[str, Any] | None = None,
    **parcel: Any,
) -> Order:
    """An order with one line and, if its state or arguments ask for it, one parcel."""
    person = Customer(phone=phone, email=email)
    session.add(person)
    session.flush()
    made = Order(
        number=number, search_key=search_key(number), bare_key=bare_key(number),
        customer_id=person.id, customer_name="Ayşe Kaya", phone=phone, email=email, state=state,
        ordered_at=ordered_at or clock.now(), attributes=attributes or {},
    )
    made.lines = [OrderLine(sku="S", name=name, unit_price_kurus=1000)]
    if tracking or parcel:
        made.shipments = [Shipment(
            carrier=parcel.pop("carrier", "yurtici"), tracking_number=tracking,
            search_key=search_key(tracking), **parcel,
        )]
    session.add(made)
    session.flush()
    return made


def agents(session: Session, count: int) -> None:
    """People who answer."""
    for n in range(count):
        session.add(User(email=f"a{n}@example.com", name=f"A{n}", role="agent", password_hash="x"))
    session.flush()
