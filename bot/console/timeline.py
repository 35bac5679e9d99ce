"""A thread as the desk shows it: messages, day lines, and who had the conversation when."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from flask import render_template
from sqlalchemy.orm import Session

from bot.console import fragments, i18n, labels, rows
from bot.conversations import queries
from bot.conversations.handover.models import Handover

_OUTCOMES = {
    "handed_back": "event.handed_back", "resolved": "event.resolved",
    "withdrawn": "event.withdrawn", "returned": "event.left",
}


@dataclasses.dataclass(frozen=True)
class _Entry:
    at: dt.datetime
    key: str
    order: int  # messages of one instant keep the order of their ids, after the events
    html: str


def _events(passages: list[Handover], names: dict[int, str]) -> list[tuple[dt.datetime, str, str]]:
    """Return (when, key, text) of every step of some hand-overs."""
    found: list[tuple[dt.datetime, str, str]] = []
    for passage in passages:
        name = names.get(int(passage.agent_id), "?") if passage.agent_id else ""
        if f"reason.{passage.reason}" in i18n.catalogue(i18n.language()):
            reason = i18n.text(f"reason.{passage.reason}")
            text = i18n.text("event.waiting", reason=reason)
            found.append((passage.requested_at, f"h{passage.id}w", text))
        if passage.claimed_at:
            found.append(
                (passage.claimed_at, f"h{passage.id}c", i18n.text("event.taken", name=name))
            )
        if passage.ended_at and passage.outcome in _OUTCOMES:
            text = i18n.text(_OUTCOMES[passage.outcome], name=name)
            found.append((passage.ended_at, f"h{passage.id}e", text))
    return found


def _earlier(uid: str, messages: list[dict[str, Any]], show: int) -> list[fragments.Item]:
    if len(messages) < show or show >= rows.MOST_MESSAGES:
        return []
    more = min(show * 3, rows.MOST_MESSAGES)
    return [("earlier", render_template("parts/earlier.html", uid=uid, show=more))]


def items(session: Session, conversation: dict[str, Any], show: int) -> list[fragments.Item]:
    """Return the latest `show` messages with what happened around them, rendered, oldest first."""
    messages = queries.thread(session, conversation["id"], limit=show)
    passages = rows.handovers(session, conversation["id"])
    since = messages[0]["created_at"] if len(messages) >= show else None
    entries = [
        _Entry(at, key, -1, render_template("parts/event.html", text=text, at=at))
        for at, key, text in _events(passages, rows.agents_of(session, passages))
        if since is None or at >= since
    ]
    entries += [
        _Entry(
            m["created_at"], f"m{m['uid']}", number,
            render_template("parts/message.html", message=m, customer=conversation["name"]),
        )
        for number, m in enumerate(messages)
    ]
    entries.sort(key=lambda entry: (entry.at, entry.order))
    drawn, last_day = _earlier(conversation["uid"], messages, show), None
    for entry in entries:
        day = labels.local(entry.at).date()
        if day != last_day:
            html = render_template("parts/day.html", day=labels.day(entry.at))
            drawn.append((f"d{day.isoformat()}", html))
            last_day = day
        drawn.append((entry.key, entry.html))
    return drawn
