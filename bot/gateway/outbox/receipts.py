"""What became of our messages: receipts are kept, matched and merged monotonically.

A receipt may come before the send call returned, twice, or out of order. It is matched by our own id
where it rode along, else by the provider's; one that matches nothing yet waits for its message.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db, jobs
from bot.channels.errors import Outcome, Remedy
from bot.channels.events import DeliveryStatus, DeliveryUpdate
from bot.conversations.models import DeadLetter, DeliveryReceipt, Identity, Message
from bot.conversations.states import Outbound
from bot.gateway.outbox import remedies
from bot.gateway.outbox.tries import supersede, superseded

_RETRIES = 6  # of a message whose failure was reported later and may be temporary
_RETRY_PAUSE = dt.timedelta(seconds=30)  # real time, doubled with each try

_STATES = {
    DeliveryStatus.QUEUED: Outbound.SENT,
    DeliveryStatus.SENT: Outbound.SENT,
    DeliveryStatus.DELIVERED: Outbound.DELIVERED,
    DeliveryStatus.READ: Outbound.READ,
    DeliveryStatus.FAILED: Outbound.FAILED,
}


def record(session: Session, update: DeliveryUpdate) -> None:
    """Keep a receipt once and apply it to its message, if that is known."""
    inserted = db.insert_once(
        session, DeliveryReceipt, channel=update.channel, account=update.account,
        provider_message_id=update.provider_message_id, our_id=update.our_id,
        status=update.status.value, error_code=update.error_code, raw=dict(update.raw),
        received_at=clock.now(),
    )
    if not inserted:
        return
    message = _message_of(session, update)
    if message is not None:
        _match(session, update.channel, update.provider_message_id, message)
        if update.provider_message_id in superseded(message):
            return  # of a try that was refused; another one is planned or done
        was_open = message.state == Outbound.UNKNOWN.value
        message.provider_message_id = message.provider_message_id or update.provider_message_id
        apply(session, message, update.status, update.error_code, clock.now())
        if was_open or message.state == Outbound.QUEUED.value:
            # What waited behind it, or the same words as a template, may leave now.
            waiting = int(message.conversation_id)
            db.after_commit(session, lambda: jobs.enqueue(jobs.SEND, waiting))


def adopt_orphans(session: Session, message: Message) -> None:
    """Apply receipts that came before we knew the provider's id of their message."""
    rows = list(
        session.scalars(
            sa.select(DeliveryReceipt)
            .where(
                DeliveryReceipt.channel == message.channel,
                DeliveryReceipt.provider_message_id == message.provider_message_id,
                DeliveryReceipt.message_id.is_(None),
            )
            .order_by(DeliveryReceipt.id)
        )
    )
    for row in rows:
        row.message_id = message.id
        if row.provider_message_id in superseded(message):
            continue
        apply(session, message, DeliveryStatus(row.status), row.error_code, row.received_at)


def _message_of(session: Session, update: DeliveryUpdate) -> Message | None:
    query = sa.select(Message).where(Message.direction == "out", Message.channel == update.channel)
    if update.our_id:
        found: Message | None = session.scalars(
            query.where(Message.uid == update.our_id).with_for_update()
        ).first()
        if found is not None:
            return found
    return session.scalars(  # type: ignore[no-any-return]
        query.where(Message.provider_message_id == update.provider_message_id).with_for_update()
    ).first()


def _match(session: Session, channel: str, provider_message_id: str, message: Message) -> None:
    session.execute(
        sa.update(DeliveryReceipt)
        .where(
            DeliveryReceipt.channel == channel,
            DeliveryReceipt.provider_message_id == provider_message_id,
            DeliveryReceipt.message_id.is_(None),
        )
        .values(message_id=message.id)
        .execution_options(synchronize_session=False)
    )


def apply(
    session: Session, message: Message, status: DeliveryStatus, code: str, at: dt.datetime
) -> None:
    """Raise a message's state by one receipt; a lower or equal one changes nothing."""
    if status.rank <= message.status_rank:
        return
    if status is DeliveryStatus.FAILED:
        _failed(session, message, code)
        return
    message.status_rank = status.rank
    message.state = _STATES[status].value
    message.claim_owner = None
    message.sent_at = message.sent_at or at
    if status in (DeliveryStatus.DELIVERED, DeliveryStatus.READ):
        message.delivered_at = message.delivered_at or at
    if status is DeliveryStatus.READ:
        message.read_at = message.read_at or at
    if status.rank > DeliveryStatus.FAILED.rank:
        message.error_code = message.error_text = None  # it arrived after all


def _failed(session: Session, message: Message, code: str) -> None:
    outcome, remedy = remedies.classify(message.channel, code)
    identity = session.get(Identity, message.identity_id)
    if identity is not None:
        remedies.mark_address(identity, remedy, code)
    message.error_code, message.claim_owner = code or "failed", None
    if remedy is Remedy.TEMPLATE and remedies.switch_to_template(session, message, identity):
        return
    if remedy is Remedy.WITHOUT_MEDIA and remedies.drop_media(message):
        return
    if outcome is Outcome.NOT_SENT and message.attempts < _RETRIES:
        # The channel's own trouble or a limit: the same words may pass later.
        supersede(message)
        pause = _RETRY_PAUSE * 2 ** int(message.attempts)
        message.next_attempt_at = clock.now() + pause * clock.shop_speed()
        return
    message.status_rank = DeliveryStatus.FAILED.rank
    message.state = Outbound.FAILED.value
    message.error_text = f"the provider reported error {code}" if code else "the provider failed"
    session.add(
        DeadLetter(
            direction="out", channel=message.channel, kind="undelivered", message_id=message.id,
            reason=str(message.error_text), payload={"code": code, "outcome": outcome.value},
        )
    )
