"""A shop on a Tuesday, its chats and agents, moved by the product's own services."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from bot import clock, db
from bot.accounts.models import User
from bot.aftersales.promises.models import Promise
from bot.conversations.handover import desk, service
from bot.conversations.models import Case, Conversation, Message, new_uid
from bot.conversations.states import WaitReason
from tests.aftersales import factory

TUESDAY = "2026-11-24T{}:00+03:00"


def chat(phone: str = "+905550000001", language: str = "tr") -> int:
    with db.write() as session:
        talk = factory.talk(session, phone, channel="simulator")
        talk.language = language
        session.add(Case(conversation_id=talk.id, answered=True))  # the bot's line made it so
        return int(talk.id)


def agent() -> int:
    with db.read() as session:
        return int(session.scalars(sa.select(User.id).where(User.role == "agent")).first())


def message(talk: int, author: str = "customer", **more: Any) -> None:
    with db.write() as session:
        found = session.get(Conversation, talk)
        assert found is not None
        session.add(Message(
            conversation_id=talk, identity_id=found.identity_id, author=author,
            direction="in" if author == "customer" else "out", channel="simulator",
            account="shop", provider_message_id=new_uid(), text="?", state="handled", **more,
        ))
        found.last_inbound_at = clock.now()


def asks(talk: int, minutes: int = 15) -> dt.datetime:
    due = clock.now() + dt.timedelta(minutes=minutes)
    with db.write() as session:
        service.request(
            session, conversation_id=talk, reason=WaitReason.ASKED, promised_at=due
        )
        session.add(Promise(
            conversation_id=talk, kind="human_reply", due_at=due, basis={"source": "queue"},
        ))
    return due


def claims(talk: int) -> None:
    with db.write() as session:
        service.claim(session, talk, agent())


def answers(talk: int) -> None:
    with db.write() as session:
        desk.reply(session, talk, agent(), "Bakıyorum.")


def state(talk: int) -> tuple[str, str | None]:
    with db.read() as session:
        found = session.get(Conversation, talk)
        assert found is not None
        return found.state, found.wait_reason
