"""The one way in: verify, parse, mask, store, ring, answer.

Errors say whose fault it is. Forged: `Forged` (401, nothing stored). Authentic but odd: 200, kept as
a dead letter. Our own fault: any other exception leaves here (500), so that the provider comes again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from bot import db, jobs, live
from bot.aftersales.orders.service import shop_system
from bot.channels import registry
from bot.channels.base import Channel, WebhookReply, WebhookRequest
from bot.channels.events import Attachment, DeliveryUpdate, Event, InboundMessage, UnknownEvent
from bot.conversations import arrivals
from bot.conversations.models import DeadLetter
from bot.gateway.outbox import receipts
from bot.redaction import candidates, mask_payload, mask_sensitive
from bot.text import search_key


def receive(channel_name: str, request: WebhookRequest) -> WebhookReply:
    """Take one webhook call; return what the provider wants to hear once all of it is stored."""
    channel = registry.get(channel_name)
    channel.verify(request)
    store(channel, channel.parse(request))
    return channel.reply(request)


def store(channel: Channel, events: Sequence[Event]) -> int:
    """Store events in one transaction and ring; return how many messages were new."""
    # Masked before the transaction: a megabyte takes a while, and the writer's lock is everybody's.
    events = [_masked(channel, e) if isinstance(e, InboundMessage) else e for e in events]
    # A receipt lost in a power cut comes again or is looked up; a customer's message is not.
    durable = not all(isinstance(e, DeliveryUpdate) for e in events)
    new = db.together(lambda session: _store(session, channel, events), durable=durable)
    # After the commit, never before: a job that is faster than the commit would find nothing.
    for conversation_id in dict.fromkeys(s.conversation_id for s in new):
        jobs.ring(conversation_id)
        live.changed(conversation_id, live.INBOX)
    for stored in new:
        for attachment_id in stored.attachment_ids:
            jobs.enqueue(jobs.MEDIA, attachment_id)
    return len(new)


def _store(session: Session, channel: Channel, events: Sequence[Event]) -> list[arrivals.Stored]:
    new: list[arrivals.Stored] = []
    for event in events:
        if isinstance(event, InboundMessage):
            stored = arrivals.store(session, event)
            if stored is not None:
                new.append(stored)
        elif isinstance(event, DeliveryUpdate):
            receipts.record(session, _clean_update(event))
        else:
            _keep_unknown(session, channel, event)
    return new


def _storable(value: Any) -> Any:
    """Drop what no database takes: NUL bytes and lone surrogates, wherever they stand."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_storable(str(k)): _storable(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_storable(v) for v in value]
    return value


def _own_numbers(event: InboundMessage) -> frozenset[str]:
    """Find which suspicious numbers are order or tracking numbers of who writes.

    One in a hundred order numbers of eleven digits passes the checksum of a national id. Only the
    sender's own are kept: a stranger must not learn from the masking that a number exists.
    """
    parts = [event.text, event.sender.display_name, *(a.file_name for a in event.attachments)]
    suspicious = {c for part in parts for c in candidates(part)}
    if not suspicious or not event.sender.phone:
        return frozenset()
    with db.read() as session:
        shop = shop_system(session)
        known = shop.known_numbers(suspicious)
        if not known:
            return frozenset()
        own: set[str] = set()
        for order in shop.orders_of(event.sender.phone, None):
            own.add(search_key(order.number))
            own.update(search_key(s.tracking_number or "") for s in order.shipments)
        return frozenset(n for n in known if search_key(n) in own)


def _masked(channel: Channel, event: InboundMessage) -> InboundMessage:
    """Mask card and identity numbers in every copy of the message, the raw payload included.

    Ids are cut to what the columns hold: an odd length is no reason to lose a message.
    """
    known = _own_numbers(event)
    kept = channel.raw_keys_kept
    return dataclasses.replace(
        event,
        account=_storable(event.account)[:100],
        text=mask_sensitive(_storable(event.text), known),
        payload=mask_sensitive(_storable(event.payload), known),
        provider_message_id=_storable(event.provider_message_id),
        reply_to=_storable(event.reply_to),
        sender=dataclasses.replace(
            event.sender,
            address=_storable(event.sender.address)[:255],
            aliases=tuple(_storable(a)[:255] for a in event.sender.aliases),
            phone=event.sender.phone[:32] if event.sender.phone else None,
            display_name=mask_sensitive(_storable(event.sender.display_name), known),
        ),
        attachments=tuple(
            Attachment(
                a.kind, _storable(a.reference), _storable(a.content_type),
                mask_sensitive(_storable(a.file_name), known),
            )
            for a in event.attachments
        ),
        attributes=mask_payload(_storable(dict(event.attributes)), known),
        raw=mask_payload(_storable(dict(event.raw)), known, skip_keys=kept),
    )


def _clean_update(event: DeliveryUpdate) -> DeliveryUpdate:
    return dataclasses.replace(
        event,
        account=_storable(event.account)[:100],
        provider_message_id=_storable(event.provider_message_id)[:255],
        our_id=_storable(event.our_id)[:32],
        error_code=_storable(event.error_code)[:64],
        raw=mask_payload(_storable(dict(event.raw)), ()),
    )


def _keep_unknown(session: Session, channel: Channel, event: UnknownEvent) -> None:
    session.add(
        DeadLetter(
            direction="in", channel=event.channel, kind=_storable(event.kind)[:64] or "unknown",
            reason="authentic, but of a kind that is not handled",
            payload=mask_payload(_storable(dict(event.raw)), (), skip_keys=channel.raw_keys_kept),
        )
    )
