"""Writes to conversations that any room below the brain may need: arrival, cases, leases."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db
from bot.channels.events import InboundMessage
from bot.conversations.models import (
    Attachment,
    Case,
    Conversation,
    Customer,
    Identity,
    Lease,
    Message,
)
from bot.conversations.states import Author, Handling, Inbound

CASE_SILENCE = dt.timedelta(hours=24)  # an answered case this quiet is over
LEASE_SECONDS = 15.0


@dataclasses.dataclass(frozen=True)
class Stored:
    """What storing one inbound message did."""

    conversation_id: int
    message_id: int
    attachment_ids: tuple[int, ...]


def _serialise_sender(session: Session, message: InboundMessage) -> None:
    """Let only one transaction at a time create the rows of one sender.

    SQLite writers are alone anyway (BEGIN IMMEDIATE); PostgreSQL gets an advisory lock.
    """
    if session.get_bind().dialect.name == "postgresql":
        key = f"{message.channel}|{message.sender.phone or message.sender.address}"
        number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big", signed=True)
        session.execute(sa.text("SELECT pg_advisory_xact_lock(:n)"), {"n": number})


def _find_identity(session: Session, message: InboundMessage) -> Identity | None:
    addresses = (message.sender.address, *message.sender.aliases)
    rows: list[Identity] = list(
        session.scalars(
            sa.select(Identity).where(
                Identity.channel == message.channel,
                Identity.account == message.account,
                sa.or_(Identity.address.in_(addresses), Identity.alias.in_(addresses)),
            )
        )
    )
    exact = [row for row in rows if row.address == message.sender.address]
    found = exact or rows
    return found[0] if found else None


def _new_identity(session: Session, message: InboundMessage) -> Identity:
    sender = message.sender
    customer: Customer | None = None
    if sender.phone:
        customer = session.scalars(
            sa.select(Customer).where(Customer.phone == sender.phone).order_by(Customer.id).limit(1)
        ).first()
    if customer is None:
        customer = Customer(phone=sender.phone)
        session.add(customer)
        session.flush()
    identity = Identity(
        customer_id=customer.id, channel=message.channel, account=message.account,
        address=sender.address, alias=(sender.aliases or (None,))[0], phone=sender.phone,
        display_name=sender.display_name[:200], language=None,
    )
    session.add(identity)
    session.flush()
    return identity


def identity_for(session: Session, message: InboundMessage) -> Identity:
    """Return the identity that wrote, made on first contact and linked by a vouched phone only."""
    return _find_identity(session, message) or _new_identity(session, message)


def _refresh(session: Session, identity: Identity, message: InboundMessage) -> None:
    """Keep what a later message says about its sender."""
    sender = message.sender
    if sender.phone and not identity.phone:
        _learn_phone(session, identity, sender.address, sender.phone)
    if sender.aliases and not identity.alias:
        identity.alias = sender.aliases[0]
    if sender.display_name and identity.display_name != sender.display_name[:200]:
        identity.display_name = sender.display_name[:200]


def _learn_phone(session: Session, identity: Identity, address: str, phone: str) -> None:
    """Note the number of somebody who was known by a business-scoped id alone; answers go there."""
    identity.alias, identity.address, identity.phone = identity.address, address, phone
    customer = session.get(Customer, identity.customer_id)
    taken = sa.select(Customer.id).where(Customer.phone == phone)
    if customer is not None and not customer.phone and not session.execute(taken).first():
        customer.phone = phone


def conversation_for(session: Session, identity: Identity) -> Conversation:
    """Return the customer's conversation, locked for this transaction."""
    query = sa.select(Conversation).where(Conversation.customer_id == identity.customer_id)
    conversation: Conversation | None = session.scalars(query.with_for_update()).first()
    if conversation is None:
        customer = session.get(Customer, identity.customer_id)
        db.insert_once(
            session, Conversation, customer_id=identity.customer_id, identity_id=identity.id,
            language=customer.language if customer else "tr",
        )
        conversation = session.scalars(query.with_for_update()).one()
    return conversation


def open_case(session: Session, conversation_id: int, now: dt.datetime) -> Case:
    """Return the conversation's running case; opens one when the last is closed or gone quiet.

    Silence closes nothing while the conversation waits for a person or a person has it.
    """
    case: Case | None = session.scalars(
        sa.select(Case)
        .where(Case.conversation_id == conversation_id, Case.closed_at.is_(None))
        .order_by(Case.id.desc())
    ).first()
    quiet = case is not None and case.answered and now - case.last_activity_at > CASE_SILENCE
    if case is not None and quiet and not _with_people(session, conversation_id):
        case.closed_at, case.closed_by = case.last_activity_at + CASE_SILENCE, "silence"
        case = None
    if case is None:
        case = Case(conversation_id=conversation_id, opened_at=now, last_activity_at=now)
        session.add(case)
        session.flush()
    return case


_WITH_PEOPLE = (Handling.WAITING.value, Handling.AGENT.value)


def _with_people(session: Session, conversation_id: int) -> bool:
    state = sa.select(Conversation.state).where(Conversation.id == conversation_id)
    return session.scalar(state) in _WITH_PEOPLE


def close_quiet_cases(session: Session) -> int:
    """Close cases that were answered and then stayed silent for a day; return how many.

    Not those whose conversation waits for a person or is with one: there an answer is still owed.
    """
    limit = clock.now() - CASE_SILENCE
    owed = sa.select(Conversation.id).where(Conversation.state.in_(_WITH_PEOPLE))
    outcome: Any = session.execute(
        sa.update(Case)
        .where(
            Case.closed_at.is_(None), Case.answered.is_(True), Case.last_activity_at < limit,
            Case.conversation_id.not_in(owed),
        )
        .values(closed_at=clock.now(), closed_by="silence")
        .execution_options(synchronize_session=False)
    )
    return int(outcome.rowcount)


def _provider_id(text: str) -> str:
    """Keep an id of any length comparable within the column's 255 characters."""
    return text if len(text) <= 255 else hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def store_inbound(session: Session, message: InboundMessage) -> Stored | None:
    """Store a message once, with its customer, conversation and case; None for a repeat.

    The order of a conversation is the order of these commits: the conversation's row is locked
    before the message gets its id.
    """
    now = clock.now()
    provider_id = _provider_id(message.provider_message_id)
    known = sa.select(Message.id).where(
        Message.channel == message.channel, Message.account == message.account,
        Message.direction == "in", Message.provider_message_id == provider_id,
    )
    if session.execute(known).first():
        return None
    _serialise_sender(session, message)
    identity = identity_for(session, message)
    # The conversation's row is locked before its identity is touched, as everywhere else.
    conversation = conversation_for(session, identity)
    _refresh(session, identity, message)
    case = open_case(session, conversation.id, now)
    inserted = db.insert_once(
        session, Message, conversation_id=conversation.id, case_id=case.id,
        identity_id=identity.id, direction="in", author=Author.CUSTOMER.value,
        channel=message.channel, account=message.account, provider_message_id=provider_id,
        kind=message.kind.value, text=message.text, raw=dict(message.raw),
        attributes=_attributes(message), provider_time=message.provider_time, created_at=now,
        state=Inbound.RECEIVED.value,
    )
    if not inserted:
        return None
    message_id = int(session.execute(known).scalar_one())
    attachments = [
        Attachment(
            message_id=message_id, kind=a.kind.value, content_type=a.content_type[:100],
            file_name=a.file_name[:255], reference=a.reference, next_attempt_at=now,
        )
        for a in message.attachments
    ]
    session.add_all(attachments)
    case.last_activity_at, case.answered = now, False
    identity.last_inbound_at = now
    identity.unreachable = None
    conversation.identity_id, conversation.last_inbound_at = identity.id, now
    conversation.unanswered = True
    if conversation.state == Handling.RESOLVED.value:
        conversation.state = Handling.BOT.value
    session.flush()
    return Stored(int(conversation.id), message_id, tuple(int(a.id) for a in attachments))


def _attributes(message: InboundMessage) -> dict[str, Any]:
    found: dict[str, Any] = dict(message.attributes)
    if message.payload:
        found["payload"] = message.payload
    if message.reply_to:
        found["reply_to"] = message.reply_to
    if message.forwarded:
        found["forwarded"] = True
    if message.automatic:
        found["automatic"] = True
    return found


def take_lease(session: Session, conversation_id: int, owner: str) -> bool:
    """Become the one worker of a conversation for `LEASE_SECONDS`; False when another is."""
    now = clock.real()
    return db.conditional_update(
        session,
        sa.update(Conversation)
        .where(
            Conversation.id == conversation_id,
            sa.or_(Conversation.lease_until < now, Conversation.lease_owner == owner),
        )
        .values(lease_owner=owner, lease_until=now + LEASE_SECONDS),
    )


def release_lease(session: Session, conversation_id: int, owner: str) -> None:
    """Give the conversation back; harmless when the lease was lost meanwhile."""
    session.execute(
        sa.update(Conversation)
        .where(Conversation.id == conversation_id, Conversation.lease_owner == owner)
        .values(lease_owner=None, lease_until=0.0)
        .execution_options(synchronize_session=False)
    )


def take_named_lease(session: Session, name: str, owner: str, seconds: float) -> bool:
    """Become the one process that does `name` for so many real seconds."""
    db.insert_once(session, Lease, name=name)
    now = clock.real()
    return db.conditional_update(
        session,
        sa.update(Lease)
        .where(Lease.name == name, sa.or_(Lease.until < now, Lease.owner == owner))
        .values(owner=owner, until=now + seconds),
    )
