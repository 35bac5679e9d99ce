"""What must agree before a message leaves. Rooms above register their checks in `wiring`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from sqlalchemy.orm import Session

from bot.channels import registry
from bot.conversations.models import Customer, Identity, Message
from bot.conversations.states import Purpose


@dataclasses.dataclass(frozen=True)
class Refusal:
    """Why a message may not leave, in words an agent understands."""

    reason: str


Check = Callable[[Session, Message, Identity], Refusal | None]
_checks: list[Check] = []


def register(check: Check) -> None:
    """Add a check; every outgoing message passes all of them, in this order."""
    if check not in _checks:
        _checks.append(check)


def refusal(session: Session, message: Message, identity: Identity) -> Refusal | None:
    """Return the first objection to sending a message, or None."""
    for check in (_reachable, _demo_people, *_checks):
        found = check(session, message, identity)
        if found is not None:
            return found
    return None


def _reachable(session: Session, message: Message, identity: Identity) -> Refusal | None:
    if identity.unreachable:
        return Refusal(f"address can not be reached ({identity.unreachable})")
    return None


def _demo_people(session: Session, message: Message, identity: Identity) -> Refusal | None:
    """Demo customers carry made-up numbers that may be somebody's: only ever answer them."""
    if message.purpose in (Purpose.REPLY.value, Purpose.AGENT.value):
        return None
    customer = session.get(Customer, identity.customer_id)
    if customer is not None and customer.is_demo and not registry.get(message.channel).provider_is_local:
        return Refusal("demo customer: only answers are sent")
    return None
