"""Storing what is said: replies, choices, promises and memory, in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db
from bot.aftersales.promises import service as promises
from bot.aftersales.promises.service import PromiseDraft
from bot.channels.events import Option
from bot.conversations import wording
from bot.conversations.models import (
    Case,
    Conversation,
    Identity,
    Message,
    OpenOption,
    Turn,
    new_uid,
)
from bot.conversations.rasa import Answer
from bot.conversations.states import Author, Inbound, Purpose
from bot.conversations.turns import memory
from bot.conversations.turns.lease import LeaseLost
from bot.conversations.turns.route import Route, identity_of
from bot.gateway.outbox import queue
from bot.shop.queries import profile

_case, _message, _option = Case.__table__, Message.__table__, OpenOption.__table__
_turn = Turn.__table__
_END = db.prepared(
    lambda turn: sa.update(_turn).where(_turn.c.id == turn, _turn.c.state.in_(["open", "outage"]))
)
_CASE_ANSWERED = db.prepared(
    lambda case, at: sa.update(_case)
    .where(_case.c.id == case)
    .values(answered=True, last_activity_at=at)
)
_NAME_CASE = db.prepared(
    lambda case, name: sa.update(_case)
    .where(_case.c.id == case, _case.c.intent.is_(None))
    .values(intent=name)
)
_CLOSE_OPTIONS = db.prepared(
    lambda conversation: sa.update(_option)
    .where(_option.c.conversation_id == conversation, _option.c.is_open.is_(True))
    .values(is_open=False)
)
_HANDLED = db.prepared(
    lambda turn: sa.update(_message)
    .where(_message.c.turn_id == turn, _message.c.direction == "in")
    .values(state=Inbound.HANDLED.value)
)
_NOTICE_EVERY = dt.timedelta(days=90)
_NO_CASE_INTENT = ("greet", "thanks_goodbye", "affirm", "deny", "nlu_fallback", "provide_info", "")


def silent(session: Session, turn_id: str, reason: str) -> None:
    """End a turn that rightly gets no reply."""
    _end(session, turn_id, state="silent", reason=reason)


def by_rule(
    session: Session, conversation: Conversation, turn_id: str, messages: Sequence[Message],
    route: Route,
) -> None:
    """Answer a turn with the worker's own words."""
    text = wording.say(route.say, route.language, **route.variables)
    offered = wording.buttons(route.say, route.language)
    _end(session, turn_id, state="answered", reason=route.say)
    _reply(
        session, conversation, turn_id, messages, text, offered, route.promises, route.language
    )


def by_brain(
    session: Session, conversation: Conversation, turn_id: str, messages: Sequence[Message],
    answers: Sequence[Answer], pending: Sequence[str], opening: str = "",
) -> None:
    """Answer a turn with what Rasa said; `opening` goes before it."""
    replies = [r for a in answers for r in a.replies]
    texts = [opening, *(r.text.strip() for r in replies)]
    offered = next((r.buttons for r in reversed(replies) if r.buttons), ())
    drafts = [
        PromiseDraft.from_data(d) for r in replies for d in (r.data.get("promises") or ())
    ]
    first = answers[0]
    result = {
        "intent": first.intent, "confidence": round(first.confidence, 4),
        "intents": list(first.intents), "ranking": list(first.ranking)[:3],
        "loop": answers[-1].active_loop,
    }
    _end(session, turn_id, state="answered", result=result)
    memory.after(conversation, answers, pending)
    _name_case(session, messages, first.intent)
    sources = [s for r in replies for s in (r.data.get("sources") or ())]
    _reply(
        session, conversation, turn_id, messages, "\n\n".join(t for t in texts if t), offered, drafts,
        first.language, sources,
    )


def _reply(
    session: Session, conversation: Conversation, turn_id: str, messages: Sequence[Message],
    text: str, offered: Sequence[tuple[str, str]], drafts: Sequence[PromiseDraft], language: str,
    sources: Sequence[Any] = (),
) -> None:
    identity = identity_of(session, messages)
    conversation.language, identity.language = language, language
    text = with_notice(session, identity, text, language)
    options = _offer(session, conversation, turn_id, offered)
    rows = queue.put(
        session, conversation, [queue.Draft(text, options)], purpose=Purpose.REPLY,
        author=Author.BOT, identity=identity, turn_id=turn_id, case_id=messages[-1].case_id,
        attributes={"sources": list(sources)} if sources else None,  # the policies it was said from
    )
    if drafts:
        promises.store(session, conversation.id, turn_id, rows[-1].id, 0, drafts)
    _CASE_ANSWERED(session, case=messages[-1].case_id, at=clock.now())


def with_notice(session: Session, identity: Identity, text: str, language: str) -> str:
    """Put the first-contact line before the first reply on an address, at most every 90 days."""
    now = clock.now()
    if identity.notice_at is not None and now - identity.notice_at < _NOTICE_EVERY:
        return text
    identity.notice_at = now
    shop = profile(session)
    line = wording.say(
        "utter_first_contact", language, shop_name=str(shop.get("name", "")),
        privacy_url=str(shop.get("privacy_url") or shop.get("url") or ""),
    )
    return f"{line}\n\n{text}"


def _offer(
    session: Session, conversation: Conversation, turn_id: str, offered: Sequence[tuple[str, str]]
) -> tuple[Option, ...]:
    """Store the choices of a reply; only these can later become commands."""
    _CLOSE_OPTIONS(session, conversation=conversation.id)
    options: list[Option] = []
    for number, (title, command) in enumerate(offered, start=1):
        payload = f"o_{new_uid()}"
        session.add(
            OpenOption(
                payload=payload, conversation_id=conversation.id, turn_id=turn_id, number=number,
                title=title[:200], command=command,
            )
        )
        options.append(Option(number, title, payload))
    return tuple(options)


def _end(session: Session, turn_id: str, **values: Any) -> None:
    """Write how a turn ended; its messages are handled. LeaseLost when another has ended it."""
    session.flush()  # what was noted on the turn's object meanwhile comes before
    if _END(session, turn=turn_id, answered_at=clock.now(), **values).rowcount != 1:
        # The lease ran out, its next holder answered and gave it back, and we took it once more.
        raise LeaseLost
    _HANDLED(session, turn=turn_id)


def _name_case(session: Session, messages: Sequence[Message], intent: str) -> None:
    if intent in _NO_CASE_INTENT or intent.startswith("do_"):
        return
    _NAME_CASE(session, case=messages[-1].case_id, name=intent)
