"""The simulator: a phone in the browser that goes through the same door as a provider.

Only with `DEMO=1`. The page posts JSON signed with the internal secret; answers are "sent" by
being in the database, where the page reads its history.

A message: `{"message_id": "…", "phone": "+90…", "name": "…", "text": "…", "payload": "…",
"attachment": {"kind": "image", "reference": "…", "content_type": "…", "file_name": "…"},
"reply_to": "…"}`; everything but `message_id` and `phone` may be missing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import re
from collections.abc import Collection, Mapping
from typing import Any, BinaryIO, ClassVar

from bot.channels.base import Channel, Limits, WebhookRequest
from bot.channels.errors import Forged
from bot.channels.events import (
    Attachment,
    DeliveryStatus,
    Event,
    InboundMessage,
    MediaKind,
    MessageKind,
    OutgoingMessage,
    Sender,
    SendResult,
    UnknownEvent,
)
from bot.channels.simulator import uploads
from bot.config import Settings

ACCOUNT = "simulator"
HEADER = "X-Simulator-Signature"

_ADDRESS = re.compile(r"^(\+[0-9]{5,15}|[A-Z]{2}\.[A-Za-z0-9]{1,120})$")
_MESSAGE_ID = re.compile(r"^[A-Za-z0-9_.:-]{1,100}$")


def sign(settings: Settings, body: bytes) -> str:
    """Return the signature that `verify` wants for this body."""
    return hmac.new(settings.internal_secret.encode(), body, hashlib.sha256).hexdigest()


class SimulatorChannel(Channel):
    """A channel with buttons, the 24-hour window of WhatsApp, and no provider."""

    name: ClassVar[str] = "simulator"
    limits: ClassVar[Limits] = Limits(text=4096, options=3, window=dt.timedelta(hours=24))
    vouches_for_phone: ClassVar[bool] = True
    raw_keys_kept: ClassVar[frozenset[str]] = frozenset(
        {"message_id", "phone", "payload", "reply_to", "reference"}
    )

    @property
    def account(self) -> str:
        """The one account there is."""
        return ACCOUNT

    @classmethod
    def missing(cls, settings: Settings) -> list[str]:
        """Return what is absent: the simulator exists only in a demo."""
        return [] if settings.demo else ["DEMO"]

    def verify(self, request: WebhookRequest) -> None:
        """Raise Forged unless our own page signed the body."""
        given = request.header(HEADER).strip().encode("utf-8", "surrogatepass")
        secret = self.settings.internal_secret
        if not secret or not hmac.compare_digest(sign(self.settings, request.body).encode(), given):
            raise Forged(f"{HEADER} is missing or does not match")

    def parse(self, request: WebhookRequest) -> list[Event]:
        """Return the one message in a request."""
        try:
            data = json.loads(request.body)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            raw = {"body": _clean(request.body.decode("utf-8", "replace"))}
            return [UnknownEvent(self.name, ACCOUNT, "malformed", raw)]
        return [_message(data)]

    def send(self, message: OutgoingMessage) -> SendResult:
        """Accept at once: the page reads the message from the database."""
        return SendResult(f"sim-{message.our_id}", DeliveryStatus.DELIVERED)

    def find_sent(
        self, message: OutgoingMessage, since: dt.datetime, known: Collection[str] = ()
    ) -> SendResult | None:
        """Return the result of the send again: nothing was ever on its way."""
        return self.send(message)

    def open_media(self, reference: str) -> tuple[str, BinaryIO]:
        """Return (content type, stream) of a file that the page uploaded."""
        return uploads.open_upload(self.settings, reference)


def _message(data: Mapping[str, Any]) -> Event:
    raw = _raw(data)
    text, payload = _text(data, "text"), _text(data, "payload")
    message_id, address = _text(data, "message_id").strip(), _text(data, "phone").strip()
    if not _MESSAGE_ID.match(message_id):
        return UnknownEvent("simulator", ACCOUNT, "no_message_id", raw)
    if not _ADDRESS.match(address):
        return UnknownEvent("simulator", ACCOUNT, "no_sender", raw)
    attachments = _attachments(data.get("attachment"))
    if payload:
        kind = MessageKind.TAP
    elif attachments:
        kind = MessageKind.MEDIA
    else:
        kind = MessageKind.TEXT if text else MessageKind.EMPTY
    return InboundMessage(
        channel="simulator",
        account=ACCOUNT,
        provider_message_id=message_id,
        sender=Sender(
            address=address,
            phone=address if address.startswith("+") else None,
            display_name=_text(data, "name").strip()[:200],
        ),
        kind=kind,
        text=text,
        attachments=attachments,
        payload=payload[:1000],
        reply_to=_text(data, "reply_to")[:100],
        raw=raw,
    )


def _attachments(value: object) -> tuple[Attachment, ...]:
    if not isinstance(value, dict):
        return ()
    reference = _text(value, "reference")
    if not uploads.is_reference(reference):
        return ()
    kinds = {kind.value: kind for kind in MediaKind}
    return (
        Attachment(
            kind=kinds.get(_text(value, "kind"), MediaKind.OTHER),
            reference=reference,
            content_type=_text(value, "content_type").partition(";")[0].strip().lower()[:100],
            file_name=_text(value, "file_name")[:200],
        ),
    )


def _raw(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts that have a meaning, as text, so that the record never nests deeply."""
    names = ("message_id", "phone", "name", "text", "payload", "reply_to")
    raw: dict[str, Any] = {name: _text(data, name) for name in names if name in data}
    attachment = data.get("attachment")
    if isinstance(attachment, dict):
        parts = ("kind", "reference", "content_type", "file_name")
        raw["attachment"] = {name: _text(attachment, name) for name in parts if name in attachment}
    return raw


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return _clean(value) if isinstance(value, str) else ""


def _clean(text: str) -> str:
    """Return text that every database takes: no null bytes, no halves of surrogate pairs."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
