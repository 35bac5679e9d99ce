"""Receipts that never came: the provider is asked what became of the messages that it took.

A receipt is posted once; one that found us away is lost, and with it that the message failed. So a
message that nobody has reported as arrived is looked up after a while, and rarer and rarer after that:
a phone may be off for days. What the provider says then is taken as the receipt that was missing.
"""

from __future__ import annotations

import collections
import dataclasses
import functools

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from bot import clock, db
from bot.channels import registry
from bot.channels.events import DeliveryUpdate, SendResult
from bot.conversations.models import Message
from bot.conversations.states import Outbound
from bot.errors import NotFound, TemporarilyUnavailable
from bot.gateway.outbox import receipts
from bot.gateway.outbox.claims import in_real

_MOST = 100  # in one round; the next one comes soon
_AWAY = 3  # unanswered questions in a row after which a provider is left alone until then
log = structlog.get_logger("outbox")


@dataclasses.dataclass(frozen=True)
class _Question:
    message_id: int
    our_id: str
    channel: str
    account: str
    provider_message_id: str


def ask() -> int:
    """Ask for what is due; return of how many messages we learnt more than we knew."""
    learnt = 0
    unanswered: collections.Counter[str] = collections.Counter()  # in a row, by channel
    for question in _due():
        if unanswered[question.channel] >= _AWAY:
            continue
        try:
            found = registry.get(question.channel).status_of(question.provider_message_id)
        except (NotFound, TemporarilyUnavailable):
            unanswered[question.channel] += 1  # that says nothing: the next round asks again
            continue
        unanswered[question.channel] = 0
        try:
            learnt += db.together(functools.partial(_write, question, found), durable=False)
        except sa.exc.OperationalError:
            raise  # the database is away; so are all the others
        except Exception:  # one answer that can not be written must not keep the rest from being asked
            log.exception("overdue_receipt_failed", message_id=question.message_id)
    if learnt:
        log.info("overdue_receipts", count=learnt)
    return learnt


def _due() -> list[_Question]:
    with db.read() as session:
        rows = session.execute(
            sa.select(
                Message.id, Message.uid, Message.channel, Message.account,
                Message.provider_message_id,
            )
            .where(
                Message.direction == "out", Message.state == Outbound.SENT.value,
                Message.channel.in_(list(registry.active())),
                Message.next_attempt_at <= clock.now(), Message.provider_message_id.isnot(None),
            )
            .order_by(Message.next_attempt_at)
            .limit(_MOST)
        ).all()
    return [_Question(*row) for row in rows]


def _write(question: _Question, found: SendResult | None, session: Session) -> bool:
    """Take the answer for a receipt, and plan the next question if the message is still open."""
    message = session.get(Message, question.message_id, with_for_update=True)
    if message is None or message.provider_message_id != question.provider_message_id:
        return False
    learnt = found is not None and found.status.rank > message.status_rank
    if found is not None and learnt:
        receipts.record(
            session,
            DeliveryUpdate(
                question.channel, question.account, question.provider_message_id, found.status,
                our_id=question.our_id, error_code=found.error_code, raw={"asked": True},
            ),
        )
        session.flush()
        session.refresh(message)
        receipts.adopt_orphans(session, message)  # one that came while its message was not known
    if message.state == Outbound.SENT.value:
        asked = int((message.attributes or {}).get("asked", 0)) + 1
        message.attributes = {**(message.attributes or {}), "asked": asked}
        more = found is not None and asked < len(receipts.ASK_AFTER)
        message.next_attempt_at = in_real(receipts.ASK_AFTER[asked]) if more else None
    return learnt
