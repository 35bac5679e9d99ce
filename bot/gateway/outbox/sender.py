"""The one sender. `drain` sends what a conversation has queued, in order, each message once.

A message is claimed by a conditional UPDATE that also refuses to overtake an earlier one; the
provider is called outside any transaction; then the outcome is written. A process that dies between
the two leaves a claim that runs out: its outcome is unknown and is looked up before anything is
sent again.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import os
import threading
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session, aliased

from bot import clock, config, db, jobs
from bot.channels import registry
from bot.channels.base import Channel
from bot.channels.errors import Outcome, Remedy, SendError
from bot.channels.events import Option, OutgoingMessage, SendResult
from bot.conversations.models import DeadLetter, Identity, Message
from bot.conversations.states import Outbound, Purpose
from bot.errors import NotFound, TemporarilyUnavailable
from bot.gateway.outbox import checks, rates, receipts, remedies

# Providers live in real time: every pause here is in real seconds, whatever the shop's clock does.
CLAIM_SECONDS = 60.0  # longer than any provider call may take
_RETRY_AFTER = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0)  # between tries
MAX_ATTEMPTS = 10
_LOOK_UP_AFTER = (5.0, 10.0, 20.0, 60.0, 600.0)  # until an unknown outcome is looked up
_ABSENT_AFTER = 30.0  # before that, "not there" may mean "not there yet"
_SOON = 10.0  # a longer wait is left to the sweep, or each of its bells would start a chain
_UNASKED = (Purpose.NOTICE.value, Purpose.SURVEY.value, Purpose.MARKETING.value)
_BUSY = (Outbound.QUEUED.value, Outbound.SENDING.value, Outbound.UNKNOWN.value)
log = structlog.get_logger("outbox")


@dataclasses.dataclass(frozen=True)
class Work:
    """A claimed message: what the provider gets, or is asked about when the outcome is unknown."""

    message_id: int
    outgoing: OutgoingMessage
    channel: str
    look_up: bool
    since: dt.datetime
    known: frozenset[str] = frozenset()


Claim = Work | float | None  # a message; seconds until there may be one; nothing to do
Settle = Callable[[Session, Work, str], None]


def new_owner() -> str:
    """Return a name for claims that no other thread of any process has."""
    return f"{os.getpid()}-{threading.get_ident()}-{uuid.uuid4().hex[:8]}"


def claim(session: Session, conversation_id: int, owner: str) -> Claim:
    """Claim the next message of a conversation within a caller's transaction; see `drain`."""
    return _claim(session, conversation_id, owner)


def drain(conversation_id: int, owner: str = "", claimed: Claim = None) -> None:
    """Send everything of a conversation that may leave now; schedule what must wait.

    A caller that claimed the first message together with storing it hands the claim over.
    """
    owner = owner or new_owner()
    work = claimed
    if work is None:
        work = db.together(lambda s: _claim(s, conversation_id, owner), durable=False)
    while isinstance(work, Work):
        work = _send(work, conversation_id, owner)
    if work is not None and work <= _SOON:
        jobs.enqueue(jobs.SEND, conversation_id, delay=work)


def _send(work: Work, conversation_id: int, owner: str) -> Claim:
    outcome = _deliver(work)
    step = functools.partial(_settle, outcome, work, conversation_id, owner)
    try:
        return db.together(step, durable=False)
    except sa.exc.IntegrityError:
        # What the provider named belongs to another row of ours: whose it is can not be known.
        outcome = _failure(SendError("contradictory answer", Outcome.UNKNOWN, "contradiction"))
        step = functools.partial(_settle, outcome, work, conversation_id, owner)
        return db.together(step, durable=False)


def _settle(
    outcome: Settle, work: Work, conversation_id: int, owner: str, session: Session
) -> Claim:
    """Write down what became of one message, and claim the next."""
    outcome(session, work, owner)
    session.flush()
    return _claim(session, conversation_id, owner)


def _in_line(table: Any) -> Any:
    """Return the condition of an unfinished message that nothing may overtake.

    What nobody asked for and waits for its hour is not in line: an answer need not wait for it.
    """
    waits = sa.and_(
        table.state == Outbound.QUEUED.value, table.purpose.in_(_UNASKED),
        table.next_attempt_at > clock.now(),
    )
    return sa.and_(table.direction == "out", table.state.in_(_BUSY), ~waits)


def _first(session: Session, conversation_id: int) -> Message | None:
    """Return the earliest unfinished message: order holds because nothing overtakes it."""
    row: Message | None = session.scalars(
        sa.select(Message)
        .where(Message.conversation_id == conversation_id, _in_line(Message))
        .order_by(Message.id)
        .limit(1)
    ).first()
    return row


def _claim(session: Session, conversation_id: int, owner: str) -> Claim:
    """Claim the next message. None: nothing to do. A float: look again in so many real seconds."""
    while True:
        message = _first(session, conversation_id)
        if message is None:
            return None
        now, real_now = clock.now(), clock.real()
        if message.state == Outbound.SENDING.value:
            if message.claim_until > real_now:
                return None  # another process has it, and goes on with what follows
            _orphaned(session, message, real_now)
            continue
        if message.next_attempt_at and message.next_attempt_at > now:
            wait = (message.next_attempt_at - now).total_seconds() / clock.shop_speed()
            return min(max(wait, 0.05), 600.0)
        identity = session.get(Identity, message.identity_id)
        assert identity is not None
        look_up = message.state == Outbound.UNKNOWN.value
        if not look_up:
            refused = _refuse_or_wait(session, message, identity)
            session.flush()
            if refused is None:
                continue
            if refused > 0 and message.purpose in _UNASKED:
                # Its hour comes later; what was asked for goes before it.
                message.next_attempt_at = in_real(refused)
                session.flush()
                continue
            if refused > 0:
                return refused
        if not _take(session, message, owner, real_now, look_up):
            return None
        return Work(
            int(message.id), _outgoing(message, identity), message.channel, look_up,
            message.sent_at or message.created_at,
            _known(session, message) if look_up else frozenset(),
        )


def _known(session: Session, message: Message) -> frozenset[str]:
    """Return the provider's ids that belong to other messages to the same person."""
    since = (message.sent_at or message.created_at) - dt.timedelta(days=1)
    ids = session.scalars(
        sa.select(Message.provider_message_id).where(
            Message.identity_id == message.identity_id, Message.direction == "out",
            Message.id != message.id, Message.provider_message_id.isnot(None),
            Message.created_at > since,
        )
    )
    return frozenset(ids) | frozenset(receipts.superseded(message))


def _orphaned(session: Session, message: Message, real_now: float) -> None:
    """Take a message from a process that died in mid-send; its outcome is unknown."""
    db.conditional_update(
        session,
        sa.update(Message)
        .where(
            Message.id == message.id, Message.state == Outbound.SENDING.value,
            Message.claim_until <= real_now,
        )
        .values(state=Outbound.UNKNOWN.value, claim_owner=None, next_attempt_at=clock.now()),
    )
    session.refresh(message)


def _take(
    session: Session, message: Message, owner: str, real_now: float, look_up: bool
) -> bool:
    session.flush()
    earlier = aliased(Message)
    return db.conditional_update(
        session,
        sa.update(Message)
        .where(
            Message.id == message.id, Message.state == message.state,
            ~sa.exists().where(
                earlier.conversation_id == message.conversation_id, earlier.id < message.id,
                _in_line(earlier),
            ),
        )
        .values(
            state=Outbound.SENDING.value, claim_owner=owner,
            claim_until=real_now + CLAIM_SECONDS,
            attempts=Message.attempts + (0 if look_up else 1),
            sent_at=message.sent_at if look_up else clock.now(),  # where a look-up begins to search
        ),
    )


def _refuse_or_wait(session: Session, message: Message, identity: Identity) -> float | None:
    """Apply checks, window and rate. None: refused for good. 0.0: go. Else seconds to wait."""
    objection = checks.refusal(session, message, identity)
    if isinstance(objection, checks.Later):
        message.next_attempt_at = objection.until
        return (objection.until - clock.now()).total_seconds() / clock.shop_speed()
    if objection is not None:
        _not_sent(message, objection.reason)
        return None
    limits = registry.CHANNELS[message.channel].limits
    if limits.window is not None and not (message.template or {}).get("sid"):
        last = identity.last_inbound_at
        if last is None or clock.now() - last > limits.window:
            template = remedies.template_for(session, message, identity)
            if template is None:
                _not_sent(message, "outside the 24-hour window, and no approved template is set")
                return None
            message.template = template
    wait = rates.take_pair(identity, limits)
    return wait or rates.take_sender(message.channel, message.account)


def _not_sent(message: Message, reason: str) -> None:
    message.state = Outbound.NOT_SENT.value
    message.error_text = reason[:300]


def _outgoing(message: Message, identity: Identity) -> OutgoingMessage:
    settings = config.load()
    door = registry.CHANNELS[message.channel].status_door
    # Providers only call back to https; the id rides along, so that a receipt can be matched even
    # when the answer to the send call was lost.
    wanted = door and settings.base_url.startswith("https://")
    callback = f"{settings.base_url}{door}?uuid={quote(message.uid)}" if wanted else ""
    template = message.template or {}
    return OutgoingMessage(
        our_id=message.uid, account=message.account, address=identity.address, text=message.text,
        options=tuple(Option(**o) for o in message.options or ()),
        media_url=str((message.attributes or {}).get("media_url", "")),
        template=str(template.get("sid") or ""),
        template_variables=dict(template.get("variables") or {}) if template.get("sid") else {},
        status_callback=callback,
    )


def _deliver(work: Work) -> Settle:
    """Call the provider, outside any transaction; return how to write the outcome down."""
    try:
        channel = registry.get(work.channel)
        result = _look_up(channel, work) if work.look_up else channel.send(work.outgoing)
    except NotFound as error:
        return _failure(SendError(str(error), Outcome.REFUSED, "channel_off", Remedy.OPERATOR))
    except SendError as error:
        return _failure(error)
    except TemporarilyUnavailable as error:
        # Only a look-up raises this: what became of the message is as unknown as before.
        return _failure(SendError(str(error), Outcome.UNKNOWN, "look_up_failed"))
    except Exception:
        # Our own fault in an adapter. Whether the provider got it is not known: look it up later.
        log.exception("send_crashed", message_id=work.message_id, channel=work.channel)
        return _failure(SendError("the send failed inside", Outcome.UNKNOWN, "internal"))
    return functools.partial(_write_success, result)


def _failure(error: SendError) -> Settle:
    return functools.partial(_write_failure, error)


def _look_up(channel: Channel, work: Work) -> SendResult:
    found = channel.find_sent(work.outgoing, work.since - dt.timedelta(minutes=2), work.known)
    age = (clock.now() - work.since).total_seconds() / clock.shop_speed()
    if found is None and age < _ABSENT_AFTER:
        raise SendError("the provider does not have it yet", Outcome.UNKNOWN, "not_found")
    if found is None:
        raise SendError("the provider does not have it", Outcome.NOT_SENT, "not_found")
    return found


def _locked(session: Session, work: Work) -> Message:
    query = sa.select(Message).where(Message.id == work.message_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()  # type: ignore[no-any-return]


def _write_success(result: SendResult, session: Session, work: Work, owner: str) -> None:
    message = _locked(session, work)
    if result.provider_message_id in receipts.superseded(message):
        return  # a receipt has refused this try already, and another one is planned
    message.provider_message_id = message.provider_message_id or result.provider_message_id
    if message.claim_owner == owner or message.state == Outbound.UNKNOWN.value:
        message.claim_owner = None
        message.state = Outbound.SENT.value
        receipts.apply(session, message, result.status, "", clock.now())
    receipts.adopt_orphans(session, message)


def _write_failure(error: SendError, session: Session, work: Work, owner: str) -> None:
    message = _locked(session, work)
    if message.state != Outbound.SENDING.value or message.claim_owner != owner:
        return  # a receipt settled it meanwhile
    identity = session.get(Identity, message.identity_id)
    message.claim_owner = None
    message.error_code, message.error_text = error.code[:64], str(error)[:300]
    log.info("send_failed", message_id=work.message_id, code=error.code, outcome=error.outcome.value)
    if error.outcome is Outcome.UNKNOWN:
        _unknown(session, message, answered=error.code != "look_up_failed")
    elif error.outcome is Outcome.NOT_SENT and message.attempts < MAX_ATTEMPTS:
        step = _RETRY_AFTER[min(message.attempts - 1, len(_RETRY_AFTER) - 1)]
        message.state = Outbound.QUEUED.value
        message.next_attempt_at = in_real(error.retry_after or step)
    else:
        _refused(session, message, identity, error)


def _refused(
    session: Session, message: Message, identity: Identity | None, error: SendError
) -> None:
    if identity is not None:
        remedies.mark_address(identity, error.remedy, error.code)
    if error.remedy is Remedy.TEMPLATE and remedies.switch_to_template(session, message, identity):
        return
    if error.remedy is Remedy.WITHOUT_MEDIA and remedies.drop_media(message):
        return
    message.state = Outbound.FAILED.value
    session.add(
        DeadLetter(
            direction="out", channel=message.channel, kind="send_failed", message_id=message.id,
            reason=f"{error.code} {error}"[:300],
            payload={"code": error.code, "attempts": message.attempts},
        )
    )


def _unknown(session: Session, message: Message, answered: bool) -> None:
    """Wait for a receipt or a look-up; after the last answered one the outcome stays open for good.

    A look-up that the provider did not answer says nothing and is not counted.
    """
    tries = int((message.attributes or {}).get("look_ups", 0))
    if tries >= len(_LOOK_UP_AFTER) and answered:
        message.state = Outbound.EXPIRED.value
        session.add(
            DeadLetter(
                direction="out", channel=message.channel, kind="outcome_unknown",
                message_id=message.id, reason="whether the provider took it can not be found out",
                payload={"code": message.error_code, "attempts": message.attempts},
            )
        )
        return
    message.state = Outbound.UNKNOWN.value
    message.attributes = {**(message.attributes or {}), "look_ups": tries + int(answered)}
    message.next_attempt_at = in_real(_LOOK_UP_AFTER[min(tries, len(_LOOK_UP_AFTER) - 1)])


def in_real(seconds: float) -> dt.datetime:
    """Return the shop's instant in so many real seconds."""
    return clock.now() + dt.timedelta(seconds=seconds * clock.shop_speed())
