"""We said that we write by a time even if there is nothing new: then we do.

The line is the bot's own, it names the next time, and it comes at most twice; after that only a
person can give news, and the conversation waits for one (`approaching`).
"""

from __future__ import annotations

import dataclasses
import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, config, db, jobs
from bot.aftersales.promises import compute, keeping
from bot.aftersales.promises import service as promises
from bot.aftersales.promises.kinds import PromiseKind
from bot.aftersales.promises.models import Promise
from bot.aftersales.waiting.back import open_case_id
from bot.conversations import wording
from bot.conversations.handover import service as handover
from bot.conversations.models import Conversation, Effect
from bot.conversations.states import Author, Handling, Purpose
from bot.conversations.tickets.models import Ticket
from bot.formatting import moment_label
from bot.gateway.outbox import queue

AHEAD = dt.timedelta(minutes=5)  # so that the line has left when its time comes
MOST = 2  # lines in a row without news
_EFFECT = "promise_followed"
_SPEAKS_IN = (Handling.BOT.value, Handling.WAITING.value)


def run() -> int:
    """Write to every customer who was promised news by now and has none; count the lines."""
    with db.read() as session:
        due = session.scalars(
            sa.select(Promise.conversation_id)
            .join(Conversation, Conversation.id == Promise.conversation_id)
            .where(
                Promise.state == "open", Promise.own.is_(True),
                Promise.kind == PromiseKind.NEXT_UPDATE.value,
                Promise.due_at <= clock.now() + AHEAD, Conversation.state.in_(_SPEAKS_IN),
            )
            .distinct()
        ).all()
    written = 0
    for conversation_id in due:
        with db.write() as session:
            written += _write(session, int(conversation_id))
    return written


def _write(session: Session, conversation_id: int) -> bool:
    now = clock.now()
    conversation = session.scalars(
        sa.select(Conversation)
        .where(Conversation.id == conversation_id, Conversation.state.in_(_SPEAKS_IN))
        .with_for_update()
    ).first()
    if conversation is None or conversation.identity_id is None:
        return False
    # One line answers every inquiry of the conversation that is still without news.
    waiting = [p for p in _unanswered(session, conversation_id) if _follow_ups(p) < MOST]
    fresh = [p for p in waiting if not _followed(session, p)]
    if not any(p.due_at <= now + AHEAD for p in fresh):
        return False
    for promise in fresh:
        db.insert_once(session, Effect, turn_id=_key(promise), kind=_EFFECT)
    draft = compute.next_update(session, now)
    assert draft.due_at is not None
    language, zone = str(conversation.language), config.load().shop_time_zone
    words = moment_label(draft.due_at, language, zone, now)
    rows = queue.put(
        session, conversation,
        [queue.Draft(wording.say("utter_next_update_nothing_new", language, moment=words))],
        purpose=Purpose.NOTICE, author=Author.BOT, case_id=open_case_id(session, conversation_id),
        attributes={"notice": keeping.NOTHING_NEW},
    )
    basis = {**draft.basis, "follow_up": max(_follow_ups(p) for p in fresh) + 1}
    said = dataclasses.replace(draft, wording=words, basis=basis)
    promises.store(session, conversation_id, None, int(rows[-1].id), 0, [said])
    _put_off(session, conversation, {p.due_at for p in fresh}, draft.due_at)
    db.after_commit(session, lambda: jobs.enqueue(jobs.SEND, conversation_id))
    return True


def _unanswered(session: Session, conversation_id: int) -> list[Promise]:
    return [
        promise for promise in promises.open_promises(session, conversation_id)
        if promise.kind == PromiseKind.NEXT_UPDATE.value and promise.due_at
        and keeping.outcome(session, promise)[0] != "kept"
    ]


def _key(promise: Promise) -> str:
    return f"promise:{promise.id}"


def _followed(session: Session, promise: Promise) -> bool:
    """Tell whether a line for this promise was written; it may still be on its way."""
    query = sa.select(Effect.id).where(Effect.turn_id == _key(promise), Effect.kind == _EFFECT)
    return session.execute(query).first() is not None


def _follow_ups(promise: Promise) -> int:
    return int((promise.basis or {}).get("follow_up", 0))


def _put_off(
    session: Session, conversation: Conversation, before: set[dt.datetime], due: dt.datetime
) -> None:
    """Let the tickets and the wait at the desk show the time that the customer knows now."""
    session.execute(
        sa.update(Ticket)
        .where(
            Ticket.conversation_id == conversation.id, Ticket.state == "open",
            Ticket.due_at.in_(before),
        )
        .values(due_at=due)
        .execution_options(synchronize_session=False)
    )
    if conversation.promised_at in before:
        handover.repromise(session, int(conversation.id), due)
