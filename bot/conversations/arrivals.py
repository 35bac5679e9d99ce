"""Storing what a customer wrote: once, in order, with customer, address, conversation and case.

Every message passes here, so this room speaks to tables by prepared statements, not through objects.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db
from bot.channels.events import InboundMessage
from bot.conversations import service
from bot.conversations.models import Attachment, Case, Conversation, Customer, Identity, Message
from bot.conversations.states import Author, Handling, Inbound

_case, _talk, _customer = Case.__table__, Conversation.__table__, Customer.__table__
_identity, _message = Identity.__table__, Message.__table__

_KNOWN = db.prepared(
    lambda channel, account, provider_id: sa.select(_message.c.id).where(
        _message.c.channel == channel, _message.c.account == account,
        _message.c.direction == "in", _message.c.provider_message_id == provider_id,
    )
)
_SENDERS = db.prepared(
    lambda channel, account, addresses, aliases: sa.select(
        _identity.c.id, _identity.c.customer_id, _identity.c.address, _identity.c.alias,
        _identity.c.phone, _identity.c.display_name,
    ).where(
        _identity.c.channel == channel, _identity.c.account == account,
        sa.or_(_identity.c.address.in_(addresses), _identity.c.alias.in_(aliases)),
    )
)
_NEW_CUSTOMER, _NEW_IDENTITY = sa.insert(_customer), sa.insert(_identity)
_WITH_PHONE = db.prepared(
    lambda phone: sa.select(_customer.c.id)
    .where(_customer.c.phone == phone)
    .order_by(_customer.c.id)
    .limit(1)
)
_LANGUAGE = db.prepared(
    lambda customer: sa.select(_customer.c.language).where(_customer.c.id == customer)
)
_GIVE_PHONE = db.prepared(
    lambda customer, number: sa.update(_customer)
    .where(_customer.c.id == customer, _customer.c.phone.is_(None))
    .values(phone=number)
)
_TALK = db.prepared(  # locked for this transaction
    lambda customer: sa.select(_talk.c.id, _talk.c.state)
    .where(_talk.c.customer_id == customer)
    .with_for_update()
)
_HEARD_FROM = db.prepared(
    lambda identity: sa.update(_identity).where(_identity.c.id == identity)
)
_HEARD_IN = db.prepared(
    lambda conversation, at, identity, state: sa.update(_talk)
    .where(_talk.c.id == conversation)
    .values(identity_id=identity, last_inbound_at=at, unanswered=True, state=state)
)
_HEARD_ABOUT = db.prepared(
    lambda case, at: sa.update(_case)
    .where(_case.c.id == case)
    .values(last_activity_at=at, answered=False)
)


@dataclasses.dataclass(frozen=True)
class Stored:
    """What storing one inbound message did."""

    conversation_id: int
    message_id: int
    attachment_ids: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class _Sender:
    """An address that wrote, as its row stands."""

    id: int
    customer_id: int
    address: str
    alias: str | None
    phone: str | None
    display_name: str
    is_new: bool = False  # made by this message
    is_new_customer: bool = False


def store(session: Session, message: InboundMessage) -> Stored | None:
    """Store a message once, with its customer, conversation and case; None for a repeat.

    The order of a conversation is the order of these commits: the conversation's row is locked
    before the message gets its id.
    """
    now = clock.now()
    provider_id = _provider_id(message.provider_message_id)
    where = {"channel": message.channel, "account": message.account}
    if _KNOWN(session, **where, provider_id=provider_id).first():
        return None
    _serialise_sender(session, message)
    sender = _find(session, message) or _make(session, message, now)
    conversation_id, case_id = _heard(session, sender, message, now)
    message_id = db.insert_once_id(
        session, Message, **where, conversation_id=conversation_id, case_id=case_id,
        identity_id=sender.id, direction="in", author=Author.CUSTOMER.value,
        provider_message_id=provider_id, kind=message.kind.value, text=message.text,
        raw=dict(message.raw), attributes=_attributes(message),
        provider_time=message.provider_time, created_at=now, state=Inbound.RECEIVED.value,
    )
    if message_id is None:
        return None
    files = [
        Attachment(
            message_id=message_id, kind=a.kind.value, content_type=a.content_type[:100],
            file_name=a.file_name[:255], reference=a.reference, next_attempt_at=now,
        )
        for a in message.attachments
    ]
    if files:
        session.add_all(files)
        session.flush()
    return Stored(conversation_id, message_id, tuple(int(a.id) for a in files))


def _heard(
    session: Session, sender: _Sender, message: InboundMessage, now: dt.datetime
) -> tuple[int, int]:
    """Note on conversation, address and case that somebody wrote; return conversation and case."""
    # The conversation's row is locked before its identity is touched, as everywhere else.
    talk = None if sender.is_new_customer else _TALK(session, customer=sender.customer_id).first()
    if talk is None:
        language = None if sender.is_new_customer else _LANGUAGE(
            session, customer=sender.customer_id
        ).scalar()
        number = db.insert_once_id(
            session, Conversation, customer_id=sender.customer_id, identity_id=sender.id,
            language=language or "tr", last_inbound_at=now, unanswered=True,
        )
        if number is not None:
            _refresh(session, sender, message, now)
            return number, service.new_case(session, number, now)
        talk = _TALK(session, customer=sender.customer_id).one()
    _refresh(session, sender, message, now)
    state = Handling.BOT.value if talk.state == Handling.RESOLVED.value else talk.state
    _HEARD_IN(session, conversation=talk.id, at=now, identity=sender.id, state=state)
    case = service.open_case(session, talk.id, now)
    if case.answered or case.last_activity_at != now:
        _HEARD_ABOUT(session, case=case.id, at=now)
    return int(talk.id), case.id


def _provider_id(text: str) -> str:
    """Keep an id of any length comparable within the column's 255 characters."""
    return text if len(text) <= 255 else hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _serialise_sender(session: Session, message: InboundMessage) -> None:
    """Let only one transaction at a time create the rows of one sender.

    SQLite writers are alone anyway (BEGIN IMMEDIATE); PostgreSQL gets an advisory lock.
    """
    if session.get_bind().dialect.name == "postgresql":
        key = f"{message.channel}|{message.sender.phone or message.sender.address}"
        number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big", signed=True)
        session.execute(sa.text("SELECT pg_advisory_xact_lock(:n)"), {"n": number})


def _find(session: Session, message: InboundMessage) -> _Sender | None:
    addresses = [message.sender.address, *message.sender.aliases]
    rows = _SENDERS(
        session, channel=message.channel, account=message.account, addresses=addresses,
        aliases=addresses,
    ).all()
    exact = [row for row in rows if row.address == message.sender.address]
    found = exact or rows
    return _Sender(*found[0]) if found else None


def _make(session: Session, message: InboundMessage, now: dt.datetime) -> _Sender:
    """Make an address on first contact, linked to a customer by a vouched phone only."""
    sender = message.sender
    customer_id = _WITH_PHONE(session, phone=sender.phone).scalar() if sender.phone else None
    is_new_customer = customer_id is None
    if customer_id is None:
        made = session.execute(_NEW_CUSTOMER, {"phone": sender.phone})
        customer_id = int(made.inserted_primary_key[0])
    new = _Sender(
        0, customer_id, sender.address, (sender.aliases or (None,))[0], sender.phone,
        sender.display_name[:200], is_new=True, is_new_customer=is_new_customer,
    )
    made = session.execute(
        _NEW_IDENTITY,
        {
            "channel": message.channel, "account": message.account, "customer_id": customer_id,
            "address": new.address, "alias": new.alias, "phone": new.phone,
            "display_name": new.display_name, "last_inbound_at": now,
        },
    )
    return dataclasses.replace(new, id=int(made.inserted_primary_key[0]))


def _refresh(
    session: Session, known: _Sender, message: InboundMessage, now: dt.datetime
) -> None:
    """Keep what a message says about its sender; a number learned goes to the customer, too."""
    if known.is_new:
        return
    sender = message.sender
    changes: dict[str, Any] = {"last_inbound_at": now, "unreachable": None}
    if sender.phone and not known.phone:
        # Known by a business-scoped id alone until now; answers go to the number.
        changes |= {"alias": known.address, "address": sender.address, "phone": sender.phone}
        if not _WITH_PHONE(session, phone=sender.phone).first():
            _GIVE_PHONE(session, customer=known.customer_id, number=sender.phone)
    if sender.aliases and not (changes.get("alias") or known.alias):
        changes["alias"] = sender.aliases[0]
    if sender.display_name and sender.display_name[:200] != known.display_name:
        changes["display_name"] = sender.display_name[:200]
    _HEARD_FROM(session, identity=known.id, **changes)


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
