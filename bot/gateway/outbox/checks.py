"""What must agree before a message leaves. Rooms above register their checks in `wiring`."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db
from bot.channels import registry
from bot.conversations.models import Conversation, Customer, Identity, Message
from bot.conversations.states import Author, Handling, Purpose
from bot.errors import NotFound
from bot.gateway.outbox import quiet


@dataclasses.dataclass(frozen=True)
class Refusal:
    """Why a message may not leave, in words an agent understands."""

    reason: str


@dataclasses.dataclass(frozen=True)
class Later:
    """A message may leave, but not before this instant of the shop's time."""

    until: dt.datetime


Objection = Refusal | Later | None
Check = Callable[[Session, Message, Identity], Objection]
_checks: list[Check] = []
_STATE = db.prepared(
    lambda conversation: sa.select(Conversation.state).where(Conversation.id == conversation)
)


def register(check: Check) -> None:
    """Add a check; every outgoing message passes all of them, in this order."""
    if check not in _checks:
        _checks.append(check)


def refusal(session: Session, message: Message, identity: Identity) -> Objection:
    """Return the first objection to sending a message, or None."""
    # Hours last: what may never be sent does not wait for the morning.
    for check in (_reachable, _person_has_it, _demo_people, *_checks, _quiet_hours):
        found = check(session, message, identity)
        if found is not None:
            return found
    return None


def _reachable(session: Session, message: Message, identity: Identity) -> Refusal | None:
    if identity.unreachable:
        return Refusal(f"address can not be reached ({identity.unreachable})")
    return None


def _quiet_hours(session: Session, message: Message, identity: Identity) -> Later | None:
    until = quiet.until(session, str(message.purpose or ""), clock.now())
    return Later(until) if until is not None else None


def _person_has_it(session: Session, message: Message, identity: Identity) -> Refusal | None:
    """While an agent has a conversation the bot is silent, also with what it had queued before."""
    if message.purpose != Purpose.REPLY.value or message.author == Author.USER.value:
        return None
    state = _STATE(session, conversation=message.conversation_id).scalar()
    return Refusal("a person has the conversation") if state == Handling.AGENT.value else None


def _demo_people(session: Session, message: Message, identity: Identity) -> Refusal | None:
    """Demo customers carry made-up numbers that may be somebody's: only ever answer them."""
    if message.purpose in (Purpose.REPLY.value, Purpose.AGENT.value):
        return None
    customer = db.load(session, Customer, identity.customer_id)
    if customer is None or not customer.is_demo:
        return None
    try:
        local = registry.get(message.channel).provider_is_local
    except NotFound:  # the channel was switched off meanwhile
        local = False
    return None if local else Refusal("demo customer: only answers are sent")
