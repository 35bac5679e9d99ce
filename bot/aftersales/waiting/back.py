"""A conversation goes from an agent back into the queue, and the customer hears by when."""

from __future__ import annotations

import dataclasses
import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, config, db, jobs
from bot.aftersales.promises import compute
from bot.aftersales.promises import service as promises
from bot.aftersales.promises.kinds import PromiseKind
from bot.conversations import wording
from bot.conversations.handover import service as handover
from bot.conversations.models import Case, Conversation, Message
from bot.conversations.states import Author, Purpose, WaitReason
from bot.formatting import moment_label
from bot.gateway.outbox import queue

NOTICE = "utter_back_in_queue"


def put_back(
    session: Session, conversation_id: int, user_id: int, reason: WaitReason
) -> bool:
    """Put an agent's conversation back and tell the customer once; False if it is not theirs.

    The time is computed from the queue of now; a promise that is still to come and that nobody has
    kept is not put off by this. It stands in the conversation, in the hand-over and in the ledger.
    """
    conversation = session.get(Conversation, conversation_id, populate_existing=True)
    if conversation is None:
        return False
    now = clock.now()
    draft = compute.human_reply(session, now, conversation_id=conversation_id)
    stands = _standing(session, conversation_id, now)
    due = min(draft.due_at, stands) if stands and draft.due_at else draft.due_at
    if not handover.leave(session, conversation_id, user_id, reason, due):
        return False
    session.refresh(conversation)
    if conversation.identity_id is None or due is None:
        return True
    zone, language = config.load().shop_time_zone, str(conversation.language)
    words = moment_label(due, language, zone, now)
    rows = queue.put(
        session, conversation, [queue.Draft(wording.say(NOTICE, language, moment=words))],
        purpose=Purpose.REPLY, author=Author.SYSTEM, case_id=open_case_id(session, conversation_id),
        attributes={"notice": "back_in_queue"},
    )
    if due != stands:
        said = dataclasses.replace(draft, due_at=due, wording=words)
        promises.store(session, conversation_id, None, int(rows[-1].id), 0, [said])
    db.after_commit(session, lambda: jobs.enqueue(jobs.SEND, conversation_id))
    return True


def open_case_id(session: Session, conversation_id: int) -> int | None:
    """Return the case that runs in a conversation, if one does."""
    return session.scalar(
        sa.select(Case.id)
        .where(Case.conversation_id == conversation_id, Case.closed_at.is_(None))
        .order_by(Case.id.desc()).limit(1)
    )


def _standing(session: Session, conversation_id: int, now: dt.datetime) -> dt.datetime | None:
    """Return the time of a person's answer that was promised, is to come, and nobody has kept."""
    for promise in promises.open_promises(session, conversation_id):
        if promise.kind != PromiseKind.HUMAN_REPLY.value or not promise.due_at:
            continue
        answered = session.scalar(
            sa.select(sa.func.count()).select_from(Message).where(
                Message.conversation_id == conversation_id, Message.author == Author.USER.value,
                Message.created_at >= promise.created_at,
            )
        )
        if promise.due_at > now and not answered:
            return promise.due_at  # type: ignore[no-any-return]
    return None
