"""A thread as the desk shows it: messages, day lines, and who had the conversation when."""

from __future__ import annotations

import dataclasses
import datetime as dt

from flask import render_template
from sqlalchemy.orm import Session

from bot.console import fragments, i18n, labels, rows
from bot.conversations.handover.models import Handover
from bot.conversations.models import Conversation, Message

_OUTCOMES = {
    "handed_back": "event.handed_back", "resolved": "event.resolved",
    "withdrawn": "event.withdrawn", "returned_to_queue": "event.left",
}


@dataclasses.dataclass(frozen=True)
class _Entry:
    at: dt.datetime
    key: str
    message: Message | None = None
    event: str = ""


def _events(passages: list[Handover], names: dict[int, str]) -> list[_Entry]:
    found: list[_Entry] = []
    for passage in passages:
        name = names.get(int(passage.agent_id), "?") if passage.agent_id else ""
        if passage.reason != "stepped_in":
            reason = i18n.text(f"reason.{passage.reason}")
            text = i18n.text("event.waiting", reason=reason)
            found.append(_Entry(passage.requested_at, f"h{passage.id}w", event=text))
        if passage.claimed_at:
            text = i18n.text("event.taken", name=name)
            found.append(_Entry(passage.claimed_at, f"h{passage.id}c", event=text))
        if passage.ended_at and passage.outcome in _OUTCOMES:
            text = i18n.text(_OUTCOMES[passage.outcome], name=name)
            found.append(_Entry(passage.ended_at, f"h{passage.id}e", event=text))
    return found


def items(
    session: Session, conversation: Conversation, before: int | None = None
) -> list[fragments.Item]:
    """Return the rendered thread by key, oldest first: the latest part, or what is before an id."""
    messages = rows.thread(session, int(conversation.id), before)
    passages = rows.handovers(session, int(conversation.id))
    names = rows.names_of(session, messages, passages)
    entries = [_Entry(m.created_at, f"m{m.uid}", message=m) for m in messages]
    full = len(messages) == rows.MOST_MESSAGES
    since = messages[0].created_at if messages and full else None
    until = messages[-1].created_at if messages and before else None
    entries += [
        e for e in _events(passages, names)
        if (since is None or e.at >= since) and (before is None or (until and e.at <= until))
    ]
    # Messages keep the order of their ids even where two have one time.
    order = {f"m{m.uid}": index for index, m in enumerate(messages)}
    entries.sort(key=lambda e: (e.at, e.message is not None, order.get(e.key, 0)))
    drawn: list[fragments.Item] = []
    if full:
        drawn.append((
            f"earlier{messages[0].id}",
            render_template("parts/earlier.html", uid=conversation.uid, before=messages[0].id),
        ))
    last_day = ""
    customer = rows.display_name(conversation.customer, conversation.identity)
    for entry in entries:
        if (day := labels.day(entry.at)) != last_day:
            key = f"d{labels.local(entry.at).date().isoformat()}"
            drawn.append((key, render_template("parts/day.html", day=day)))
            last_day = day
        if entry.message is None:
            html = render_template("parts/event.html", text=entry.event, at=entry.at)
        else:
            author = names.get(int(entry.message.user_id or 0), "")
            html = render_template(
                "parts/message.html", message=entry.message, author=author, customer=customer
            )
        drawn.append((entry.key, html))
    return drawn
