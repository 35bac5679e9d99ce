"""Claiming the next message of a conversation: what may leave now, in order, each once.

A claim is a conditional UPDATE that refuses to overtake an earlier unfinished message. A process that
dies with a claim leaves one that runs out: its outcome is unknown.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import socket
import threading
import uuid
from typing import Any
from urllib.parse import quote

import psutil  # type: ignore[import-untyped]
import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, config, db
from bot.channels import registry
from bot.channels.events import Option, OutgoingMessage
from bot.conversations.models import Conversation, Identity, Message
from bot.conversations.states import Outbound, Purpose
from bot.gateway.outbox import checks, rates, remedies
from bot.gateway.outbox.tries import is_open, note, superseded

# Real; longer than a provider call takes at most (10 s to connect, 10 s to answer). This long, and
# until a look-up finds nothing, waits who was to get a message that a killed process had claimed.
CLAIM_SECONDS = 25.0
_HOST = socket.gethostname()[:20].replace(":", "-")
_UNASKED = (Purpose.NOTICE.value, Purpose.SURVEY.value, Purpose.MARKETING.value)
_BUSY = (Outbound.QUEUED.value, Outbound.SENDING.value, Outbound.UNKNOWN.value)


@dataclasses.dataclass(frozen=True)
class Work:
    """A claimed message: what the provider gets, or is asked about when the outcome is unknown."""

    message_id: int
    outgoing: OutgoingMessage
    channel: str
    look_up: bool
    since: dt.datetime
    until: float  # when the claim runs out, real seconds
    known: frozenset[str] = frozenset()


Claim = Work | float | None  # a message; seconds until there may be one; nothing to do


def new_owner() -> str:
    """Return a name for claims that no other thread of any process has."""
    return f"{_HOST}:{os.getpid()}:{threading.get_ident() % 10**6}:{uuid.uuid4().hex[:8]}"


def is_dead(owner: str | None) -> bool:
    """Tell whether an owner was a process of this machine that no longer runs."""
    host, _, rest = (owner or "").partition(":")
    pid = rest.partition(":")[0]
    return host == _HOST and pid.isdigit() and not _runs(int(pid))


def _runs(pid: int) -> bool:
    """Tell whether a process runs; a killed one that nobody has collected yet does not."""
    try:
        return psutil.Process(pid).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def free_dead(session: Session) -> int:
    """Let go of what processes of this machine held when they were killed; return how much."""
    now, freed = clock.real(), 0
    in_hand = sa.and_(Message.direction == "out", Message.state == Outbound.SENDING.value)
    for model, owner, until, which in (
        (Conversation, Conversation.lease_owner, Conversation.lease_until, sa.true()),
        (Message, Message.claim_owner, Message.claim_until, in_hand),
    ):
        held = session.execute(sa.select(model.id, owner).where(which, until > now)).all()
        dead = [int(row_id) for row_id, name in held if is_dead(name)]
        for row_id in dead:
            session.execute(sa.update(model).where(model.id == row_id).values({until.key: 0.0}))
        freed += len(dead)
    return freed


def claim(session: Session, conversation_id: int, owner: str) -> Claim:
    """Claim the next message. None: nothing to do. A float: look again in so many real seconds."""
    while True:
        message = _first(session, conversation_id)
        if message is None:
            return None
        now, real_now = clock.now(), clock.real()
        if message.state == Outbound.SENDING.value:
            if message.claim_until > real_now:
                return None  # another process has it, and goes on with what follows
            _orphaned(session, message, real_now)
            continue
        if message.next_attempt_at and message.next_attempt_at > now:
            wait = (message.next_attempt_at - now).total_seconds() / clock.shop_speed()
            return min(max(wait, 0.05), 600.0)
        identity = db.load(session, Identity, message.identity_id)
        assert identity is not None
        look_up = message.state == Outbound.UNKNOWN.value
        if not look_up:
            refused = _refuse_or_wait(session, message, identity)
            session.flush()
            if refused is None:
                continue
            if refused > 0 and message.purpose in _UNASKED:
                # Its hour comes later; what was asked for goes before it.
                if message.next_attempt_at <= now:
                    message.next_attempt_at = in_real(refused)
                session.flush()
                continue
            if refused > 0:
                return refused
        if not _take(session, message, owner, real_now, look_up):
            return None
        return Work(
            int(message.id), _outgoing(message, identity), message.channel, look_up,
            message.sent_at or message.created_at, real_now + CLAIM_SECONDS,
            _known(session, message) if look_up else frozenset(),
        )


def has_more(session: Session, conversation_id: int) -> bool:
    """Tell whether a conversation has an unfinished message that stands in line."""
    return _first(session, conversation_id) is not None


def _in_line(table: Any, now: Any) -> Any:
    """Return the condition of an unfinished message that nothing may overtake.

    What nobody asked for and waits for its hour is not in line: an answer need not wait for it.
    """
    waits = sa.and_(
        table.state == Outbound.QUEUED.value, table.purpose.in_(_UNASKED),
        table.next_attempt_at > now,
    )
    return sa.and_(table.direction == "out", table.state.in_(_BUSY), ~waits)


_FIRST = db.prepared(
    lambda conversation, now: sa.select(Message)
    .where(Message.conversation_id == conversation, _in_line(Message, now))
    .order_by(Message.id)
    .limit(1)
)
_message = Message.__table__
_earlier = _message.alias()
_TAKE = db.prepared(
    lambda message, conversation, seen, now: sa.update(_message)
    .where(
        _message.c.id == message, _message.c.state == seen,
        ~sa.exists().where(
            _earlier.c.conversation_id == conversation, _earlier.c.id < message,
            _in_line(_earlier.c, now),
        ),
    )
)


def _first(session: Session, conversation_id: int) -> Message | None:
    """Return the earliest unfinished message: order holds because nothing overtakes it."""
    session.flush()
    return _FIRST(  # type: ignore[no-any-return]
        session, conversation=conversation_id, now=clock.now()
    ).scalars().first()


def _known(session: Session, message: Message) -> frozenset[str]:
    """Return the provider's ids that belong to other messages to the same person, or to other tries.

    A refused try of another message with the same words is not this one either.
    """
    since = (message.sent_at or message.created_at) - dt.timedelta(days=1)
    others = session.scalars(
        sa.select(Message).where(
            # All that is said to a person is in one conversation, and that has an index.
            Message.conversation_id == message.conversation_id,
            Message.identity_id == message.identity_id, Message.direction == "out",
            Message.id != message.id, Message.created_at > since,
        )
    )
    ids = {i for other in others for i in (other.provider_message_id, *superseded(other)) if i}
    return frozenset(ids) | frozenset(superseded(message))


def _orphaned(session: Session, message: Message, real_now: float) -> None:
    """Take a message from a process that died in mid-send; its outcome is unknown."""
    taken = db.conditional_update(
        session,
        sa.update(Message)
        .where(
            Message.id == message.id, Message.state == Outbound.SENDING.value,
            Message.claim_until <= real_now,
        )
        .values(state=Outbound.UNKNOWN.value, claim_owner=None, next_attempt_at=clock.now()),
    )
    session.refresh(message)
    if taken and not is_open(message):
        note(message, "unknown", code="process_died")


def _take(
    session: Session, message: Message, owner: str, real_now: float, look_up: bool
) -> bool:
    session.flush()
    now = clock.now()
    taken = _TAKE(
        session, message=message.id, conversation=message.conversation_id, seen=message.state,
        now=now, state=Outbound.SENDING.value, claim_owner=owner,
        claim_until=real_now + CLAIM_SECONDS,
        attempts=int(message.attempts) + (0 if look_up else 1),
        sent_at=message.sent_at if look_up else now,  # where a look-up begins to search
    )
    return bool(taken.rowcount == 1)


def _refuse_or_wait(session: Session, message: Message, identity: Identity) -> float | None:
    """Apply checks, window and rate. None: refused for good. 0.0: go. Else seconds to wait."""
    objection = checks.refusal(session, message, identity)
    if isinstance(objection, checks.Later):
        message.next_attempt_at = objection.until
        return (objection.until - clock.now()).total_seconds() / clock.shop_speed()
    if objection is not None:
        _not_sent(message, objection.reason)
        return None
    limits = registry.CHANNELS[message.channel].limits
    if limits.window is not None and not (message.template or {}).get("sid"):
        last = identity.last_inbound_at
        if last is None or clock.now() - last > limits.window:
            template = remedies.template_for(session, message, identity)
            if template is None:
                _not_sent(message, "outside the 24-hour window, and no approved template is set")
                return None
            message.template = template
    return rates.take(identity, limits, message.channel, message.account)


def _not_sent(message: Message, reason: str) -> None:
    message.state = Outbound.NOT_SENT.value
    message.error_text = reason[:300]


def _outgoing(message: Message, identity: Identity) -> OutgoingMessage:
    settings = config.load()
    door = registry.CHANNELS[message.channel].status_door
    # Providers only call back to https; the id rides along, so that a receipt can be matched even
    # when the answer to the send call was lost.
    wanted = door and settings.base_url.startswith("https://")
    callback = f"{settings.base_url}{door}?uuid={quote(message.uid)}" if wanted else ""
    template = message.template or {}
    return OutgoingMessage(
        our_id=message.uid, account=message.account, address=identity.address, text=message.text,
        options=tuple(Option(**o) for o in message.options or ()),
        media_url=str((message.attributes or {}).get("media_url", "")),
        template=str(template.get("sid") or ""),
        template_variables=dict(template.get("variables") or {}) if template.get("sid") else {},
        status_callback=callback,
    )


def in_real(seconds: float) -> dt.datetime:
    """Return the shop's instant in so many real seconds."""
    return clock.now() + dt.timedelta(seconds=seconds * clock.shop_speed())
