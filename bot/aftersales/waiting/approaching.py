"""People see in time what was promised in their name: it waits at the desk before it is due."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db
from bot.aftersales.promises import keeping
from bot.aftersales.promises.kinds import PromiseKind
from bot.aftersales.promises.models import Promise
from bot.conversations.handover import service as handover
from bot.conversations.models import Conversation, Effect
from bot.conversations.states import Handling, WaitReason
from bot.shop.queries import office_hours

AHEAD = dt.timedelta(minutes=30)  # of working time
_EFFECT = "promise_shown"


def run() -> int:
    """Let conversations wait whose promised answer, call or news is due soon; count them.

    Once for each promise, and only while the bot has the conversation. For a call the beginning of
    its window counts: by then somebody must be at the telephone.
    """
    with db.read() as session:
        soon = office_hours(session).add_working_time(clock.now(), AHEAD)
        begins = sa.case(
            (
                sa.and_(
                    Promise.kind == PromiseKind.CALLBACK.value, Promise.due_from.is_not(None)
                ),
                Promise.due_from,
            ),
            else_=Promise.due_at,
        )
        near = session.scalars(
            sa.select(Promise)
            .join(Conversation, Conversation.id == Promise.conversation_id)
            .where(
                Promise.state == "open", Promise.own.is_(True),
                Promise.kind.in_(keeping.BY_PEOPLE), begins <= soon,
                Conversation.state == Handling.BOT.value,
                sa.not_(sa.exists().where(Effect.turn_id == _key(Promise.id), Effect.kind == _EFFECT)),
            )
            .order_by(Promise.due_at)
        ).all()
        due = [p for p in near if keeping.outcome(session, p)[0] != "kept"]
    moved = 0
    for promise in due:
        with db.write() as session:
            moved += _show(session, promise)
    return moved


def _key(promise_id: Any) -> Any:
    return sa.literal("promise:") + sa.cast(promise_id, sa.String)


def _show(session: Session, promise: Promise) -> bool:
    if not handover.request(
        session, conversation_id=int(promise.conversation_id), reason=WaitReason.RULE,
        promised_at=promise.due_at, summary=_summary(session, promise),
    ):
        return False
    db.insert_once(session, Effect, turn_id=f"promise:{promise.id}", kind=_EFFECT)
    return True


def _summary(session: Session, promise: Promise) -> dict[str, Any]:
    """Return what a person should know, from the ticket that the promise is about."""
    ticket = next((t for t in keeping.tickets_of(session, promise) if t.state == "open"), None)
    if ticket is None:
        return {}
    details = ticket.details or {}
    known = {
        "wish": ticket.intent, "order_number": ticket.order_number, "ticket": ticket.number,
        "words": details.get("first_message"), "danger": details.get("danger"),
    }
    return {name: value for name, value in known.items() if value}
