"""What stands around a thread: whose turn it is, the summary, and the customer."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from bot.accounts import queries as accounts
from bot.aftersales.orders.service import shop_system
from bot.aftersales.orders.shopsystem import OrderView
from bot.aftersales.promises.models import Promise
from bot.aftersales.promises.service import open_promises
from bot.console import i18n, rows
from bot.conversations.handover.models import Handover
from bot.conversations.models import Conversation
from bot.conversations.states import Handling
from bot.conversations.tickets.models import Ticket
from bot.conversations.tickets.queries import of_customer
from bot.errors import TemporarilyUnavailable

MOST_LINES = 10  # of a summary: what an agent reads in ten seconds
_ORDERS, _TICKETS = 5, 5


@dataclasses.dataclass(frozen=True)
class Header:
    """Whose turn a conversation is, and what this reader may do about it."""

    uid: str
    name: str
    channel: str
    address: str
    state: str
    holder: str
    mine: bool
    wait_reason: str
    waiting_since: dt.datetime | None
    promised_at: dt.datetime | None
    summary: list[tuple[str, str]]
    unreachable: str

    @property
    def can_take(self) -> bool:
        """Nobody has it."""
        return self.state != Handling.AGENT.value


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
    tickets: list[Ticket]
    promises: list[Promise]


def _as_text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return " · ".join(_as_text(part) for part in value if part)
    if isinstance(value, dict):
        return ", ".join(f"{k}: {_as_text(v)}" for k, v in value.items() if v)
    return str(value)


def summary_lines(passage: Handover | None) -> list[tuple[str, str]]:
    """Return a hand-over's summary as at most ten (label, text) lines."""
    if passage is None or not isinstance(passage.summary, dict):
        return []
    texts = i18n.catalogue(i18n.language())
    lines = [
        (texts[f"summary.{key}"], _as_text(value))
        for key, value in passage.summary.items() if value and f"summary.{key}" in texts
    ]
    return lines[:MOST_LINES]


def header(session: Session, conversation: Conversation, user_id: int) -> Header:
    """Return what the head of a conversation's page says to one user."""
    identity = conversation.identity
    passages = rows.handovers(session, int(conversation.id))
    current = passages[-1] if passages and passages[-1].ended_at is None else None
    holder = ""
    if conversation.agent_id:
        holder = accounts.names(session, {int(conversation.agent_id)}).get(conversation.agent_id, "?")
    return Header(
        uid=conversation.uid, name=rows.display_name(conversation.customer, identity),
        channel=identity.channel if identity is not None else "",
        address=identity.address if identity is not None else "",
        state=conversation.state, holder=holder,
        mine=conversation.state == Handling.AGENT.value and conversation.agent_id == user_id,
        wait_reason=conversation.wait_reason or "", waiting_since=conversation.waiting_since,
        promised_at=conversation.promised_at, summary=summary_lines(current),
        unreachable=(identity.unreachable or "") if identity is not None else "",
    )


def customer(session: Session, conversation: Conversation) -> CustomerPanel:
    """Return what is known of a conversation's customer; orders by phone and e-mail of the shop."""
    person = conversation.customer
    orders: list[OrderView] = []
    away = False
    try:
        if person.phone or person.email:
            orders = shop_system(session).orders_of(person.phone, person.email)[:_ORDERS]
    except TemporarilyUnavailable:
        away = True
    return CustomerPanel(
        name=rows.display_name(person, conversation.identity), phone=person.phone or "",
        email=person.email or "", language=person.language,
        channels=[(i.channel, i.address) for i in person.identities],
        orders=orders, orders_away=away,
        tickets=of_customer(session, int(person.id))[:_TICKETS],
        promises=open_promises(session, int(conversation.id)),
    )
