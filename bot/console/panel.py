"""What stands around a thread: whose turn it is, the summary, and the customer."""

from __future__ import annotations

import dataclasses
from typing import Any

from sqlalchemy.orm import Session

from bot.aftersales.orders.service import shop_system
from bot.aftersales.orders.shopsystem import OrderView
from bot.aftersales.promises.models import Promise
from bot.aftersales.promises.service import open_promises
from bot.console import i18n, rows, wishes
from bot.conversations.models import Customer
from bot.conversations.states import Handling
from bot.conversations.tickets.models import Ticket
from bot.conversations.tickets.queries import of_customer, open_of, open_of_case
from bot.errors import TemporarilyUnavailable
from bot.shop import queries as shop

MOST_LINES = 10  # of a summary: what an agent reads in ten seconds
_MOST_THINGS = 5  # orders, tickets


@dataclasses.dataclass(frozen=True)
class CustomerPanel:
    """Who the customer is and what they have with the shop."""

    name: str
    phone: str
    email: str
    language: str
    channels: list[tuple[str, str]]
    orders: list[OrderView]
    orders_away: bool
    carriers: dict[str, str]
    tickets: list[Ticket]
    promises: list[Promise]


def _as_text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return " · ".join(_as_text(part) for part in value if part)
    if isinstance(value, dict):
        return ", ".join(_as_text(part) for part in value.values() if part)
    return str(value)


def _lines(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """Return a hand-over's summary as (key of the label, text) in reading order."""
    answers = summary.get("answers") or {}
    if not isinstance(answers, dict):
        answers = {}
    told = [answers.get("case_text"), answers.get("case_details")]
    found = {
        "danger": i18n.text("summary.danger_text") if summary.get("danger") else "",
        "wish": wishes.label(
            str(summary.get("wish") or answers.get("case_intent") or ""), i18n.language()
        ),
        "order": summary.get("order_number") or answers.get("case_order"),
        "told": [part for part in told if part],
        "photo": i18n.text("summary.photo_text") if answers.get("case_photo") else "",
        "words": summary.get("words"),
        "unclear": summary.get("unclear"),
        "ticket": summary.get("tickets") or summary.get("ticket"),
        "withheld": i18n.text("summary.withheld_text") if summary.get("asked_order") else "",
        "mood": i18n.text_or(f"mood.{summary.get('mood')}", str(summary.get("mood") or "")),
    }
    return [(key, _as_text(value)) for key, value in found.items() if value]


def head(session: Session, conversation: dict[str, Any], user_id: int) -> dict[str, Any]:
    """Return what the parts around a thread say to one user, beside the conversation's own row."""
    passages = rows.handovers(session, conversation["id"])
    current = passages[-1] if passages and passages[-1].ended_at is None else None
    lines: list[tuple[str, str]] = []
    if current is not None:
        reason = i18n.text_or(f"reason.{current.reason}", "")
        known = current.summary if isinstance(current.summary, dict) else {}
        lines = _lines(known)
        if reason:
            first = 1 if lines and lines[0][0] == "danger" else 0
            lines.insert(first, ("reason", reason))
        lines = lines[:MOST_LINES]
    of_case = {ticket.number for ticket in open_of_case(session, conversation["id"])}
    taken = conversation["state"] == Handling.AGENT.value
    return {
        **conversation, "summary": lines, "can_take": not taken,
        # Offered with the resolution: (number, whether it is of the matter that is resolved).
        "tickets": [(t.number, t.number in of_case) for t in open_of(session, conversation["id"])],
        "mine": taken and conversation["agent_id"] == user_id,
    }


def customer(session: Session, conversation: dict[str, Any]) -> CustomerPanel:
    """Return what is known of a conversation's customer; orders by phone and e-mail of the shop."""
    person = session.get(Customer, conversation["customer_id"])
    assert person is not None  # every conversation has one
    orders: list[OrderView] = []
    away = False
    try:
        if person.phone or person.email:
            orders = shop_system(session).orders_of(person.phone, person.email)[:_MOST_THINGS]
    except TemporarilyUnavailable:
        away = True
    return CustomerPanel(
        name=conversation["name"], phone=person.phone or "", email=person.email or "",
        language=person.language, channels=[(i.channel, i.address) for i in person.identities],
        orders=orders, orders_away=away,
        carriers={key: str(c.get("name") or key) for key, c in shop.carriers(session).items()},
        tickets=of_customer(session, int(person.id))[:_MOST_THINGS],
        promises=open_promises(session, conversation["id"]),
    )
