"""Who said what, and whose turn it is.

customer <- identity (one per channel address); customer <- conversation <- message, turn, case.
Every message, in or out, is one row of `message`; an outgoing row is also its place in the outbox.
"""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import relationship

from bot import clock
from bot.db import Base, BigId, UTCDateTime


def new_uid() -> str:
    """Return an opaque id that says nothing about the person or the order of rows."""
    return uuid.uuid4().hex


class Customer(Base):
    """A person, over all channels."""

    __tablename__ = "customer"

    id = sa.Column(BigId, primary_key=True, autoincrement=True)
    uid = sa.Column(sa.String(32), nullable=False, unique=True, default=new_uid)
    name = sa.Column(sa.String(200), nullable=False, default="")
    phone = sa.Column(sa.String(32), index=True)  # E.164
    email = sa.Column(sa.String(320), index=True)
    language = sa.Column(sa.String(2), nullable=False, default="tr")
    preferences = sa.Column(sa.JSON, nullable=False, default=dict)
    is_demo = sa.Column(sa.Boolean, nullable=False, default=False)
    created_at = sa.Column(UTCDateTime, nullable=False, default=clock.now)

    identities = relationship("Identity", back_populates="customer")


class Identity(Base):
    """An address of a customer on one channel."""

    __tablename__ = "identity"
    __table_args__ = (sa.UniqueConstraint("channel", "account", "address"),)

    id = sa.Column(BigId, primary_key=True, autoincrement=True)
    customer_id = sa.Column(BigId, sa.ForeignKey("customer.id"), nullable=False, index=True)
    channel = sa.Column(sa.String(32), nullable=False)
    account = sa.Column(sa.String(100), nullable=False)
    address = sa.Column(sa.String(255), nullable=False)
    alias = sa.Column(sa.String(255), index=True)  # a second id of the same person (BSUID)
    phone = sa.Column(sa.String(32), index=True)  # only where the provider vouches for it
    display_name = sa.Column(sa.String(200), nullable=False, default="")
    language = sa.Column(sa.String(2))  # of the last message that showed one
    notice_at = sa.Column(UTCDateTime)  # when the first-contact line was last said
    last_inbound_at = sa.Column(UTCDateTime)  # opens the provider's free-text window
    opted_out_at = sa.Column(UTCDateTime)  # no marketing on this address
    unreachable = sa.Column(sa.String(64))  # provider's code, when the address is dead or blocked us
    rate_tokens = sa.Column(sa.Float, nullable=False, default=-1.0)  # pair bucket; -1: full
    rate_at = sa.Column(sa.Float, nullable=False, default=0.0)  # real seconds
    created_at = sa.Column(UTCDateTime, nullable=False, default=clock.now)

    customer = relationship("Customer", back_populates="identities")


class Conversation(Base):
    """Everything said between the shop and one customer, for life, over all channels."""

    __tablename__ = "conversation"

    id = sa.Column(BigId, primary_key=True, autoincrement=True)
    uid = sa.Column(sa.String(32), nullable=False, unique=True, default=new_uid)  # what Rasa sees
    customer_id = sa.Column(BigId, sa.ForeignKey("customer.id"), nullable=False, unique=True)
    identity_id = sa.Column(BigId, sa.ForeignKey("identity.id"))  # last one heard; answers go there
    state = sa.Column(sa.String(16), nullable=False, default="bot", index=True)
    language = sa.Column(sa.String(2), nullable=False, default="tr")

    # Hand-over
    wait_reason = sa.Column(sa.String(16))  # asked, rule, outage, agent_left, unanswered
    waiting_since = sa.Column(UTCDateTime)
    promised_at = sa.Column(UTCDateTime)  # when we said a person answers
    agent_id = sa.Column(BigId, sa.ForeignKey("user.id"))
    agent_since = sa.Column(UTCDateTime)

    # The mailbox: one worker at a time, in real seconds since the epoch
    lease_owner = sa.Column(sa.String(64))
    lease_until = sa.Column(sa.Float, nullable=False, default=0.0)
    unanswered = sa.Column(sa.Boolean, nullable=False, default=False, index=True)
    due_at = sa.Column(sa.Float, nullable=False, default=0.0)  # not before (joining, retries)

    # What must survive Rasa's sessions (design: dialogue memory)
    memory = sa.Column(sa.JSON, nullable=False, default=dict)
    last_inbound_at = sa.Column(UTCDateTime, index=True)
    created_at = sa.Column(UTCDateTime, nullable=False, default=clock.now)

    customer = relationship("Customer")
    identity = relationship("Identity")


class Case(Base):
    """An episode: from the first message after the last one closed until it is resolved."""

    __tablename__ = "case"

    id = sa.Column(BigId, primary_key=True, autoincrement=True)
    conversation_id = sa.Column(
        BigId, sa.ForeignKey("conversation.id"), nullable=False, index=True
    )
    opened_at = sa.Column(UTCDateTime, nullable=False, default=clock.now)
    last_activity_at = sa.Column(UTCDateTime, nullable=False, default=clock.now)
    answered = sa.Column(sa.Boolean, nullable=False, default=False)
    closed_at = sa.Column(UTCDateTime, index=True)
    closed_by = sa.Column(sa.String(16))  # agent, silence
    intent = sa.Column(sa.String(64))  # of the first wish in it

    @property
    def number(self) -> str:
        """The number people use for it."""
        return f"V-{100000 + int(self.id)}"


class Turn(Base):
    """One answer of the bot to one or more messages."""

    __tablename__ = "turn"

    id = sa.Column(sa.String(32), primary_key=True, default=new_uid)
    conversation_id = sa.Column(
        BigId, sa.ForeignKey("conversation.id"), nullable=False, index=True
    )
    # open: being worked on · answered: replies stored · silent: no reply is right (agent, automatic,
    # repeated) · outage: told once, waits for the brain or a person
    state = sa.Column(sa.String(16), nullable=False, default="open", index=True)
    reason = sa.Column(sa.String(32))  # why it is silent, or what answered instead of the brain
    created_at = sa.Column(UTCDateTime, nullable=False, default=clock.now)
    started_real = sa.Column(sa.Float, nullable=False, default=clock.real)
    answered_at = sa.Column(UTCDateTime)
    attempts = sa.Column(sa.Integer, nullable=False, default=0)
    commands = sa.Column(sa.JSON)  # what Rasa is asked, step by step, written before it is asked
    result = sa.Column(sa.JSON)  # intent, confidence, further intents, failed actions


class Message(Base):
    """One message in or out. See `states.py` for what the states mean."""

    __tablename__ = "message"
    __table_args__ = (
        sa.UniqueConstraint("channel", "account", "direction", "provider_message_id"),
        sa.UniqueConstraint("turn_id", "direction", "ordinal"),
        sa.Index("ix_message_conversation_id_id", "conversation_id", "id"),
        sa.Index("ix_message_direction_state", "direction", "state", "next_attempt_at"),
        # A receipt without our own id names the provider's, and not always the account we sent from.
        sa.Index("ix_message_provider_message_id", "provider_message_id"),
    )

    id = sa.Column(BigId, primary_key=True, autoincrement=True)
    uid = sa.Column(sa.String(32), nullable=False, unique=True, default=new_uid)
    conversation_id = sa.Column(BigId, sa.ForeignKey("conversation.id"), nullable=False)
    case_id = sa.Column(BigId, sa.ForeignKey("case.id"), index=True)
    identity_id = sa.Column(BigId, sa.ForeignKey("identity.id"), nullable=False)
    turn_id = sa.Column(sa.String(32), sa.ForeignKey("turn.id"), index=True)
    direction = sa.Column(sa.String(3), nullable=False)  # in, out
    author = sa.Column(sa.String(16), nullable=False)  # customer, bot, user, system
    user_id = sa.Column(BigId, sa.ForeignKey("user.id"))
    channel = sa.Column(sa.String(32), nullable=False)
    account = sa.Column(sa.String(100), nullable=False)
    provider_message_id = sa.Column(sa.String(255))
    kind = sa.Column(sa.String(16), nullable=False, default="text")
    text = sa.Column(sa.Text, nullable=False, default="")
    attributes = sa.Column(sa.JSON, nullable=False, default=dict)
    raw = sa.Column(sa.JSON)  # the provider's payload, masked
    provider_time = sa.Column(UTCDateTime)
    created_at = sa.Column(UTCDateTime, nullable=False, default=clock.now)
    arrived_real = sa.Column(sa.Float, nullable=False, default=clock.real)  # for joining bubbles
    state = sa.Column(sa.String(16), nullable=False)

    # Outgoing only. For an answer of a turn, `ordinal` counts from 0 within (turn, direction).
    ordinal = sa.Column(sa.Integer)
    purpose = sa.Column(sa.String(16))  # reply, agent, notice, survey, marketing
    options = sa.Column(sa.JSON)  # [{number, title, payload}]
    template = sa.Column(sa.JSON)  # {name, sid, variables}: what goes when the window is shut
    attempts = sa.Column(sa.Integer, nullable=False, default=0)
    next_attempt_at = sa.Column(UTCDateTime)
    claim_owner = sa.Column(sa.String(64))
    claim_until = sa.Column(sa.Float, nullable=False, default=0.0)
    error_code = sa.Column(sa.String(64))
    error_text = sa.Column(sa.String(300))
    sent_at = sa.Column(UTCDateTime)
    delivered_at = sa.Column(UTCDateTime)
    read_at = sa.Column(UTCDateTime)
    status_rank = sa.Column(sa.Integer, nullable=False, default=-1)

    attachments = relationship("Attachment", back_populates="message", order_by="Attachment.id")


class Attachment(Base):
    """A file of a message; fetched by a job, so that a failing provider never loses the message."""

    __tablename__ = "attachment"

    id = sa.Column(BigId, primary_key=True, autoincrement=True)
    uid = sa.Column(sa.String(32), nullable=False, unique=True, default=new_uid)
    message_id = sa.Column(BigId, sa.ForeignKey("message.id"), nullable=False, index=True)
    kind = sa.Column(sa.String(16), nullable=False)
    content_type = sa.Column(sa.String(100), nullable=False, default="")
    file_name = sa.Column(sa.String(255), nullable=False, default="")
    reference = sa.Column(sa.Text, nullable=False)  # provider URL or media id
    state = sa.Column(sa.String(16), nullable=False, default="pending", index=True)
    path = sa.Column(sa.String(255))  # below DATA_DIR/media
    size = sa.Column(sa.Integer)
    attempts = sa.Column(sa.Integer, nullable=False, default=0)
    next_attempt_at = sa.Column(UTCDateTime)
    error = sa.Column(sa.String(200))

    message = relationship("Message", back_populates="attachments")


class OpenOption(Base):
    """A choice that we offered: the only thing besides text that can become a command."""

    __tablename__ = "open_option"

    payload = sa.Column(sa.String(40), primary_key=True)  # opaque, what the button carries
    conversation_id = sa.Column(
        BigId, sa.ForeignKey("conversation.id"), nullable=False, index=True
    )
    turn_id = sa.Column(sa.String(32), nullable=False)
    number = sa.Column(sa.Integer, nullable=False)
    title = sa.Column(sa.String(200), nullable=False)
    command = sa.Column(sa.Text, nullable=False)  # "/intent{...}", written by us
    is_open = sa.Column(sa.Boolean, nullable=False, default=True)
    created_at = sa.Column(UTCDateTime, nullable=False, default=clock.now)


class DeliveryReceipt(Base):
    """A status callback, kept as it came; also when its message is not known yet."""

    __tablename__ = "delivery_receipt"
    __table_args__ = (
        sa.UniqueConstraint("channel", "provider_message_id", "status"),
    )

    id = sa.Column(BigId, primary_key=True, autoincrement=True)
    channel = sa.Column(sa.String(32), nullable=False)
    account = sa.Column(sa.String(100), nullable=False, default="")
    provider_message_id = sa.Column(sa.String(255), nullable=False)
    our_id = sa.Column(sa.String(32), nullable=False, default="")
    status = sa.Column(sa.String(16), nullable=False)
    error_code = sa.Column(sa.String(64), nullable=False, default="")
    message_id = sa.Column(BigId, sa.ForeignKey("message.id"), index=True)  # null: an orphan so far
    raw = sa.Column(sa.JSON)
    received_at = sa.Column(UTCDateTime, nullable=False, default=clock.now)


class DeadLetter(Base):
    """Something that could not be handled: an authentic oddity, or work that failed for good."""

    __tablename__ = "dead_letter"

    id = sa.Column(BigId, primary_key=True, autoincrement=True)
    direction = sa.Column(sa.String(3), nullable=False)  # in, out
    channel = sa.Column(sa.String(32), nullable=False)
    kind = sa.Column(sa.String(64), nullable=False)
    reason = sa.Column(sa.String(300), nullable=False)
    payload = sa.Column(sa.JSON, nullable=False)
    message_id = sa.Column(BigId, sa.ForeignKey("message.id"))
    created_at = sa.Column(UTCDateTime, nullable=False, default=clock.now)
    replayed_at = sa.Column(UTCDateTime)


class Lease(Base):
    """Held by the one process that may do a named piece of work, in real seconds."""

    __tablename__ = "lease"

    name = sa.Column(sa.String(64), primary_key=True)
    owner = sa.Column(sa.String(64))
    until = sa.Column(sa.Float, nullable=False, default=0.0)
    state = sa.Column(sa.JSON, nullable=False, default=dict)  # e.g. where a poll stopped


class Effect(Base):
    """Something that a turn changed, once: the idempotency record of every service call."""

    __tablename__ = "effect"
    __table_args__ = (sa.UniqueConstraint("turn_id", "kind", "ordinal"),)

    id = sa.Column(BigId, primary_key=True, autoincrement=True)
    turn_id = sa.Column(sa.String(40), nullable=False)
    kind = sa.Column(sa.String(64), nullable=False)
    ordinal = sa.Column(sa.Integer, nullable=False, default=0)
    result = sa.Column(sa.JSON)
    created_at = sa.Column(UTCDateTime, nullable=False, default=clock.now)
