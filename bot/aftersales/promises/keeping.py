"""Which promises were kept: what happened is compared with what was said.

A person's answer keeps the promise of one (P10), a later one or none by its time breaks it. Promises
of other parties (a carrier's estimate) are quoted and not counted here.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db
from bot.aftersales.promises.kinds import PromiseKind
from bot.aftersales.promises.models import Promise
from bot.conversations.models import Message
from bot.conversations.states import Author

_MOST = 500


def run() -> int:
    """Close the promises of a person's answer that are kept or broken by now; return how many."""
    with db.read() as session:
        rows = session.execute(
            sa.select(
                Promise.id, Promise.conversation_id, Promise.created_at, Promise.due_at
            )
            .where(
                Promise.state == "open", Promise.own.is_(True),
                Promise.kind == PromiseKind.HUMAN_REPLY.value,
            )
            .order_by(Promise.id)
            .limit(_MOST)
        ).all()
        closed = [
            (int(i), state, at)
            for i, conversation_id, created, due in rows
            for state, at in [_outcome(session, conversation_id, created, due)]
            if state
        ]
    for promise_id, state, at in closed:
        with db.write() as session:
            session.execute(
                sa.update(Promise)
                .where(Promise.id == promise_id, Promise.state == "open")
                .values(state=state, closed_at=at)
                .execution_options(synchronize_session=False)
            )
    return len(closed)


def _outcome(
    session: Session, conversation_id: int, created: dt.datetime, due: dt.datetime | None
) -> tuple[str, dt.datetime | None]:
    answered: dt.datetime | None = session.scalar(
        sa.select(sa.func.min(Message.created_at)).where(
            Message.conversation_id == conversation_id, Message.direction == "out",
            Message.author == Author.USER.value, Message.created_at >= created,
        )
    )
    now = clock.now()
    if answered is not None and (due is None or answered <= due):
        return "kept", answered
    if due is not None and now > due:
        return "broken", due
    return "", None
