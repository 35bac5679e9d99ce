"""Loops, floods and repeats: when a message gets no answer of its own, and what is open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, config, db
from bot.conversations.models import Conversation, Message, OpenOption, Turn
from bot.conversations.states import Author, Purpose
from bot.conversations.turns import gather
from bot.text import fold

WINDOW = dt.timedelta(minutes=10)  # for loops and repeats

_CAME = db.prepared(
    lambda conversation, since: sa.select(sa.func.count())
    .select_from(Message)
    .where(
        Message.conversation_id == conversation, Message.direction == "in",
        Message.arrived_real > since,
    )
)
_LAST_TURNS = db.prepared(
    lambda conversation, count: sa.select(Turn.__table__)
    .where(Turn.conversation_id == conversation, Turn.state != "open")
    .order_by(Turn.created_at.desc())
    .limit(count)
)
_MESSAGES = db.prepared(
    lambda turn: sa.select(Message)
    .where(Message.turn_id == turn, Message.direction == "in")
    .order_by(Message.id)
)
_OPTIONS = db.prepared(
    lambda conversation: sa.select(OpenOption.__table__)
    .where(OpenOption.conversation_id == conversation, OpenOption.is_open.is_(True))
    .order_by(OpenOption.number)
)
_REPLIES = db.prepared(
    lambda conversation, since: sa.select(sa.func.count())
    .select_from(Message)
    .where(
        Message.conversation_id == conversation, Message.direction == "out",
        Message.author == Author.BOT.value, Message.purpose == Purpose.REPLY.value,
        Message.created_at > since,
    )
)


def is_flood(session: Session, conversation: Conversation) -> bool:
    """Tell whether one sender writes more than a person can in a minute."""
    count = _CAME(session, conversation=conversation.id, since=clock.real() - 60.0).scalar()
    return int(count or 0) > config.load().inbound_per_minute


def repeated(
    session: Session, conversation: Conversation, messages: Sequence[Message], text: str
) -> bool:
    """Copies that came before our answer was seen, and the third of a row, are answered once.

    The third only where nothing of ours is open and we would say the same again: "1" to three
    menus in a row is three answers, and what an agent heard the bot has not answered.
    """
    key = fold(text)
    if not key or gather.is_ping(text) or any(m.kind != "text" for m in messages):
        return False
    turns = _last_answers(session, conversation, 2)
    if not turns or not all(t.created_at > clock.now() - WINDOW for t in turns):
        return False
    texts = [fold(gather.text_of(messages_of(session, t))) for t in turns]
    answered = [t.state == "answered" or t.reason == "repeated" for t in turns]
    if texts[0] != key or not answered[0]:
        return False
    if turns[0].answered_at and all(m.created_at <= turns[0].answered_at for m in messages):
        return True
    if len(texts) < 2 or texts[1] != key or not answered[1] or asked(session, conversation):
        return False
    if "repeated" in (turns[0].reason, turns[1].reason):
        return True
    said = [_said(session, t) for t in turns]
    return said[1].endswith(said[0])  # the first one may carry the first-contact line before it


def _last_answers(session: Session, conversation: Conversation, count: int) -> list[Any]:
    """Return the rows of the last turns, the newest first."""
    return list(_LAST_TURNS(session, conversation=conversation.id, count=count))


def _said(session: Session, turn: Any) -> str:
    texts = session.scalars(
        sa.select(Message.text)
        .where(Message.turn_id == turn.id, Message.direction == "out")
        .order_by(Message.id)
    )
    return "\n".join(texts)


def messages_of(session: Session, turn: Any) -> list[Message]:
    """Return the messages that a turn (or its row) answers."""
    return list(_MESSAGES(session, turn=turn.id).scalars())


def asked(session: Session, conversation: Conversation) -> bool:
    """Tell whether a question of ours is open: a form's, a yes or no, or a choice."""
    memory = conversation.memory or {}
    if memory.get("active_loop") or (memory.get("slots") or {}).get("open_question"):
        return True
    return bool(open_options(session, conversation))


def open_options(session: Session, conversation: Conversation) -> list[Any]:
    """Return the rows of the choices that may be taken, in their order."""
    return list(_OPTIONS(session, conversation=conversation.id))


def too_many_replies(session: Session, conversation: Conversation) -> bool:
    """Tell whether the bot has answered so often that a machine may be answering it."""
    replies = _REPLIES(
        session, conversation=conversation.id, since=clock.now() - WINDOW
    ).scalar()
    return int(replies or 0) >= config.load().bot_replies_per_10_minutes


def was_told(session: Session, conversation: Conversation, reason: str) -> bool:
    """Tell whether a line of the worker's own was said within the window."""
    count = session.scalar(
        sa.select(sa.func.count())
        .select_from(Turn)
        .where(
            Turn.conversation_id == conversation.id, Turn.reason == reason,
            Turn.created_at > clock.now() - WINDOW,
        )
    )
    return bool(count)
