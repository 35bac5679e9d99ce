"""The one sender. `drain` sends what a conversation has queued, in order, each message once.

A message is claimed by a conditional UPDATE that also refuses to overtake an earlier one; the
provider is called outside any transaction; then the outcome is written. A process that dies between
the two leaves a claim that runs out: its outcome is unknown and is looked up before anything is
sent again.
"""

from __future__ import annotations

import datetime as dt
import functools
import time
from collections.abc import Callable

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from bot import clock, db, jobs, live
from bot.channels import registry
from bot.channels.base import Channel
from bot.channels.errors import Outcome, Remedy, SendError
from bot.channels.events import SendResult
from bot.conversations.models import DeadLetter, Identity, Message
from bot.conversations.states import Outbound
from bot.errors import NotFound, TemporarilyUnavailable
from bot.gateway.outbox import receipts, remedies
from bot.gateway.outbox.claims import (
    CLAIM_SECONDS,
    Claim,
    Work,
    claim,
    has_more,
    in_real,
    new_owner,
)
from bot.gateway.outbox.tries import ask_anew, is_open, note, superseded

# Providers live in real time: every pause here is in real seconds, whatever the shop's clock does.
_RETRY_AFTER = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0)  # between tries
MAX_ATTEMPTS = 10
_LOOK_UP_AFTER = (5.0, 10.0, 20.0, 60.0, 600.0)  # until an unknown outcome is looked up
_ABSENT_AFTER = 30.0  # before that, "not there" may mean "not there yet"
_GIVE_UP_AFTER = 86_400.0  # when the provider can not be asked either
_MOST_SECONDS = 20.0  # that a call takes: 10 to connect, 10 to answer
_WRITE_AGAIN = 0.5
_SOON = 10.0  # a longer wait is left to the sweep, or each of its bells would start a chain
log = structlog.get_logger("outbox")

Settle = Callable[[Session, Work, str], None]
_LOCKED = db.prepared(
    lambda message: sa.select(Message)
    .where(Message.id == message)
    .with_for_update()
    .execution_options(populate_existing=True)
)


def drain(conversation_id: int, owner: str = "", claimed: Claim = None) -> None:
    """Send everything of a conversation that may leave now; schedule what must wait.

    A caller that claimed the first message together with storing it hands the claim over.
    """
    owner = owner or new_owner()
    work = claimed
    if work is None:
        work = _claimed(conversation_id, owner)
    while isinstance(work, Work):
        more = _send(work, conversation_id, owner)
        work = _claimed(conversation_id, owner) if more else None
        live.changed(conversation_id)
    if work is not None and work <= _SOON:
        jobs.enqueue(jobs.SEND, conversation_id, delay=work)


def _claimed(conversation_id: int, owner: str) -> Claim:
    """Claim the next message. That is on the disk before it leaves: a claim that a power cut took
    back would let it leave again, without a look-up.
    """
    return db.together(lambda s: claim(s, conversation_id, owner))


def _send(work: Work, conversation_id: int, owner: str) -> bool:
    """Send one message, or look it up; tell whether the conversation has more."""
    until = time.monotonic() + CLAIM_SECONDS
    outcome = _deliver(work)
    try:
        return _written(functools.partial(_settle, outcome, work, conversation_id, owner), until)
    except sa.exc.IntegrityError:
        # What the provider named belongs to another row of ours: whose it is can not be known.
        outcome = _failure(SendError("contradictory answer", Outcome.UNKNOWN, "contradiction"))
        return _written(functools.partial(_settle, outcome, work, conversation_id, owner), until)


def _written(step: Callable[[Session], bool], until: float) -> bool:
    """Write an outcome down. While there is no database, or no room, as often as the claim lasts:
    what is known now would have to be found out again later, and the person would wait for it.
    """
    while True:
        try:
            return db.together(step, durable=False)
        except sa.exc.OperationalError:
            if time.monotonic() + _WRITE_AGAIN > until:
                raise
            time.sleep(_WRITE_AGAIN)


def _settle(
    outcome: Settle, work: Work, conversation_id: int, owner: str, session: Session
) -> bool:
    """Write down what became of one message; tell whether there is more to claim."""
    outcome(session, work, owner)
    return has_more(session, conversation_id)


def _deliver(work: Work) -> Settle:
    """Call the provider, outside any transaction; return how to write the outcome down."""
    try:
        channel = registry.get(work.channel)
        if not work.look_up and clock.real() > work.until - _MOST_SECONDS:
            # This process was held up (a suspended machine): the claim may be another's by the time
            # the provider has it.
            raise SendError("held up before the call", Outcome.NOT_SENT, "held_up")
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
    if found is None and _age(work.since) < _ABSENT_AFTER:
        raise SendError("the provider does not have it yet", Outcome.UNKNOWN, "not_found")
    if found is None:
        raise SendError("the provider does not have it", Outcome.NOT_SENT, "not_found")
    return found


def _age(since: dt.datetime) -> float:
    """Return how many real seconds have passed since an instant of the shop's time."""
    return (clock.now() - since).total_seconds() / clock.shop_speed()


def _locked(session: Session, work: Work) -> Message:
    return _LOCKED(session, message=work.message_id).scalars().one()  # type: ignore[no-any-return]


def _write_success(result: SendResult, session: Session, work: Work, owner: str) -> None:
    message = _locked(session, work)
    if result.provider_message_id in superseded(message):
        return  # a receipt has refused this try already, and another one is planned
    message.provider_message_id = message.provider_message_id or result.provider_message_id
    # Queued: it was believed absent while the call was still on its way.
    if message.claim_owner == owner or message.state in (
        Outbound.UNKNOWN.value, Outbound.QUEUED.value
    ):
        message.claim_owner = None
        message.state = Outbound.SENT.value
        if work.look_up or is_open(message):
            note(
                message, "found" if work.look_up else "sent",
                provider_id=result.provider_message_id,
            )
        receipts.apply(session, message, result.status, result.error_code, clock.now())
    receipts.adopt_orphans(session, message)


def _write_failure(error: SendError, session: Session, work: Work, owner: str) -> None:
    message = _locked(session, work)
    if message.state != Outbound.SENDING.value or message.claim_owner != owner:
        # A receipt settled it meanwhile.
        if error.outcome is Outcome.UNKNOWN and not work.look_up and not is_open(message):
            note(message, "unknown", code=error.code)
            note(message, "receipt", status=str(message.state))
        return
    identity = session.get(Identity, message.identity_id)
    message.claim_owner = None
    message.error_code, message.error_text = error.code[:64], str(error)[:300]
    log.info("send_failed", message_id=work.message_id, code=error.code, outcome=error.outcome.value)
    if work.look_up and error.outcome is Outcome.NOT_SENT:
        note(message, "absent")
        ask_anew(message)  # the next try has look-ups of its own
    if error.outcome is Outcome.UNKNOWN:
        if not work.look_up:
            note(message, "unknown", code=error.code)
        _unknown(session, message, work.look_up, answered=error.code != "look_up_failed")
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


def _unknown(session: Session, message: Message, asked: bool, answered: bool) -> None:
    """Wait for a receipt or a look-up; after the last answered one the outcome stays open for good.

    A look-up that the provider did not answer says nothing and is not counted; but what it does not
    answer for a day holds up the conversation no longer.
    """
    known = dict(message.attributes or {})
    tries = int(known.get("look_ups", 0))
    age = _age(message.sent_at or message.created_at)
    # The day begins with the first question: after a stop or a restore all are older than that.
    if asked:
        known.setdefault("asked_since", clock.now().isoformat())
    first = dt.datetime.fromisoformat(known.get("asked_since", clock.now().isoformat()))
    if _age(first) > _GIVE_UP_AFTER or (tries >= len(_LOOK_UP_AFTER) and answered):
        note(message, "expired")
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
    message.attributes = {**known, "look_ups": tries + int(answered)}
    wait = _LOOK_UP_AFTER[min(tries, len(_LOOK_UP_AFTER) - 1)]
    if age < _ABSENT_AFTER:
        wait = min(wait, _ABSENT_AFTER - age + 0.5)  # from then on "not there" is an answer
    message.next_attempt_at = in_real(wait)
