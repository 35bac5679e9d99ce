"""What must be made true of restored rows: time has passed, and another installation went on.

What stood in line when the backup was made may have been sent since. It is looked up at the
provider, by person and words, before it is sent (`gateway.outbox`), and goes out only if absent.
"""

from __future__ import annotations

import dataclasses

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock
from bot.conversations.models import Conversation, Lease, Message, Turn
from bot.conversations.states import Outbound
from bot.gateway.outbox.tries import ask_anew, is_open, note


@dataclasses.dataclass(frozen=True)
class Settled:
    """How many outgoing messages are looked up before they are sent, and how many turns are open."""

    looked_up: int
    unanswered: int


def settle(session: Session, catch_up: bool) -> Settled:
    """Free what processes held and doubt what was in line; the caller commits.

    Without `catch_up` the providers are not asked for what came in since the backup.
    """
    for change in (
        sa.update(Conversation).values(lease_owner=None, lease_until=0.0, due_at=0.0),
        sa.update(Lease).values(owner=None, until=0.0),
        # Tried for so long counts from here, or the customer would be told of an outage at once.
        sa.update(Turn).where(Turn.state == "open").values(started_real=clock.real()),
        *([] if catch_up else [sa.update(Lease).where(Lease.name.like("missed:%")).values(state={})]),
    ):
        session.execute(change.execution_options(synchronize_session=False))
    unanswered = session.scalar(
        sa.select(sa.func.count()).where(Conversation.unanswered.is_(True))
    )
    return Settled(_doubt(session), int(unanswered or 0))


def _doubt(session: Session) -> int:
    """Make unknown what may have left; what is to leave later than now can not have."""
    due = sa.or_(Message.next_attempt_at.is_(None), Message.next_attempt_at <= clock.now())
    in_line = session.scalars(
        sa.select(Message).where(
            Message.direction == "out",
            sa.or_(
                Message.state.in_([Outbound.SENDING.value, Outbound.UNKNOWN.value]),
                sa.and_(Message.state == Outbound.QUEUED.value, due),
            ),
        )
    ).all()
    for message in in_line:
        message.state = Outbound.UNKNOWN.value
        message.claim_owner, message.claim_until = None, 0.0
        message.attempts = 1  # pauses grow with tries; here they begin anew
        ask_anew(message)
        if not is_open(message):
            note(message, "unknown", code="restored")
        message.next_attempt_at = message.created_at  # due, whatever the shop's clock does next
    session.flush()
    return len(in_line)
