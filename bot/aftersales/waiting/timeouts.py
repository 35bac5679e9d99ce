"""A customer whom an agent leaves without an answer goes back into the queue."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db
from bot.aftersales.waiting import back
from bot.conversations.handover.models import Handover
from bot.conversations.handover.service import STEPPED_IN
from bot.conversations.models import Conversation, Message
from bot.conversations.states import Author, Handling, WaitReason
from bot.shop.queries import office_hours, profile
from bot.workdays import WorkingHours

_DEFAULT_MINUTES = 30


def run() -> int:
    """Return to the queue whoever waits too long for the agent, in working time; count them.

    The shop's `agent_minutes` run from the claim or from the oldest message that the agent has not
    answered, whichever is later; while the desk is closed nothing runs and nothing is returned.
    """
    now, moved = clock.now(), 0
    with db.read() as session:
        hours = office_hours(session)
        if not hours.is_open(now):
            return 0
        limit = dt.timedelta(minutes=int(profile(session).get("agent_minutes") or _DEFAULT_MINUTES))
        taken = session.scalars(
            sa.select(Conversation)
            .where(
                Conversation.state == Handling.AGENT.value, Conversation.agent_since < now - limit
            )
            .order_by(Conversation.id)
        ).all()
        late = [int(c.id) for c in taken if _is_late(session, c, hours, limit, now)]
    for conversation_id in late:
        with db.write() as session:
            conversation = session.scalars(
                sa.select(Conversation)
                .where(
                    Conversation.id == conversation_id, Conversation.state == Handling.AGENT.value
                )
                .with_for_update()
            ).first()
            # The agent may have answered or gone since.
            if conversation is not None and _is_late(session, conversation, hours, limit, now):
                moved += back.put_back(
                    session, conversation_id, int(conversation.agent_id), WaitReason.UNANSWERED
                )
    return moved


def _is_late(
    session: Session, conversation: Conversation, hours: WorkingHours, limit: dt.timedelta,
    now: dt.datetime,
) -> bool:
    since = unanswered_since(session, conversation)
    return since is not None and hours.add_working_time(since, limit) <= now


def unanswered_since(session: Session, conversation: Conversation) -> dt.datetime | None:
    """Return from when on the customer waits for the agent who has the chat; None: does not.

    Only a person's message is an answer here: the bot's last line was before the claim, and the
    notices of the system answer nothing.
    """
    begun: dt.datetime = conversation.agent_since
    in_it = Message.conversation_id == conversation.id
    answered = session.execute(
        sa.select(Message.id, Message.created_at)
        .where(in_it, Message.author == Author.USER.value)
        .order_by(Message.id.desc()).limit(1)
    ).first()
    if (answered is None or answered.created_at < begun) and _waited(session, conversation):
        return begun
    heard = session.scalar(
        sa.select(sa.func.max(Message.id)).where(
            in_it, Message.author.in_((Author.USER.value, Author.BOT.value))
        )
    )
    written = session.execute(
        sa.select(Message.created_at, Message.attributes)
        .where(
            in_it, Message.direction == "in", Message.kind != "reaction",
            Message.id > (answered.id if answered else 0),
            sa.or_(Message.created_at >= begun, Message.id > (heard or 0)),
        )
        .order_by(Message.id)
        .limit(50)
    )
    asked = [at for at, attributes in written if not (attributes or {}).get("automatic")]
    return max(begun, asked[0]) if asked else None


def _waited(session: Session, conversation: Conversation) -> bool:
    """Tell whether the customer was waiting for a person when the agent took the chat."""
    passage = sa.select(Handover.id).where(
        Handover.conversation_id == conversation.id, Handover.ended_at.is_(None),
        Handover.reason != STEPPED_IN,
    )
    return session.execute(passage.limit(1)).first() is not None
