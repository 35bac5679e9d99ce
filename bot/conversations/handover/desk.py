"""What an agent does in a conversation that is theirs: answer."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db, jobs
from bot.conversations.handover.service import refuse
from bot.conversations.models import Case, Conversation, Effect, Message, Turn
from bot.conversations.states import Author, Handling, Inbound, Purpose
from bot.errors import InvalidInput
from bot.gateway.outbox import queue


def reply(
    session: Session, conversation_id: int, user_id: int, text: str,
    attachments: tuple[str, ...] = (), key: str = "",
) -> list[queue.Queued]:
    """Queue an agent's answer for sending; Conflict when somebody else has the conversation.

    `attachments` are public URLs of files. The same `key` again (a page that tries again after a
    broken connection) queues nothing. Returns the rows, one per send.
    """
    text = text.strip()
    if not text and not attachments:
        raise InvalidInput("an empty answer can not be sent")
    conversation = session.scalars(
        sa.select(Conversation).where(Conversation.id == conversation_id).with_for_update()
    ).first()
    if (
        conversation is None
        or conversation.state != Handling.AGENT.value
        or conversation.agent_id != user_id
    ):
        refuse(session, conversation_id)
    assert conversation is not None
    if key and not db.insert_once(
        session, Effect, turn_id=f"desk:{key}"[:40], kind="reply", created_at=clock.now()
    ):
        return []
    case = session.scalars(
        sa.select(Case)
        .where(Case.conversation_id == conversation_id, Case.closed_at.is_(None))
        .order_by(Case.id.desc())
    ).first()
    rows: list[queue.Queued] = []
    if text:
        rows += queue.put(
            session, conversation, [queue.Draft(text)], purpose=Purpose.AGENT,
            author=Author.USER, user_id=user_id, case_id=case.id if case else None,
        )
    for url in attachments:
        rows += queue.put(
            session, conversation, [queue.Draft("")], purpose=Purpose.AGENT, author=Author.USER,
            user_id=user_id, case_id=case.id if case else None, attributes={"media_url": url},
        )
    if case is not None:
        case.answered, case.last_activity_at = True, clock.now()
    # What the brain could not answer in an outage is answered by a person now.
    told = sa.select(Turn.id).where(
        Turn.conversation_id == conversation_id, Turn.state == "outage"
    )
    session.execute(
        sa.update(Message)
        .where(Message.direction == "in", Message.turn_id.in_(told))
        .values(state=Inbound.HANDLED.value)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        sa.update(Turn)
        .where(Turn.conversation_id == conversation_id, Turn.state == "outage")
        .values(state="silent", reason="agent", answered_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    db.after_commit(session, lambda: jobs.enqueue(jobs.SEND, conversation_id))
    return rows
