"""What a ticket says, in plain words, for the page on which people work through them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, config, formatting
from bot.accounts.models import AuditEntry
from bot.console import i18n, labels, wishes
from bot.conversations.tickets import queries
from bot.conversations.tickets.models import Ticket

# In reading order; what else a ticket holds comes after them under its own name.
_KNOWN = (
    "danger", "first_message", "details", "photo", "phone", "call_from", "order_as_given",
    "notice_at", "language", "channel",
)


def mark(session: Session) -> object:
    """Return what differs whenever a list of tickets may look different."""
    return [
        session.scalar(sa.select(sa.func.max(table.id))) for table in (Ticket, AuditEntry)
    ], count(session)


def count(session: Session) -> int:
    """Return how many tickets are open."""
    found = sa.select(sa.func.count()).select_from(Ticket).where(Ticket.state == "open")
    return int(session.scalar(found) or 0)


def rows(session: Session, state: str) -> list[dict[str, Any]]:
    """Return the tickets in a state, each with its topic in words and whether it is late."""
    return [_in_words(row) for row in queries.listing(session, state)]


def one(session: Session, number: str) -> dict[str, Any] | None:
    """Return one ticket with `facts`, its details as (key of the label, label, text)."""
    found = queries.find(session, number)
    if found is None:
        return None
    return {**_in_words(found), "facts": _facts(found)}


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    due = row["due_at"]
    return {
        **row,
        "topic": wishes.label(row["intent"], i18n.language()),
        "late": bool(due and row["state"] == "open" and due < clock.now()),
        "danger": bool(row["details"].get("danger")),
    }


def _facts(row: dict[str, Any]) -> list[tuple[str, str, str]]:
    details = row["details"]
    order = [*(name for name in _KNOWN if name in details),
             *(name for name in details if name not in _KNOWN)]
    found = [(name, _told(name, details[name], row)) for name in order]
    return [
        (name, i18n.text_or(f"detail.{name}", name.replace("_", " ")), text)
        for name, text in found if text
    ]


def _told(name: str, value: Any, row: dict[str, Any]) -> str:
    """Return one detail as people read it; empty for what says nothing."""
    if value in (None, "", "-", False):
        return ""
    if name == "danger":
        return i18n.text("summary.danger_text")
    if name == "photo":
        return i18n.text("summary.photo_text")
    if name == "language":
        return i18n.text_or(f"language.{value}", str(value))
    if name == "channel":
        return i18n.text_or(f"channel.{value}", str(value))
    moment = _moment(value)
    if moment is None:
        return _plain(value)
    if name == "call_from" and row["due_at"]:
        zone = config.load().shop_time_zone
        return formatting.slot_label(moment, row["due_at"], i18n.language(), zone, clock.now())
    return labels.moment(moment)


def _moment(value: Any) -> dt.datetime | None:
    """Return the instant that a detail holds, if it is one."""
    if not isinstance(value, str) or "T" not in value:
        return None
    try:
        found = dt.datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(_plain(part) for part in value.values() if part)
    if isinstance(value, (list, tuple)):
        return " · ".join(_plain(part) for part in value if part)
    return i18n.text("yes") if value is True else str(value)
