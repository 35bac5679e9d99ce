"""What a person may ask of us under KVKK art. 11: to see their data, and to have it erased.

Erasing takes away the chat, the profile, the addresses and the points. Orders stay: the law asks a
shop to keep its books for ten years (TTK art. 82), and consent statements stay without an address,
as proof that we kept to them. Both are named in what `erase` returns, so that the person can be
told what stays and why.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock
from bot.accounts.models import AuditEntry
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
    DeadLetter,
    DeliveryReceipt,
    Effect,
    Identity,
    Message,
    OpenOption,
    Turn,
)
from bot.conversations.tickets.models import Ticket
from bot.errors import Conflict, NotFound

# How we run, not what we know of a person.
_OURS = frozenset({
    "bare_key", "claim_owner", "claim_until", "due_at", "lease_owner", "lease_until",
    "next_attempt_at", "rate_at", "rate_tokens", "search_key", "started_real", "arrived_real",
    "status_rank", "touched",
})


@dataclasses.dataclass(frozen=True)
class Erased:
    """What was done. `files` lie below `DATA_DIR/media`; `conversation` is Rasa's sender id."""

    conversation: str | None
    files: tuple[str, ...]
    orders_kept: int
    consents_kept: int


def _customer(session: Session, customer_id: int) -> Customer:
    found = session.get(Customer, customer_id)
    if found is None:
        raise NotFound(f"there is no customer {customer_id}")
    return found


def _row(entity: Any) -> dict[str, Any]:
    return {
        column.key: getattr(entity, column.key)
        for column in sa.inspect(type(entity)).columns if column.key not in _OURS
    }


def _rows(session: Session, table: Any, *conditions: Any) -> list[dict[str, Any]]:
    query = sa.select(table).where(*conditions).order_by(table.id)
    return [_row(entity) for entity in session.scalars(query)]


def export(session: Session, customer_id: int) -> dict[str, Any]:
    """Return everything kept about a customer, by kind; times are aware, sums in kuruş."""
    customer = _customer(session, customer_id)
    conversations = sa.select(Conversation.id).where(Conversation.customer_id == customer_id)
    identities = sa.select(Identity.id).where(Identity.customer_id == customer_id)
    orders = sa.select(Order.id).where(Order.customer_id == customer_id)
    messages = sa.select(Message.id).where(Message.conversation_id.in_(conversations))
    turns = session.scalars(sa.select(Turn).where(Turn.conversation_id.in_(conversations)))
    return {
        "customer": _row(customer),
        "identities": _rows(session, Identity, Identity.customer_id == customer_id),
        "conversations": _rows(session, Conversation, Conversation.customer_id == customer_id),
        "messages": _rows(session, Message, Message.id.in_(messages)),
        "attachments": _rows(session, Attachment, Attachment.message_id.in_(messages)),
        "turns": [_row(turn) for turn in turns],
        "cases": _rows(session, Case, Case.conversation_id.in_(conversations)),
        "handovers": _rows(session, Handover, Handover.conversation_id.in_(conversations)),
        "promises": _rows(session, Promise, Promise.conversation_id.in_(conversations)),
        "tickets": _rows(session, Ticket, Ticket.customer_id == customer_id),
        "orders": _rows(session, Order, Order.customer_id == customer_id),
        "order_lines": _rows(session, OrderLine, OrderLine.order_id.in_(orders)),
        "shipments": _rows(session, Shipment, Shipment.order_id.in_(orders)),
        "points": _rows(session, PointsEntry, PointsEntry.customer_id == customer_id),
        "consents": _rows(session, ConsentEntry, ConsentEntry.customer_id == customer_id),
        "verifications": _rows(session, Verification, Verification.identity_id.in_(identities)),
    }


def erase(session: Session, customer_id: int) -> Erased:
    """Erase what identifies a customer; the caller removes the files and Rasa's memory after it.

    Raises Conflict while a turn of theirs is being answered: it would be written again.
    """
    customer = _customer(session, customer_id)
    talks = session.scalars(
        sa.select(Conversation).where(Conversation.customer_id == customer_id)
    ).all()
    if any(talk.lease_until > clock.real() for talk in talks):
        raise Conflict("a message of this customer is being answered; try again in a moment")
    ids = [int(talk.id) for talk in talks]
    files = _erase_chat(session, ids)
    identities = sa.select(Identity.id).where(Identity.customer_id == customer_id)
    _run(session, sa.update(Ticket).where(Ticket.customer_id == customer_id).values(
        details={}, conversation_id=None, case_id=None,
    ))
    kept = _run(session, sa.update(ConsentEntry).where(
        ConsentEntry.customer_id == customer_id
    ).values(identity_id=None, proof=""))
    _run(session, sa.delete(Verification).where(Verification.identity_id.in_(identities)))
    _run(session, sa.delete(PointsEntry).where(PointsEntry.customer_id == customer_id))
    _run(session, sa.delete(Conversation).where(Conversation.id.in_(ids)))
    _run(session, sa.delete(Identity).where(Identity.customer_id == customer_id))
    customer.name, customer.phone, customer.email, customer.preferences = "", None, None, {}
    orders = session.scalar(
        sa.select(sa.func.count()).select_from(Order).where(Order.customer_id == customer_id)
    )
    session.add(AuditEntry(action="customer.erase", target=f"customer:{customer_id}", details={}))
    return Erased(talks[0].uid if talks else None, files, int(orders or 0), kept)


def _erase_chat(session: Session, conversations: list[int]) -> tuple[str, ...]:
    """Delete everything below the conversations; return the paths of their files."""
    messages = sa.select(Message.id).where(Message.conversation_id.in_(conversations))
    turns = sa.select(Turn.id).where(Turn.conversation_id.in_(conversations))
    sent = sa.select(Message.provider_message_id).where(
        Message.conversation_id.in_(conversations), Message.provider_message_id.is_not(None)
    )
    files = session.scalars(
        sa.select(Attachment.path)
        .where(Attachment.message_id.in_(messages), Attachment.path.is_not(None))
    ).all()
    for statement in (
        sa.delete(Attachment).where(Attachment.message_id.in_(messages)),
        sa.delete(DeadLetter).where(DeadLetter.message_id.in_(messages)),
        sa.delete(DeliveryReceipt).where(sa.or_(
            DeliveryReceipt.message_id.in_(messages),
            DeliveryReceipt.provider_message_id.in_(sent),
        )),
        sa.delete(Promise).where(Promise.conversation_id.in_(conversations)),
        sa.delete(OpenOption).where(OpenOption.conversation_id.in_(conversations)),
        sa.delete(Handover).where(Handover.conversation_id.in_(conversations)),
        sa.delete(Effect).where(Effect.turn_id.in_(turns)),
        sa.delete(Message).where(Message.conversation_id.in_(conversations)),
        sa.delete(Turn).where(Turn.conversation_id.in_(conversations)),
        sa.update(Ticket).where(Ticket.conversation_id.in_(conversations)).values(
            conversation_id=None, case_id=None,
        ),
        sa.delete(Case).where(Case.conversation_id.in_(conversations)),
    ):
        _run(session, statement)
    return tuple(str(path) for path in files)


def _run(session: Session, statement: Any) -> int:
    outcome: Any = session.execute(statement.execution_options(synchronize_session=False))
    return int(outcome.rowcount)
