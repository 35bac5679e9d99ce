"""Putting messages into the outbox: one row each, split to what the channel can carry."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db, live
from bot.channels import registry
from bot.channels.base import Limits
from bot.channels.events import Option
from bot.conversations.models import Conversation, Identity, Message, new_uid
from bot.conversations.states import Author, Outbound, Purpose
from bot.text import split_message


@dataclasses.dataclass(frozen=True)
class Draft:
    """What is to be said, before a channel's limits shape it."""

    text: str
    options: tuple[Option, ...] = ()
    template: Mapping[str, Any] | None = None  # {name, variables}: instead, when the window is shut


class Queued(NamedTuple):
    """The row of one send."""

    id: int
    uid: str


_INSERT = sa.insert(Message.__table__)


def limits_of(channel: str) -> Limits:
    """Return a channel's limits, also for one that is switched off by now."""
    return registry.CHANNELS[channel].limits


def parts(draft: Draft, limits: Limits) -> list[tuple[str, tuple[Option, ...]]]:
    """Split a draft into sends; options become numbered lines where the channel has no buttons."""
    text, options = draft.text, draft.options
    if options and (
        len(options) > limits.options or any(len(o.title) > limits.option_title for o in options)
    ):
        text = "\n".join([text, "", *(f"{o.number}) {o.title}" for o in options)])
        options = ()
    pieces = split_message(text, limits.text) or [""]
    return [(p, options if i == len(pieces) - 1 else ()) for i, p in enumerate(pieces)]


def put(
    session: Session, conversation: Conversation, drafts: Sequence[Draft], *,
    purpose: Purpose, author: Author, identity: Identity | None = None, turn_id: str | None = None,
    user_id: int | None = None, case_id: int | None = None,
    attributes: Mapping[str, Any] | None = None, not_before: dt.datetime | None = None,
) -> list[Queued]:
    """Add the rows for drafts to the outbox, in order; the caller commits and then drains."""
    to = identity or db.load(session, Identity, conversation.identity_id)
    if to is None:
        raise ValueError("a conversation without an address can not be answered")
    limits = limits_of(to.channel)
    rows: list[Queued] = []
    now = clock.now()
    for draft in drafts:
        for text, options in parts(draft, limits):
            uid = new_uid()
            made = session.execute(
                _INSERT,
                {
                    "uid": uid, "conversation_id": conversation.id, "identity_id": to.id,
                    "case_id": case_id, "turn_id": turn_id,
                    "ordinal": len(rows) if turn_id else None, "direction": "out",
                    "author": author.value, "user_id": user_id, "channel": to.channel,
                    "account": to.account, "kind": "text", "text": text, "purpose": purpose.value,
                    "options": [dataclasses.asdict(o) for o in options] or None,
                    "template": dict(draft.template) if draft.template else None,
                    "attributes": dict(attributes or {}), "state": Outbound.QUEUED.value,
                    "created_at": now, "next_attempt_at": not_before or now,
                },
            )
            rows.append(Queued(int(made.inserted_primary_key[0]), uid))
    live.changed_with(session, conversation.id, live.INBOX)
    return rows
