"""What could not be handled, in and out, with its reason; listed, and replayed by a person."""

from __future__ import annotations

import dataclasses
import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db, jobs
from bot.channels import registry
from bot.channels.events import UnknownEvent
from bot.conversations.models import Conversation, DeadLetter, Message, Turn
from bot.conversations.states import Outbound
from bot.errors import NotFound
from bot.gateway import intake
from bot.gateway.outbox.tries import supersede


@dataclasses.dataclass(frozen=True)
class Entry:
    """One dead letter as people see it; no customer text in it."""

    id: int
    direction: str
    channel: str
    kind: str
    reason: str
    created_at: dt.datetime
    replayed_at: dt.datetime | None


def list_all(include_replayed: bool = False) -> list[Entry]:
    """Return dead letters, oldest first."""
    query = sa.select(DeadLetter).order_by(DeadLetter.id)
    if not include_replayed:
        query = query.where(DeadLetter.replayed_at.is_(None))
    with db.read() as session:
        return [
            Entry(
                int(d.id), d.direction, d.channel, d.kind, d.reason, d.created_at, d.replayed_at
            )
            for d in session.scalars(query)
        ]


def retry(dead_letter_id: int) -> str:
    """Try one again; return what was done. An incoming oddity is parsed again by today's code."""
    with db.read() as session:
        letter = session.get(DeadLetter, dead_letter_id)
        if letter is None:
            raise NotFound(f"no dead letter {dead_letter_id}")
    if letter.kind == "unanswerable_turn":
        return _ask_again(letter)
    if letter.direction == "in":
        return _parse_again(letter)
    return _send_again(letter)


def _send_again(letter: DeadLetter) -> str:
    with db.write() as session:
        message = session.get(Message, letter.message_id) if letter.message_id else None
        if message is None:
            raise NotFound("its message is gone")
        done = db.conditional_update(
            session,
            sa.update(Message)
            .where(
                Message.id == message.id,
                Message.state.in_([
                    Outbound.FAILED.value, Outbound.NOT_SENT.value, Outbound.EXPIRED.value
                ]),
            )
            .values(attempts=0, error_code=None, error_text=None),
        )
        if done:
            session.refresh(message)
            supersede(message)
        _mark(session, int(letter.id))
        conversation_id = int(message.conversation_id)
        db.after_commit(session, lambda: jobs.enqueue(jobs.SEND, conversation_id))
    return "queued again" if done else "it has been sent meanwhile"


def _ask_again(letter: DeadLetter) -> str:
    """Open a turn again that the brain could not answer; it is asked anew."""
    turn_id = str((letter.payload or {}).get("turn", ""))
    with db.write() as session:
        turn = session.get(Turn, turn_id)
        if turn is None:
            raise NotFound("its turn is gone")
        turn.state, turn.reason, turn.answered_at, turn.attempts = "open", None, None, 0
        turn.started_real = clock.real()
        session.execute(
            sa.update(Conversation)
            .where(Conversation.id == turn.conversation_id)
            .values(unanswered=True, due_at=0.0)
        )
        _mark(session, int(letter.id))
        conversation_id = int(turn.conversation_id)
        db.after_commit(session, lambda: jobs.ring(conversation_id))
    return "asked again"


def _parse_again(letter: DeadLetter) -> str:
    """Put an incoming event through today's parser; what is understood now becomes a message."""
    channel = registry.get(letter.channel)
    events = channel.parse_raw(dict(letter.payload))
    understood = [e for e in events if not isinstance(e, UnknownEvent)]
    if not understood:
        return "still not understood; kept"
    count = intake.store(channel, understood)
    with db.write() as session:
        _mark(session, int(letter.id))
    return f"understood now: {count} new message(s)"


def _mark(session: Session, dead_letter_id: int) -> None:
    session.execute(
        sa.update(DeadLetter)
        .where(DeadLetter.id == dead_letter_id)
        .values(replayed_at=clock.now())
    )
