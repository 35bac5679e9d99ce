"""What could not be handled, in and out, with its reason; listed, and tried again by a person.

Trying again is safe: what has come in, been answered or been sent meanwhile is found out first, and a
letter that was tried is not tried a second time. What fails again leaves a letter of its own.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db, jobs
from bot.channels import registry
from bot.channels.events import UnknownEvent
from bot.conversations.models import Attachment, Conversation, DeadLetter, Identity, Message, Turn
from bot.conversations.states import Inbound, Outbound
from bot.errors import Conflict, NotFound
from bot.gateway import intake
from bot.gateway.outbox.tries import ask_anew, supersede

_ENDED = (Outbound.FAILED.value, Outbound.NOT_SENT.value)


@dataclasses.dataclass(frozen=True)
class Entry:
    """One dead letter as people see it; no customer text in it.

    `conversation` is the id that `conversation show` takes, where the letter belongs to one.
    """

    id: int
    direction: str
    channel: str
    kind: str
    reason: str
    created_at: dt.datetime
    replayed_at: dt.datetime | None
    conversation: str | None


def list_all(include_replayed: bool = False) -> list[Entry]:
    """Return dead letters, oldest first."""
    query = (
        sa.select(DeadLetter, Message.conversation_id)
        .outerjoin(Message, Message.id == DeadLetter.message_id)
        .order_by(DeadLetter.id)
    )
    if not include_replayed:
        query = query.where(DeadLetter.replayed_at.is_(None))
    with db.read() as session:
        return [
            Entry(
                int(d.id), d.direction, d.channel, d.kind, d.reason, d.created_at, d.replayed_at,
                _conversation(session, d, conversation_id),
            )
            for d, conversation_id in session.execute(query)
        ]


def _conversation(session: Session, letter: DeadLetter, of_message: int | None) -> str | None:
    if of_message is None and letter.kind == "unanswerable_turn":
        turn = session.get(Turn, str((letter.payload or {}).get("turn", "")))
        of_message = int(turn.conversation_id) if turn is not None else None
    found = session.get(Conversation, of_message) if of_message is not None else None
    return str(found.uid) if found is not None else None


def retry(dead_letter_id: int) -> str:
    """Try one again; return what was done.

    Raises NotFound when there is none or what it is about is gone, Conflict when it was tried again
    before or must not be; whatever fails while an incoming oddity is stored comes out as it is.
    """
    with db.read() as session:
        letter = session.get(DeadLetter, dead_letter_id)
    if letter is None:
        raise NotFound(f"no dead letter {dead_letter_id}")
    if letter.replayed_at is not None:
        raise Conflict(f"tried again already, at {letter.replayed_at.isoformat()}")
    if letter.kind == "unanswerable_turn":
        return _ask_again(letter)
    if letter.kind == "media_failed":
        return _fetch_again(letter)
    return _parse_again(letter) if letter.direction == "in" else _send_again(letter)


def _send_again(letter: DeadLetter) -> str:
    with db.write() as session:
        message = session.scalars(
            sa.select(Message).where(Message.id == letter.message_id).with_for_update()
        ).first()
        if message is None:
            raise NotFound("its message is gone")
        _reach(session, message)
        state = str(message.state)
        if state in _ENDED:
            message.attempts = 0
            message.error_code = message.error_text = None
            supersede(message)
            done = "queued again"
        elif state == Outbound.EXPIRED.value:
            # Whether it arrived was never known: asked once more before anything is sent.
            message.state = Outbound.UNKNOWN.value
            message.attempts = 1
            ask_anew(message)
            message.next_attempt_at = clock.now()
            done = "looked up again, and sent if the provider does not have it"
        else:
            done = f"nothing to do: it is {state} by now"
        _mark(session, int(letter.id))
        _then(session, jobs.SEND, int(message.conversation_id))
    return done


def _reach(session: Session, message: Message) -> None:
    """Forget that an address was found dead: who tries again has reason to. Not against a wish."""
    identity = session.get(Identity, message.identity_id)
    if identity is None or not identity.unreachable:
        return
    if identity.opted_out_at is not None:
        raise Conflict(f"this person does not want us ({identity.unreachable}); they must write first")
    identity.unreachable = None


def _ask_again(letter: DeadLetter) -> str:
    """Open a turn again that the brain could not answer; it is asked anew, under the same id.

    What the turn had changed before it failed is known by that id and not done twice. A turn that
    failed before anything was to be asked gives its messages free for another one.
    """
    turn_id = str((letter.payload or {}).get("turn", ""))
    with db.write() as session:
        turn = session.get(Turn, turn_id)
        if turn is None:
            raise NotFound("its turn is gone")
        _mark(session, int(letter.id))
        if (turn.state, turn.reason) != ("silent", "unanswerable"):
            return "nothing to do: it has been answered"
        if turn.commands:
            turn.state, turn.reason, turn.answered_at, turn.attempts = "open", None, None, 0
            turn.started_real = clock.real()
        else:
            session.execute(
                sa.update(Message)
                .where(Message.turn_id == turn_id, Message.direction == "in")
                .values(turn_id=None, state=Inbound.RECEIVED.value)
                .execution_options(synchronize_session=False)
            )
        session.execute(
            sa.update(Conversation)
            .where(Conversation.id == turn.conversation_id)
            .values(unanswered=True, due_at=0.0)
            .execution_options(synchronize_session=False)
        )
        conversation_id = int(turn.conversation_id)
        db.after_commit(session, lambda: jobs.ring(conversation_id))
    return "asked again"


def _fetch_again(letter: DeadLetter) -> str:
    with db.write() as session:
        attachment = session.get(Attachment, int((letter.payload or {}).get("attachment") or 0))
        if attachment is None:
            raise NotFound("its file is gone")
        _mark(session, int(letter.id))
        if attachment.state != "failed":
            return "nothing to do: it has been fetched"
        attachment.state, attachment.attempts, attachment.error = "pending", 0, None
        attachment.next_attempt_at = clock.now()
        _then(session, jobs.MEDIA, int(attachment.id))
    return "fetched again"


def _parse_again(letter: DeadLetter) -> str:
    """Put an incoming event through today's parser; what is understood now becomes a message."""
    channel = registry.get(letter.channel)
    events = channel.parse_raw(dict(letter.payload))
    understood = [e for e in events if not isinstance(e, UnknownEvent)]
    if not understood:
        return "still not understood; kept"
    count = intake.store(channel, understood)
    with db.write() as session:
        _mark(session, int(letter.id))
    if not count:
        return "nothing to do: nothing in it is new"
    return f"understood now: {count} new message(s)"


def _then(session: Session, job: str, row_id: int) -> None:
    """Ring once it is committed."""
    db.after_commit(session, lambda: jobs.enqueue(job, row_id))


def _mark(session: Session, dead_letter_id: int) -> None:
    """Note that a letter is dealt with; the second of two who try at once is refused."""
    if not db.conditional_update(
        session,
        sa.update(DeadLetter)
        .where(DeadLetter.id == dead_letter_id, DeadLetter.replayed_at.is_(None))
        .values(replayed_at=clock.now()),
    ):
        raise Conflict("somebody else is trying it again")
