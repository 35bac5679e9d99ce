"""The reconciliation poll: messages that the provider has and could not deliver to us.

Twilio does not deliver an inbound message again after a failed webhook; its list of messages is the
only way to learn of it. Storing is idempotent, so the poll looks back further than it must.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import sqlalchemy as sa
import structlog

from bot import clock, db
from bot.channels import registry
from bot.channels.base import Channel
from bot.channels.events import InboundMessage, UnknownEvent
from bot.conversations.models import DeadLetter, Lease, Message
from bot.gateway import intake

log = structlog.get_logger("missed")
_OVERLAP = dt.timedelta(minutes=15)
_AT_ONCE = 500  # ids in one question to the database


def poll() -> int:
    """Ask every active channel for what we have not seen; return how many messages were new."""
    found = 0
    for name in registry.active():
        found += _poll_channel(name)
    return found


def _store(channel: Channel, event: InboundMessage) -> int:
    """Store one found message by itself, so that one that can not be stored stops no other."""
    try:
        return intake.store(channel, [event])
    except sa.exc.OperationalError:
        raise  # the database is away: the whole poll comes again
    except Exception as error:
        log.exception("missed_message_failed", channel=channel.name)
        if _is_kept(event):
            return 0
        unknown = UnknownEvent(channel.name, event.account, type(error).__name__, event.raw)
        return intake.store(channel, [unknown])


def _unknown(events: Sequence[InboundMessage]) -> Iterator[InboundMessage]:
    """Yield what is not stored yet: most of an overlap is, and storing takes the writer's lock."""
    for begin in range(0, len(events), _AT_ONCE):
        part = events[begin : begin + _AT_ONCE]
        query = sa.select(Message.provider_message_id).where(
            Message.channel.in_({e.channel for e in part}),
            Message.account.in_({e.account for e in part}), Message.direction == "in",
            Message.provider_message_id.in_([e.provider_message_id for e in part]),
        )
        with db.read() as session:
            known = set(session.scalars(query))
        yield from (e for e in part if e.provider_message_id not in known)


def _is_kept(event: InboundMessage) -> bool:
    """Tell whether a message is a dead letter already: polls overlap, and would make one each."""
    query = sa.select(DeadLetter.id).where(
        DeadLetter.direction == "in", DeadLetter.channel == event.channel,
        sa.cast(DeadLetter.payload, sa.Text).contains(event.provider_message_id, autoescape=True),
    )
    with db.read() as session:
        return session.scalar(query.limit(1)) is not None


def _poll_channel(name: str) -> int:
    key, started = f"missed:{name}", clock.now()
    with db.read() as session:
        row = session.get(Lease, key)
        last = (row.state or {}).get("polled_until") if row else None
    # The first look ever begins at now: what came before us was answered elsewhere.
    since = dt.datetime.fromisoformat(last) - _OVERLAP if last else started
    channel = registry.get(name)
    try:
        events = list(channel.missed(since))
    except Exception as error:
        # The provider is away or answers nonsense: the next poll starts from the same point.
        log.warning("poll_failed", channel=name, kind=type(error).__name__)
        return 0
    new = sum(_store(channel, event) for event in _unknown(events))
    with db.write() as session:
        db.insert_once(session, Lease, name=key)
        row = session.get(Lease, key)
        assert row is not None
        row.state = {"polled_until": started.isoformat()}
    if new:
        log.info("missed_messages_found", channel=name, count=new)
    return new
