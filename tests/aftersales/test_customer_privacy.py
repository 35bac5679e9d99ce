"""What a person may ask of us: to see everything, and to have it erased."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from bot import clock, db
from bot.aftersales.customers import privacy
from bot.aftersales.customers.models import ConsentEntry, Verification
from bot.aftersales.loyalty.models import PointsEntry
from bot.aftersales.orders.models import Order, OrderLine, Shipment
from bot.aftersales.promises.models import Promise
from bot.conversations.handover.models import Handover
from bot.conversations.models import (
    Attachment,
    Case,
    Conversation,
    Customer,
    DeliveryReceipt,
    Effect,
    Identity,
    Message,
    OpenOption,
    Turn,
)
from bot.conversations.tickets.models import Ticket
from bot.errors import Conflict, NotFound
from bot.models import Base

pytestmark = pytest.mark.usefixtures("database")


def person(name: str, phone: str) -> int:
    """Store somebody with a row of every kind; the name and the phone are in each of them."""
    with db.write() as session:
        def add(row: object) -> object:
            session.add(row)
            session.flush()
            return row

        customer = Customer(name=name, phone=phone, email=f"{name}@example.com",
                            preferences={"call": phone})
        add(customer)
        identity = Identity(customer_id=customer.id, channel="twilio_whatsapp", account="a",
                            address=phone, phone=phone, display_name=name)
        add(identity)
        talk = Conversation(customer_id=customer.id, identity_id=identity.id,
                            memory={"said": name})
        add(talk)
        case = Case(conversation_id=talk.id)
        add(case)
        turn = Turn(conversation_id=talk.id, result={"heard": name})
        add(turn)
        message = Message(
            conversation_id=talk.id, case_id=case.id, identity_id=identity.id, turn_id=turn.id,
            direction="in", author="customer", channel="twilio_whatsapp", account="a",
            provider_message_id=f"SM-{name}", text=f"ben {name}", raw={"From": phone},
            state="answered",
        )
        add(message)
        add(Attachment(message_id=message.id, kind="image", reference=f"http://x/{name}",
                       path=f"{name}.jpg", state="stored"))
        add(DeliveryReceipt(channel="twilio_whatsapp", provider_message_id=f"SM-{name}",
                            status="read", raw={"To": phone}, message_id=message.id))
        add(OpenOption(payload=f"opt-{name}", conversation_id=talk.id, turn_id=turn.id,
                       number=1, title=name, command="/affirm"))
        add(Effect(turn_id=turn.id, kind="ticket", result={"name": name}))
        add(Promise(conversation_id=talk.id, turn_id=turn.id, message_id=message.id,
                    kind="human_reply", basis={}, wording=f"{name} için"))
        add(Handover(conversation_id=talk.id, reason="asked", summary={"who": name}))
        add(Ticket(number=f"T-{customer.id}", conversation_id=talk.id, case_id=case.id,
                   customer_id=customer.id, intent="complaint", category="complaint",
                   details={"text": f"ben {name}"}))
        order = Order(number=f"N{customer.id}", search_key=f"N{customer.id}",
                      bare_key=str(customer.id), customer_id=customer.id, customer_name=name,
                      phone=phone, ordered_at=clock.now(), state="delivered")
        add(order)
        add(OrderLine(order_id=order.id, name="Tencere", unit_price_kurus=100))
        add(Shipment(order_id=order.id, carrier="yurtici"))
        add(PointsEntry(customer_id=customer.id, points=5, reason=f"order of {name}"))
        add(ConsentEntry(customer_id=customer.id, identity_id=identity.id, channel="all",
                         given=False, source="chat", proof=name))
        add(Verification(identity_id=identity.id, level="V1", order_number="1", success=True,
                         method=f"phone {phone}"))
        return int(customer.id)


def everything() -> dict[str, str]:
    """Return the whole database as text, by table."""
    found = {}
    with db.read() as session:
        for table in Base.metadata.sorted_tables:
            rows = session.execute(sa.select(table)).all()
            found[table.name] = json.dumps([list(row) for row in rows], default=str)
    return found


def test_an_export_holds_every_row_of_the_person_and_of_nobody_else() -> None:
    ayse = person("Ayse", "+905321234567")
    person("Mehmet", "+905337654321")
    with db.read() as session:
        record = privacy.export(session, ayse)
    text = json.dumps(record, default=str)
    assert all(record[kind] for kind in record), [k for k in record if not record[k]]
    assert "ben Ayse" in text
    assert "Mehmet" not in text
    assert "+905337654321" not in text


def test_erasing_leaves_the_orders_and_nothing_else_that_names_the_person() -> None:
    ayse = person("Ayse", "+905321234567")
    person("Mehmet", "+905337654321")
    with db.write() as session:
        done = privacy.erase(session, ayse)
    assert (done.files, done.orders_kept, done.consents_kept) == (("Ayse.jpg",), 1, 1)
    assert done.conversation
    left = {
        name for name, rows in everything().items() if "Ayse" in rows or "+905321234567" in rows
    }
    assert left == {"order"}


def test_erasing_touches_nobody_else() -> None:
    ayse = person("Ayse", "+905321234567")
    mehmet = person("Mehmet", "+905337654321")
    with db.read() as session:
        before = privacy.export(session, mehmet)
    with db.write() as session:
        privacy.erase(session, ayse)
    with db.read() as session:
        assert privacy.export(session, mehmet) == before


def test_nobody_is_erased_in_the_middle_of_an_answer() -> None:
    ayse = person("Ayse", "+905321234567")
    with db.write() as session:
        session.execute(sa.update(Conversation).values(lease_until=clock.real() + 10))
    with pytest.raises(Conflict), db.write() as session:
        privacy.erase(session, ayse)
    with db.read() as session:
        assert session.get(Customer, ayse).name == "Ayse"


def test_an_unknown_customer_is_said() -> None:
    with pytest.raises(NotFound), db.read() as session:
        privacy.export(session, 4711)
    with pytest.raises(NotFound), db.write() as session:
        privacy.erase(session, 4711)
