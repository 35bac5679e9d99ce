"""What the pages read: conversations as list rows, and the thread of one."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, selectinload

from bot.accounts import queries as accounts
from bot.accounts.models import User
from bot.conversations.handover.models import Handover
from bot.conversations.models import Conversation, Customer, Identity, Message
from bot.conversations.states import Handling

TABS = ("waiting", "mine", "all")
MOST_ROWS = 100
MOST_MESSAGES = 80


@dataclasses.dataclass(frozen=True)
class Row:
    """A conversation in a list. Texts are the customer's own: escape them."""

    uid: str
    name: str
    channel: str
    state: str
    agent_id: int | None
    agent_name: str
    wait_reason: str
    waiting_since: dt.datetime | None
    promised_at: dt.datetime | None
    last_inbound_at: dt.datetime | None
    last_inbound_id: int
    text: str
    kind: str
    author: str


def display_name(customer: Customer, identity: Identity | None) -> str:
    """Return what to call a customer: the shop's name for them, their own, else the address."""
    if customer.name:
        return str(customer.name)
    if identity is not None and identity.display_name:
        return str(identity.display_name)
    return str(customer.phone or (identity.address if identity is not None else "") or "?")


def _filter(query: Any, tab: str, user_id: int) -> Any:
    if tab == "waiting":
        return query.where(Conversation.state == Handling.WAITING.value).order_by(
            Conversation.waiting_since, Conversation.id
        )
    if tab == "mine":
        query = query.where(
            Conversation.state == Handling.AGENT.value, Conversation.agent_id == user_id
        )
        return query.order_by(Conversation.last_inbound_at.desc().nulls_last(), Conversation.id.desc())
    waiting_first = sa.case((Conversation.state == Handling.WAITING.value, 0), else_=1)
    return query.order_by(
        waiting_first, Conversation.last_inbound_at.desc().nulls_last(), Conversation.id.desc()
    )


def _latest(direction: str | None = None) -> Any:
    message = aliased(Message)
    query = sa.select(message.id).where(message.conversation_id == Conversation.id)
    if direction:
        query = query.where(message.direction == direction)
    return query.order_by(message.id.desc()).limit(1).correlate(Conversation).scalar_subquery()


def conversations(session: Session, tab: str, user_id: int) -> list[Row]:
    """Return the rows of a tab (waiting, mine, all), at most `MOST_ROWS`, most urgent first."""
    query = (
        sa.select(Conversation, Customer, Identity, User.name, Message, _latest("in"))
        .join(Customer, Customer.id == Conversation.customer_id)
        .outerjoin(Identity, Identity.id == Conversation.identity_id)
        .outerjoin(User, User.id == Conversation.agent_id)
        .outerjoin(Message, Message.id == _latest())
    )
    return [
        Row(
            uid=conversation.uid, name=display_name(customer, identity),
            channel=identity.channel if identity is not None else "",
            state=conversation.state, agent_id=conversation.agent_id, agent_name=agent or "",
            wait_reason=conversation.wait_reason or "", waiting_since=conversation.waiting_since,
            promised_at=conversation.promised_at, last_inbound_at=conversation.last_inbound_at,
            last_inbound_id=last_in or 0, text=message.text if message is not None else "",
            kind=message.kind if message is not None else "",
            author=message.author if message is not None else "",
        )
        for conversation, customer, identity, agent, message, last_in in session.execute(
            _filter(query, tab, user_id).limit(MOST_ROWS)
        )
    ]


def counts(session: Session, user_id: int) -> dict[str, int]:
    """Return how many conversations wait, and how many this user has."""
    waiting = sa.select(sa.func.count()).where(Conversation.state == Handling.WAITING.value)
    mine = sa.select(sa.func.count()).where(
        Conversation.state == Handling.AGENT.value, Conversation.agent_id == user_id
    )
    return {
        "waiting": int(session.scalar(waiting) or 0), "mine": int(session.scalar(mine) or 0),
    }


def by_uid(session: Session, uid: str) -> Conversation | None:
    """Return a conversation with its customer, identities and last identity, or None."""
    found: Conversation | None = session.scalars(
        sa.select(Conversation)
        .where(Conversation.uid == uid)
        .options(
            selectinload(Conversation.customer).selectinload(Customer.identities),
            selectinload(Conversation.identity),
        )
    ).first()
    return found


def thread(session: Session, conversation_id: int, before: int | None = None) -> list[Message]:
    """Return the latest messages (older than id `before`), oldest first, with attachments."""
    query = sa.select(Message).where(Message.conversation_id == conversation_id)
    if before:
        query = query.where(Message.id < before)
    query = query.options(selectinload(Message.attachments))
    found = session.scalars(query.order_by(Message.id.desc()).limit(MOST_MESSAGES)).all()
    return list(reversed(found))


def handovers(session: Session, conversation_id: int) -> list[Handover]:
    """Return the latest hand-overs of a conversation, oldest first."""
    query = sa.select(Handover).where(Handover.conversation_id == conversation_id)
    return list(reversed(session.scalars(query.order_by(Handover.id.desc()).limit(20)).all()))


def names_of(session: Session, messages: list[Message], passages: list[Handover]) -> dict[int, str]:
    """Return the names of the users that a thread mentions, by id."""
    wanted = {m.user_id for m in messages} | {h.agent_id for h in passages}
    return accounts.names(session, {int(user_id) for user_id in wanted if user_id is not None})
