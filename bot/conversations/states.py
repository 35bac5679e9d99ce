"""The closed vocabularies of a conversation, each member with what it means."""

from __future__ import annotations

import enum


class Handling(str, enum.Enum):
    """Whose turn a conversation is. Moves are in `handover/service.py`, nowhere else."""

    BOT = "bot"  # the bot answers
    WAITING = "waiting"  # waits for a person; the bot still answers what it can alone
    AGENT = "agent"  # a person has it; the bot is silent
    RESOLVED = "resolved"  # done; the next message opens it for the bot again


class WaitReason(str, enum.Enum):
    """Why a conversation waits for a person."""

    ASKED = "asked"  # the customer wants a person
    RULE = "rule"  # a rule of the shop sends it to a person
    OUTAGE = "outage"  # the brain did not answer
    AGENT_LEFT = "agent_left"  # the agent went away
    UNANSWERED = "unanswered"  # the agent left the customer without an answer


class Inbound(str, enum.Enum):
    """What became of a customer's message."""

    RECEIVED = "received"  # stored, acknowledged, not yet in an answered turn
    HANDLED = "handled"  # belongs to a turn that is answered, or rightly silent


class Outbound(str, enum.Enum):
    """Where an outgoing message is. The last six are final, but a receipt may still raise them."""

    QUEUED = "queued"  # will be sent, perhaps not before `next_attempt_at`
    SENDING = "sending"  # a process has claimed it
    UNKNOWN = "unknown"  # handed over, outcome unclear: waits for a receipt or is looked up
    SENT = "sent"  # the provider has it
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"  # the provider or the network refused it for good
    NOT_SENT = "not_sent"  # we decided not to send; `error_text` says because of what
    EXPIRED = "expired"  # the outcome could never be known


class Author(str, enum.Enum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    BOT = "bot"
    USER = "user"
    SYSTEM = "system"


class Purpose(str, enum.Enum):
    """Why a message goes out; checks and quiet hours depend on it."""

    REPLY = "reply"  # the bot's answer to a customer's message
    AGENT = "agent"  # a person's answer
    NOTICE = "notice"  # about the customer's own order or case, unasked
    SURVEY = "survey"
    MARKETING = "marketing"
