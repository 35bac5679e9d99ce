"""Draining one conversation: the lease, the loop, and the way of one turn.

No transaction is open while Rasa is asked. Whatever is killed in between, the turn row with its
messages and commands is there: the next holder of the lease goes on where this one stopped, asks
with the same turn id, and Rasa answers from its tracker what it has answered before.
"""

from __future__ import annotations

import collections
import contextlib
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from bot import clock, db, jobs
from bot.conversations import rasa, service
from bot.conversations.models import Attachment, Conversation, Message, Turn
from bot.conversations.states import Handling, Inbound
from bot.conversations.turns import answer, gather, limits, outage, route, sending
from bot.conversations.turns.asking import OpenTurn, ask
from bot.conversations.turns.lease import LeaseLost, hold
from bot.gateway.outbox import claims, sender
from bot.text import detect_language

log = structlog.get_logger("turns")
_MOST = 200  # messages looked at in one go

_message, _turn_table = Message.__table__, Turn.__table__
_OF_TURN = db.prepared(
    lambda turn: sa.select(Message)
    .where(Message.turn_id == turn, Message.direction == "in")
    .order_by(Message.id)
)
_UNFINISHED = db.prepared(
    lambda conversation: sa.select(Turn)
    .where(Turn.conversation_id == conversation, Turn.state.in_(["open", "outage"]))
    .order_by(Turn.created_at)
    .limit(1)
)
_WAITING = db.prepared(
    lambda conversation: sa.select(Message)
    .where(
        Message.conversation_id == conversation, Message.direction == "in",
        Message.state == Inbound.RECEIVED.value, Message.turn_id.is_(None),
    )
    .order_by(Message.id)
    .limit(_MOST)
)
_MORE = db.prepared(  # in no turn yet, or in another one that waits for the brain
    lambda conversation, turn: sa.select(Message.id)
    .where(
        Message.conversation_id == conversation, Message.direction == "in",
        Message.state == Inbound.RECEIVED.value,
        sa.or_(Message.turn_id.is_(None), Message.turn_id != turn),
    )
    .limit(1)
)
_FILES = db.prepared(
    lambda messages: sa.select(Attachment)
    .where(Attachment.message_id.in_(messages))
    .order_by(Attachment.id)
)
_JOIN = db.prepared(
    lambda messages, turn: sa.update(_message)
    .where(_message.c.id.in_(messages))
    .values(turn_id=turn)
)


def drain(conversation_id: int) -> None:
    """Answer what is unanswered in a conversation, unless another worker is at it."""
    owner = claims.new_owner()
    wait: float | None = 0.0
    released = False
    try:
        while wait == 0.0:
            wait, released = _one(conversation_id, owner)
    except LeaseLost:
        return  # its holder looks once more before it goes
    except sa.exc.OperationalError:
        raise  # the database is away: nothing is decided, the sweep comes again
    except Exception:
        _crashed(conversation_id, owner)
        raise
    finally:
        if not released:
            db.together(
                lambda s: service.release_lease(s, conversation_id, owner), durable=False
            )
    if wait is not None:
        jobs.ring(conversation_id, delay=wait)


_crashes: collections.Counter[int] = collections.Counter()
_CRASHES = 3  # after so many in this process a person is asked


def _crashed(conversation_id: int, owner: str) -> None:
    """Count a crash of our own code on a conversation; after a few let a person look at it."""
    _crashes[conversation_id] += 1
    if _crashes[conversation_id] < _CRASHES:
        return
    del _crashes[conversation_id]

    def give_up(session: Session) -> None:
        conversation = hold(session, conversation_id, owner)
        for message in _waiting(session, conversation)[:1]:
            turn = Turn(id=uuid.uuid4().hex, conversation_id=conversation.id)
            session.add(turn)
            session.flush()
            message.turn_id = turn.id
            session.flush()
            outage.tell(session, conversation, turn, [message], conversation.language)
            outage.give_up(session, conversation, turn)
            answer.silent(session, turn.id, "unanswerable")

    db.together(give_up)
    _send_off(conversation_id)


def _one(conversation_id: int, owner: str) -> tuple[float | None, bool]:
    """Do one turn; return (when to look again, whether the lease is given back already).

    0.0: look for the next turn now. A number: come back in so many seconds. None: nothing waits;
    that was found out in the transaction that gave the lease back, so no message falls between.
    """
    found = db.together(lambda s: _take(s, conversation_id, owner), durable=False)
    if not isinstance(found, OpenTurn):
        if found == 0.0:
            # What a rule said or changed is on the disk before it leaves.
            with sending.place() as here:
                claimed = db.together(lambda s: _claim(s, conversation_id, owner, here))
                _leave(conversation_id, owner, claimed, here)
        return found, found != 0.0
    with contextlib.ExitStack() as places:
        try:
            answers, pending = ask(conversation_id, owner, found)
            here = places.enter_context(sending.place())
            claimed, released = db.together(
                lambda s: _answer(s, conversation_id, owner, found, answers, pending, here)
            )
        except (LeaseLost, sa.exc.OperationalError):
            raise
        except Exception as error:
            return _unanswered(conversation_id, owner, found, error), False
        _leave(conversation_id, owner, claimed, here)
    return (None, True) if released else (0.0, False)


def _unanswered(conversation_id: int, owner: str, found: OpenTurn, error: Exception) -> float:
    """Note that a turn got no answer, or one that can not be stored; return when to ask again."""
    if isinstance(error, rasa.RasaUnavailable):
        log.warning("brain_unavailable", turn=found.turn_id, reason=str(error))
    else:
        log.exception("turn_failed", turn=found.turn_id)
    hopeless = found.attempts >= outage.HOPELESS_AFTER and rasa.is_well(found.uid)
    wait = db.together(lambda s: _failed(s, conversation_id, owner, found, hopeless))
    _send_off(conversation_id)
    return wait


def _send_off(conversation_id: int) -> None:
    """Send what was said beside an answer, from here while there is a place."""
    with sending.place() as here:
        if here:
            sender.drain(conversation_id)
        else:
            jobs.enqueue(jobs.SEND, conversation_id)


def _claim(session: Session, conversation_id: int, owner: str, here: bool) -> claims.Claim:
    hold(session, conversation_id, owner)
    return claims.claim(session, conversation_id, owner) if here else None


def _leave(conversation_id: int, owner: str, claimed: claims.Claim, here: bool) -> None:
    """Send what has been said: from this thread while few others do, else from those for sending."""
    if not here:
        jobs.enqueue(jobs.SEND, conversation_id)
    elif claimed is not None:
        sender.drain(conversation_id, owner, claimed)


def _take(session: Session, conversation_id: int, owner: str) -> OpenTurn | float | None:
    """Take the lease and the next turn; answer it here when the brain is not needed."""
    conversation = hold(session, conversation_id, owner)
    found = _next(session, conversation)
    session.flush()
    if found is None or (isinstance(found, float) and found > 0.0):
        service.release_lease(session, conversation_id, owner)
    return found


def _answer(
    session: Session, conversation_id: int, owner: str, found: OpenTurn,
    answers: Sequence[rasa.Answer], pending: Sequence[str], here: bool,
) -> tuple[claims.Claim, bool]:
    """Store replies, promises, choices and memory, with the claim of the first send: one commit.

    It is not claimed when it does not leave from `here`.

    When nothing else waits it gives the lease back, too (True): the sends need none.
    """
    conversation = hold(session, conversation_id, owner)
    turn_id = found.turn_id
    messages = list(_OF_TURN(session, turn=turn_id).scalars())
    # A person took over while the brain was thinking: what they see is what counts.
    with_a_person = conversation.state == Handling.AGENT.value
    line = ""
    if found.was_outage and not with_a_person:
        line = outage.over(session, conversation, turn_id, answers[0].language)
    done = _MORE(session, conversation=conversation_id, turn=turn_id).first() is None
    with session.no_autoflush:  # so that all that changes is written in one go
        if with_a_person:
            answer.silent(session, turn_id, "agent")
        else:
            answer.by_brain(session, conversation, turn_id, messages, answers, pending, line)
        if done:
            conversation.unanswered = False
            conversation.lease_owner, conversation.lease_until = None, 0.0
    session.flush()
    if not here:
        return None, done
    try:
        with session.begin_nested():
            return claims.claim(session, conversation_id, owner), done
    except sa.exc.OperationalError:
        raise
    except Exception:
        # An older message that can not be claimed must not undo this answer.
        log.exception("claim_failed", conversation=conversation_id)
        return None, done


def _turn(session: Session, turn_id: str) -> tuple[Turn, list[Message]]:
    turn = db.load(session, Turn, turn_id)
    assert turn is not None
    return turn, list(_OF_TURN(session, turn=turn_id).scalars())


def _next(session: Session, conversation: Conversation) -> OpenTurn | float | None:
    """Take up the open turn, or make the next one; answer it here when the brain is not needed."""
    unfinished = _UNFINISHED(session, conversation=conversation.id).scalars().first()
    if unfinished is not None:
        if _beside(session, conversation, unfinished):
            return 0.0
        return _again(session, conversation, unfinished)
    waiting = _waiting(session, conversation)
    if not waiting:
        conversation.unanswered = False
        return None
    flood = limits.is_flood(session, conversation)
    asked = limits.asked(session, conversation)
    messages = gather.next_turn(waiting, join_all=flood, asked=asked)
    if not flood and conversation.state != Handling.AGENT.value:
        due = gather.due_at(messages, asked)
        if due > clock.real():
            conversation.due_at = due
            return max(due - clock.real(), 0.01)
    conversation.due_at = 0.0
    return _begin(session, conversation, messages)


def _waiting(session: Session, conversation: Conversation) -> list[Message]:
    return _with_files(session, _WAITING(session, conversation=conversation.id).scalars().all())


def _with_files(session: Session, messages: Sequence[Message]) -> list[Message]:
    """Fill in the attachments of messages, by one question for all of them."""
    files = collections.defaultdict(list)
    if messages:
        for file in _FILES(session, messages=[m.id for m in messages]).scalars():
            files[file.message_id].append(file)
    for message in messages:
        set_committed_value(message, "attachments", files[message.id])
    return list(messages)


def _beside(session: Session, conversation: Conversation, turn: Turn) -> bool:
    """While a turn waits for the brain to come back, answer what a rule can answer.

    Who asks "?" hears the time, a stop word counts. What needs the brain keeps its place.
    """
    if turn.state != "outage" or conversation.state == Handling.AGENT.value:
        return False
    for message in _waiting(session, conversation):
        if (message.attributes or {}).get("needs_brain"):
            continue
        decided = route.decide(session, conversation, [message])
        if decided.commands:
            message.attributes = {**(message.attributes or {}), "needs_brain": True}
            continue
        _conclude(session, conversation, [message], decided)
        return True
    return False


def _begin(
    session: Session, conversation: Conversation, messages: Sequence[Message]
) -> OpenTurn | float:
    decided = route.decide(session, conversation, messages)
    return _conclude(session, conversation, messages, decided)


def _conclude(
    session: Session, conversation: Conversation, messages: Sequence[Message],
    decided: route.Route,
) -> OpenTurn | float:
    turn_id = uuid.uuid4().hex
    session.execute(
        sa.insert(_turn_table),
        {
            "id": turn_id, "conversation_id": conversation.id,
            "commands": decided.commands or None,
        },
    )
    _JOIN(session, messages=[m.id for m in messages], turn=turn_id)
    for message in messages:
        set_committed_value(message, "turn_id", turn_id)
    if decided.commands:
        return _opened(
            session, conversation, turn_id, messages, decided.language, decided.commands
        )
    if decided.silent:
        answer.silent(session, turn_id, decided.silent)
    else:
        answer.by_rule(session, conversation, turn_id, messages, decided)
    return 0.0


def _again(session: Session, conversation: Conversation, turn: Turn) -> OpenTurn | float:
    messages = _with_files(session, _OF_TURN(session, turn=turn.id).scalars().all())
    if conversation.state == Handling.AGENT.value:
        answer.silent(session, turn.id, "agent")
        return 0.0
    if float(conversation.due_at) > clock.real():
        return float(conversation.due_at) - clock.real()
    language = detect_language(gather.text_of(messages), default=conversation.language)
    return _opened(
        session, conversation, str(turn.id), messages, language, turn.commands or (),
        int(turn.attempts or 0), was_outage=turn.state == "outage",
    )


def _opened(
    session: Session, conversation: Conversation, turn_id: str, messages: Sequence[Message],
    language: str, commands: Sequence[dict[str, Any]], attempts: int = 0,
    was_outage: bool = False,
) -> OpenTurn:
    files = [str(a.kind) for m in messages for a in m.attachments]
    return OpenTurn(
        turn_id=turn_id, uid=str(conversation.uid), channel=str(messages[-1].channel),
        language=language, memory=dict(conversation.memory or {}),
        attachments=tuple(files or route.asked_about_files(session, conversation, turn_id)),
        commands=tuple(commands), attempts=attempts, was_outage=was_outage,
    )


def _failed(
    session: Session, conversation_id: int, owner: str, found: OpenTurn, hopeless: bool = False
) -> float:
    conversation = hold(session, conversation_id, owner)
    turn, messages = _turn(session, found.turn_id)
    turn.attempts = int(turn.attempts) + 1
    if conversation.state == Handling.AGENT.value:
        answer.silent(session, turn.id, "agent")
        return 0.0
    if hopeless and turn.state == "outage":
        outage.give_up(session, conversation, turn)
        answer.silent(session, turn.id, "unanswerable")
        return 0.0
    if outage.is_due(turn):
        outage.tell(session, conversation, turn, messages, found.language)
    wait = outage.pause(turn)
    conversation.due_at = clock.real() + wait
    return wait
