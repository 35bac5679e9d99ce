"""Which promises were kept: what happened is compared with what was said.

A person's answer in the conversation keeps the promise of one (P10). A ticket's answer, a call and
the next news are kept by that too, or by the ticket's solution; news also by our own line that
there is nothing new yet, once it has left. What was not done by its time is broken. Promises of
other parties (a carrier's estimate) are quoted and not counted here.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db
from bot.aftersales.promises.kinds import PromiseKind
from bot.aftersales.promises.models import Promise
from bot.conversations.models import Message
from bot.conversations.states import Author
from bot.conversations.tickets.models import Ticket

NOTHING_NEW = "next_update"  # attribute `notice` of our own line
BY_PEOPLE = (
    PromiseKind.TICKET_ANSWER.value, PromiseKind.CALLBACK.value, PromiseKind.NEXT_UPDATE.value,
)
_COUNTED = (PromiseKind.HUMAN_REPLY.value, *BY_PEOPLE)
_AT_ONCE = 500


def run() -> int:
    """Close the promises that are kept or broken by now; return how many."""
    closed, after = 0, 0
    while True:
        with db.read() as session:
            rows = session.scalars(
                sa.select(Promise)
                .where(
                    Promise.state == "open", Promise.own.is_(True), Promise.kind.in_(_COUNTED),
                    Promise.id > after, _may_be_closed(),
                )
                .order_by(Promise.id)
                .limit(_AT_ONCE)
            ).all()
            found = [(int(row.id), *outcome(session, row)) for row in rows]
        if not found:
            return closed
        after = found[-1][0]
        for promise_id, state, at in found:
            if not state:
                continue
            with db.write() as session:
                closed += db.conditional_update(
                    session,
                    sa.update(Promise)
                    .where(Promise.id == promise_id, Promise.state == "open")
                    .values(state=state, closed_at=at),
                )


def _may_be_closed() -> Any:
    """Return the condition that a promise's time is over, or that something came after it.

    Thousands may be open of which nothing is new; only what passes here is looked at one by one.
    """
    came = sa.exists().where(
        Message.conversation_id == Promise.conversation_id, Message.direction == "out",
        Message.id >= sa.func.coalesce(Promise.message_id, 0),
        sa.or_(
            Message.author == Author.USER.value,
            Message.attributes["notice"].as_string() == NOTHING_NEW,
        ),
    )
    solved = sa.exists().where(
        Ticket.conversation_id == Promise.conversation_id,
        Ticket.solved_at >= Promise.created_at,
    )
    return sa.or_(Promise.due_at < clock.now(), came, solved)


def outcome(session: Session, promise: Promise) -> tuple[str, dt.datetime | None]:
    """Return ("kept", when), ("broken", its time), or ("", None) while it is open."""
    done, due = _done_at(session, promise), promise.due_at
    if done is not None and (due is None or done <= due):
        return "kept", done
    if due is not None and clock.now() > due:
        return "broken", due
    return "", None


def _done_at(session: Session, promise: Promise) -> dt.datetime | None:
    """Return when what was promised was first done, or None."""
    said = sa.select(sa.func.min(Message.created_at)).where(
        Message.conversation_id == promise.conversation_id, Message.direction == "out",
        Message.author == Author.USER.value, Message.created_at >= promise.created_at,
    )
    times = [session.scalar(said)]
    if promise.kind in BY_PEOPLE:
        times.append(_solved_at(session, promise))
    if promise.kind == PromiseKind.NEXT_UPDATE.value:
        told = sa.select(sa.func.min(Message.sent_at)).where(
            Message.conversation_id == promise.conversation_id, Message.direction == "out",
            Message.author == Author.BOT.value, Message.created_at >= promise.created_at,
            Message.attributes["notice"].as_string() == NOTHING_NEW,
        )
        times.append(session.scalar(told))
    return min((at for at in times if at is not None), default=None)


def _solved_at(session: Session, promise: Promise) -> dt.datetime | None:
    """Return when the promise's ticket was solved, or any of the conversation's if none is its own."""
    tickets = tickets_of(session, promise)
    times = [t.solved_at for t in tickets if t.solved_at and t.solved_at >= promise.created_at]
    return min(times, default=None)


def tickets_of(session: Session, promise: Promise) -> list[Ticket]:
    """Return the tickets that a promise can be about: those with its time, else all of the chat."""
    every = list(session.scalars(
        sa.select(Ticket)
        .where(Ticket.conversation_id == promise.conversation_id)
        .order_by(Ticket.id.desc())
    ))
    return [t for t in every if t.due_at and t.due_at == promise.due_at] or every
