"""Our vocabulary: what a provider told us, in small frozen types.

A channel's `parse` maps its provider's words to these; the untouched payload rides along as `raw`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from collections.abc import Mapping
from typing import Any


class MessageKind(str, enum.Enum):
    """What a message mainly is."""

    TEXT = "text"
    MEDIA = "media"  # one or more attachments, with or without a caption
    LOCATION = "location"
    CONTACT = "contact"  # a shared address-book card
    TAP = "tap"  # a button or list row of ours was chosen
    REACTION = "reaction"
    EMPTY = "empty"  # authentic, but nothing in it that we can show
    UNSUPPORTED = "unsupported"  # a kind the provider has and we do not know


class MediaKind(str, enum.Enum):
    """What an attachment is, from its content type."""

    IMAGE = "image"
    VIDEO = "video"
    VOICE = "voice"
    DOCUMENT = "document"
    CONTACT = "contact"
    OTHER = "other"


class DeliveryStatus(str, enum.Enum):
    """How far an outgoing message got. `rank` orders them; a lower one never replaces a higher."""

    QUEUED = "queued"  # the provider has it
    SENT = "sent"  # handed to the network
    FAILED = "failed"  # will not arrive, unless a later receipt proves otherwise
    DELIVERED = "delivered"  # on the person's device
    READ = "read"  # seen

    @property
    def rank(self) -> int:
        """Position in the merge order: queued < sent < failed < delivered < read."""
        return list(DeliveryStatus).index(self)


@dataclasses.dataclass(frozen=True)
class Sender:
    """Who wrote. `address` is where an answer goes; a phone number is never required."""

    address: str  # the provider's own form without its prefix: "+905321234567", "US.1234", a chat id
    phone: str | None = None  # E.164, only where the provider vouches for it
    aliases: tuple[str, ...] = ()  # other ids of the same person on this channel (BSUID)
    display_name: str = ""  # what the person calls themselves; not trusted


@dataclasses.dataclass(frozen=True)
class Attachment:
    """A file that came with a message; fetched later by a job."""

    kind: MediaKind
    reference: str  # URL or media id of the provider
    content_type: str = ""
    file_name: str = ""


@dataclasses.dataclass(frozen=True)
class InboundMessage:
    """One message of a customer."""

    channel: str
    account: str  # which of our numbers, pages or bots it came to
    provider_message_id: str
    sender: Sender
    kind: MessageKind
    text: str = ""  # body or caption, as sent
    attachments: tuple[Attachment, ...] = ()
    payload: str = ""  # what a tapped button carried; only trusted after a look-up of our own
    reply_to: str = ""  # provider id of the message that is quoted
    forwarded: bool = False
    automatic: bool = False  # the sender says it is an automatic answer
    attributes: Mapping[str, Any] = dataclasses.field(default_factory=dict)  # location, card, referral
    provider_time: dt.datetime | None = None  # kept, not trusted
    raw: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class DeliveryUpdate:
    """What became of a message of ours."""

    channel: str
    account: str
    provider_message_id: str
    status: DeliveryStatus
    our_id: str = ""  # our own message uid, where it rode along in the callback
    error_code: str = ""
    recipient: str = ""
    raw: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class UnknownEvent:
    """Authentic, but of a kind we do not handle: recorded, so that nothing is lost unseen."""

    channel: str
    account: str
    kind: str  # the provider's own name for it, or "malformed"
    raw: Mapping[str, Any] = dataclasses.field(default_factory=dict)


Event = InboundMessage | DeliveryUpdate | UnknownEvent


@dataclasses.dataclass(frozen=True)
class Option:
    """A choice offered with a message. `payload` is an opaque id of ours, never a command."""

    number: int  # 1-based, what the person may type instead of tapping
    title: str
    payload: str


@dataclasses.dataclass(frozen=True)
class OutgoingMessage:
    """One send: exactly what the provider gets. Splitting and merging happened before."""

    our_id: str  # our message uid, echoed back in status callbacks where the provider can
    account: str
    address: str
    text: str = ""
    options: tuple[Option, ...] = ()
    media_url: str = ""
    template: str = ""  # the provider's id of an approved template; then `text` is for the desk only
    template_variables: Mapping[str, str] = dataclasses.field(default_factory=dict)
    status_callback: str = ""  # full URL, empty when the provider could not reach us
    reply_to: str = ""


@dataclasses.dataclass(frozen=True)
class SendResult:
    """The provider took it."""

    provider_message_id: str
    status: DeliveryStatus = DeliveryStatus.QUEUED
    error_code: str = ""  # the provider's, when a look-up shows that the message failed
