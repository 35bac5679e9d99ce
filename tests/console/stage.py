"""A small shop with people in it, moved by the product's own services; no worker, no brain.

    stage.customer_writes(AYSE, "siparişim nerede")
    stage.bot_says(AYSE, "Siparişiniz yolda.")
    stage.waits(AYSE, minutes=12)

Customers write through the simulator's door, as the page does.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, config, db
from bot.accounts import service as accounts
from bot.aftersales import demo
from bot.channels.base import WebhookRequest
from bot.channels.events import Option
from bot.channels.simulator import channel as simulator
from bot.channels.simulator import uploads
from bot.conversations.handover import desk
from bot.conversations.handover import service as handover
from bot.conversations.models import Conversation, Customer, Identity, Message
from bot.conversations.states import Author, Handling, Inbound, Purpose, WaitReason
from bot.conversations.tickets import service as tickets
from bot.gateway import intake, media
from bot.gateway.outbox import queue, sender

AYSE, MEHMET, ELIF, JOHN = "+905321234567", "+905337654321", "+905441112233", "+447700900123"
PASSWORD = "correct horse battery staple"
DENIZ, ECE, ADMIN = "agent1@example.com", "agent2@example.com", "admin@example.com"
_numbers = itertools.count(1)

# One pixel, grey: the smallest photo a browser shows.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
)


def open_shop() -> None:
    """Load the demo shop and its users; every user's password is `PASSWORD`."""
    demo.load_if_empty()
    accounts.ensure_demo_users()


def customer_writes(
    phone: str, text: str = "", *, name: str = "", attachment: dict[str, str] | None = None,
) -> None:
    """Let a customer's message arrive."""
    data: dict[str, object] = {
        "message_id": f"stage-{next(_numbers)}", "phone": phone, "name": name, "text": text,
    }
    if attachment:
        data["attachment"] = attachment
    body = json.dumps(data).encode()
    signature = simulator.sign(config.load(), body)
    intake.receive(
        "simulator",
        WebhookRequest("POST", "/", {simulator.HEADER.lower(): signature}, body, "/"),
    )


def photo(data: bytes = PIXEL, name: str = "fincan.png", kind: str = "image/png") -> dict[str, str]:
    """Upload a photo and return the attachment to send with a message."""
    reference = uploads.store_upload(config.load(), data, kind)
    return {"kind": "image", "reference": reference, "content_type": kind, "file_name": name}


def fetch_files() -> None:
    """Do the media job's work for every attachment that waits."""
    from bot.conversations.models import Attachment

    with db.read() as session:
        waiting = session.scalars(sa.select(Attachment.id)).all()
    for attachment_id in waiting:
        media.fetch(attachment_id)


def conversation_of(session: Session, phone: str) -> Conversation:
    """Return the conversation of a phone on the simulator."""
    found: Conversation = session.scalars(
        sa.select(Conversation)
        .join(Identity, Identity.customer_id == Conversation.customer_id)
        .where(Identity.address == phone)
    ).one()
    return found


def uid_of(phone: str) -> str:
    """Return the opaque id of a phone's conversation."""
    with db.read() as session:
        return str(conversation_of(session, phone).uid)


def bot_says(phone: str, text: str, options: tuple[str, ...] = ()) -> None:
    """Answer as the bot, and mark what the customer wrote as answered."""
    choices = tuple(
        Option(number, title, f"stage-option-{next(_numbers)}")
        for number, title in enumerate(options, 1)
    )
    with db.write() as session:
        conversation = conversation_of(session, phone)
        queue.put(
            session, conversation, [queue.Draft(text, choices)], purpose=Purpose.REPLY,
            author=Author.BOT,
        )
        conversation.unanswered = False
        session.execute(
            sa.update(Message)
            .where(Message.conversation_id == conversation.id, Message.direction == "in")
            .values(state=Inbound.HANDLED.value)
            .execution_options(synchronize_session=False)
        )
        conversation_id = int(conversation.id)
    sender.drain(conversation_id)


def waits(
    phone: str, *, minutes: int = 0, promised_in: int = 15,
    summary: dict[str, object] | None = None, reason: WaitReason = WaitReason.ASKED,
) -> None:
    """Let a conversation wait for a person since some minutes."""
    with db.write() as session:
        conversation = conversation_of(session, phone)
        handover.request(
            session, conversation_id=int(conversation.id), reason=reason,
            promised_at=clock.now() + dt.timedelta(minutes=promised_in), summary=summary or {},
        )
        session.refresh(conversation)
        conversation.waiting_since = clock.now() - dt.timedelta(minutes=minutes)


def ticket(phone: str, **values: object) -> str:
    """Open a ticket of a conversation and return its number."""
    given: dict[str, object] = {
        "intent": "damaged_on_arrival", "category": "orders", "order_number": "1024",
        "details": {"first_message": "Kupa kırık geldi"},
        "due_at": clock.now() + dt.timedelta(hours=4), **values,
    }
    with db.write() as session:
        opened = tickets.open_ticket(
            session, turn_id=f"stage-{next(_numbers)}",
            conversation_id=int(conversation_of(session, phone).id), **given,  # type: ignore[arg-type]
        )
        return str(opened.number)


def agent_takes(phone: str, email: str) -> None:
    """Let an agent take a conversation."""
    with db.write() as session:
        user = accounts.by_email(session, email)
        assert user is not None
        handover.claim(session, int(conversation_of(session, phone).id), int(user.id))


def agent_says(phone: str, email: str, text: str) -> None:
    """Let the agent who has a conversation answer, and the answer leave."""
    with db.write() as session:
        user = accounts.by_email(session, email)
        assert user is not None
        conversation_id = int(conversation_of(session, phone).id)
        desk.reply(session, conversation_id, int(user.id), text)
    sender.drain(conversation_id)


def send_all(phone: str) -> None:
    """Do the outbox's work for a conversation."""
    with db.read() as session:
        conversation_id = int(conversation_of(session, phone).id)
    sender.drain(conversation_id)


def state_of(phone: str) -> Handling:
    """Return whose turn a conversation is."""
    with db.read() as session:
        return Handling(conversation_of(session, phone).state)


def sent_texts(phone: str, author: Author) -> list[str]:
    """Return what somebody said in a conversation, in order."""
    with db.read() as session:
        return list(
            session.scalars(
                sa.select(Message.text)
                .where(
                    Message.conversation_id == conversation_of(session, phone).id,
                    Message.author == author.value,
                )
                .order_by(Message.id)
            )
        )


def rename(phone: str, name: str) -> None:
    """Give the customer of a phone another name."""
    with db.write() as session:
        session.scalars(sa.select(Customer).where(Customer.phone == phone)).one().name = name


def media_folder() -> Path:
    """Return where fetched files lie."""
    return media.folder()
