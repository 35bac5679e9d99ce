"""What became of our messages: receipts are kept, matched and merged monotonically.

A receipt may come before the send call returned, twice, or out of order. It is matched by our own id
where it rode along, else by the provider's; one that matches nothing yet waits for its message.
"""

from __future__ import annotations

import datetime as dt
import functools
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db, jobs, live
from bot.channels.errors import Outcome, Remedy
from bot.channels.events import DeliveryStatus, DeliveryUpdate
from bot.conversations.models import DeadLetter, DeliveryReceipt, Identity, Message
from bot.conversations.states import Outbound
from bot.gateway.outbox import remedies
from bot.gateway.outbox.claims import in_real
from bot.gateway.outbox.tries import is_open, note, supersede, superseded

_RETRIES = 6  # of a message whose failure was reported later and may be temporary
_RETRY_PAUSE = dt.timedelta(seconds=30)  # real time, doubled with each try
# Real seconds between two questions for a message of which no receipt said that it has arrived.
ASK_AFTER = (60.0, 600.0, 3_600.0, 21_600.0, 86_400.0)

_STATES = {
    DeliveryStatus.QUEUED: Outbound.SENT,
    DeliveryStatus.SENT: Outbound.SENT,
    DeliveryStatus.DELIVERED: Outbound.DELIVERED,
    DeliveryStatus.READ: Outbound.READ,
    DeliveryStatus.FAILED: Outbound.FAILED,
}


_message, _receipt = Message.__table__, DeliveryReceipt.__table__
_FACTS = (
    _message.c.id, _message.c.state, _message.c.status_rank, _message.c.provider_message_id,
    _message.c.attributes, _message.c.sent_at, _message.c.delivered_at, _message.c.read_at,
    _message.c.conversation_id, _message.c.channel, _message.c.direction,
)
_BY_OUR_ID = db.prepared(
    lambda channel, uid: sa.select(*_FACTS)
    .where(_message.c.uid == uid, _message.c.direction == "out", _message.c.channel == channel)
    .with_for_update()
)
_BY_PROVIDER_ID = db.prepared(  # by nothing else: SQLite would take an index of a column like those
    lambda provider_id: sa.select(*_FACTS)
    .where(_message.c.provider_message_id == provider_id)
    .with_for_update()
)
_RAISE = db.prepared(lambda message: sa.update(_message).where(_message.c.id == message))
_MATCH = db.prepared(
    lambda of_channel, provider_id, message: sa.update(_receipt)
    .where(
        _receipt.c.channel == of_channel, _receipt.c.provider_message_id == provider_id,
        _receipt.c.message_id.is_(None),
    )
    .values(message_id=message)
)
_ORPHANS = db.prepared(
    lambda channel, provider_id: sa.select(DeliveryReceipt)
    .where(
        DeliveryReceipt.channel == channel, DeliveryReceipt.provider_message_id == provider_id,
        DeliveryReceipt.message_id.is_(None),
    )
    .order_by(DeliveryReceipt.id)
)
_ON_ITS_WAY = (Outbound.SENT.value, Outbound.DELIVERED.value, Outbound.READ.value)


def record(session: Session, update: DeliveryUpdate) -> None:
    """Keep a receipt once and apply it to its message, if that is known."""
    session.flush()  # what an earlier receipt of the same webhook raised is read as it is now
    found = _message_of(session, update)
    inserted = db.insert_once(
        session, DeliveryReceipt, channel=update.channel, account=update.account,
        provider_message_id=update.provider_message_id, our_id=update.our_id,
        status=update.status.value, error_code=update.error_code, raw=dict(update.raw),
        received_at=clock.now(), message_id=found.id if found else None,
    )
    if not inserted or found is None:
        return
    live.changed_with(session, found.conversation_id)
    if _is_plain(found, update):
        if update.status.rank > found.status_rank:
            _RAISE(session, message=found.id, **_raised(found, update.status, clock.now()))
        return
    message = session.get(Message, found.id, populate_existing=True)
    assert message is not None
    _MATCH(
        session, of_channel=update.channel, provider_id=update.provider_message_id,
        message=message.id,
    )
    if update.provider_message_id in superseded(message):
        return  # of a try that was refused; another one is planned or done
    was_open = message.state == Outbound.UNKNOWN.value
    message.provider_message_id = message.provider_message_id or update.provider_message_id
    if is_open(message):
        note(message, "receipt", status=update.status.value)
    apply(session, message, update.status, update.error_code, clock.now())
    if was_open or message.state == Outbound.QUEUED.value:
        # What waited behind it, or the same words as a template, may leave now.
        waiting = int(message.conversation_id)
        db.after_commit(session, lambda: jobs.enqueue(jobs.SEND, waiting))


def _is_plain(found: Any, update: DeliveryUpdate) -> bool:
    """Tell whether a receipt can do no more than raise the state of a message that went straight."""
    return (
        update.status is not DeliveryStatus.FAILED
        and found.state in _ON_ITS_WAY
        and found.provider_message_id == update.provider_message_id
        and not {"superseded", "history"} & (found.attributes or {}).keys()
    )


def adopt_orphans(session: Session, message: Message) -> None:
    """Apply receipts that came before we knew the provider's id of their message."""
    rows = _ORPHANS(
        session, channel=message.channel, provider_id=message.provider_message_id
    ).scalars().all()
    for row in rows:
        row.message_id = message.id
        if row.provider_message_id in superseded(message):
            continue
        apply(session, message, DeliveryStatus(row.status), row.error_code, row.received_at)


def _message_of(session: Session, update: DeliveryUpdate) -> Any:
    """Return the facts of the message that a receipt is about, its row locked, or None."""
    if update.our_id:
        found = _BY_OUR_ID(session, channel=update.channel, uid=update.our_id).first()
        if found is not None:
            return found
    rows = _BY_PROVIDER_ID(session, provider_id=update.provider_message_id)
    return next((r for r in rows if r.channel == update.channel and r.direction == "out"), None)


def apply(
    session: Session, message: Message, status: DeliveryStatus, code: str, at: dt.datetime
) -> None:
    """Raise a message's state by one receipt; a lower or equal one changes nothing."""
    if status.rank <= message.status_rank:
        return
    if status is DeliveryStatus.FAILED:
        _failed(session, message, code)
        return
    for name, value in _raised(message, status, at).items():
        setattr(message, name, value)


def _raised(message: Any, status: DeliveryStatus, at: dt.datetime) -> dict[str, Any]:
    """Return what a receipt that is no failure changes of a message, by column."""
    values: dict[str, Any] = {
        "status_rank": status.rank, "state": _STATES[status].value, "claim_owner": None,
        "sent_at": message.sent_at or at,
        "error_code": None, "error_text": None,  # whatever was wrong before, it is on its way
    }
    if status.rank < DeliveryStatus.FAILED.rank:
        values["next_attempt_at"] = in_real(ASK_AFTER[0])  # unless a receipt says more by then
    if status in (DeliveryStatus.DELIVERED, DeliveryStatus.READ):
        values["delivered_at"] = message.delivered_at or at
    if status is DeliveryStatus.READ:
        values["read_at"] = message.read_at or at
    return values


def _failed(session: Session, message: Message, code: str) -> None:
    outcome, remedy = remedies.classify(message.channel, code)
    identity = session.get(Identity, message.identity_id)
    if identity is not None:
        remedies.mark_address(identity, remedy, code)
    message.error_code, message.claim_owner = code or "failed", None
    refused = functools.partial(
        note, message, "refused", code=code, provider_id=str(message.provider_message_id or "")
    )
    if remedy is Remedy.TEMPLATE and remedies.switch_to_template(session, message, identity):
        refused(then="template")
        return
    if remedy is Remedy.WITHOUT_MEDIA and remedies.drop_media(message):
        refused(then="without_media")
        return
    if outcome is Outcome.NOT_SENT and message.attempts < _RETRIES:
        refused(then="again")
        # The channel's own trouble or a limit: the same words may pass later.
        supersede(message)
        pause = _RETRY_PAUSE * 2 ** int(message.attempts)
        message.next_attempt_at = clock.now() + pause * clock.shop_speed()
        return
    refused()
    message.status_rank = DeliveryStatus.FAILED.rank
    message.state = Outbound.FAILED.value
    message.error_text = f"the provider reported error {code}" if code else "the provider failed"
    session.add(
        DeadLetter(
            direction="out", channel=message.channel, kind="undelivered", message_id=message.id,
            reason=str(message.error_text), payload={"code": code, "outcome": outcome.value},
        )
    )
