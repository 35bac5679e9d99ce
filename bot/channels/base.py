"""The contract of a channel. A channel knows its provider; no web framework and no database."""

from __future__ import annotations

import abc
import dataclasses
import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any, BinaryIO, ClassVar
from urllib.parse import urlsplit

from bot.channels.errors import MediaError, Outcome, Remedy
from bot.channels.events import (
    Event,
    InboundMessage,
    OutgoingMessage,
    SendResult,
    UnknownEvent,
)
from bot.config import Settings


@dataclasses.dataclass(frozen=True)
class WebhookRequest:
    """An HTTP request as it came, before anybody decoded anything."""

    method: str
    raw_target: str  # path and query exactly as sent, percent-encoding untouched
    headers: Mapping[str, str]  # looked up in lower case
    body: bytes
    path: str = ""  # decoded path, for channels with several doors

    def header(self, name: str) -> str:
        """Return a header's value, or an empty string."""
        return self.headers.get(name.lower(), "")


@dataclasses.dataclass(frozen=True)
class WebhookReply:
    """What the provider wants to hear when all went well."""

    status: int = 200
    content_type: str = "text/plain; charset=utf-8"
    body: str = ""


@dataclasses.dataclass(frozen=True)
class Limits:
    """What one send may hold, from the provider's documentation."""

    text: int = 4096  # characters
    options: int = 0  # buttons at most; 0: number them in the text
    option_title: int = 20
    window: dt.timedelta | None = None  # free text only within this time after the last inbound
    templates: bool = False
    pair_burst: int = 10  # messages at once to one person
    pair_seconds: float = 0.0  # one more every so many seconds; 0: no pair limit
    media_bytes: int = 16 * 1024 * 1024


class Channel(abc.ABC):
    """One way in and out. Subclass per provider; instances are made once per process."""

    name: ClassVar[str]
    limits: ClassVar[Limits] = Limits()
    required_settings: ClassVar[tuple[str, ...]] = ()
    vouches_for_phone: ClassVar[bool] = False  # the provider guarantees the sender's number (V1)
    raw_keys_kept: ClassVar[frozenset[str]] = frozenset()  # payload keys that masking must not touch
    provider_url_setting: ClassVar[str] = ""  # the setting with the provider's API address
    status_door: ClassVar[str] = ""  # path of ours that the provider calls with receipts

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    # Subclass implementation: in

    @abc.abstractmethod
    def verify(self, request: WebhookRequest) -> None:
        """Raise Forged unless the provider sent this. Works on bytes; never raises anything else."""

    @abc.abstractmethod
    def parse(self, request: WebhookRequest) -> list[Event]:
        """Return everything in a verified request; oddities as UnknownEvent, never an exception."""

    def reply(self, request: WebhookRequest) -> WebhookReply:
        """Return what the provider wants to hear after storing."""
        return WebhookReply()

    def parse_raw(self, raw: Mapping[str, Any]) -> list[Event]:
        """Parse a payload that was kept as unknown, with today's code."""
        return [UnknownEvent(self.name, "", "unknown", raw)]

    # Subclass implementation: out

    @abc.abstractmethod
    def send(self, message: OutgoingMessage) -> SendResult:
        """Hand one message to the provider; raise SendError with what that means."""

    def find_sent(
        self, message: OutgoingMessage, since: dt.datetime, known: Collection[str] = ()
    ) -> SendResult | None:
        """Look a message of unknown outcome up at the provider; None when it is not there.

        `known` are provider ids of other messages of ours, which may hold the same words.
        """
        return None

    def status_of(self, provider_message_id: str) -> SendResult | None:
        """Return how far a message of ours got; None where the provider can not say.

        Raises TemporarilyUnavailable when it can not be asked.
        """
        return None

    def missed(self, since: dt.datetime) -> Sequence[InboundMessage]:
        """Return inbound messages the provider holds since then (it may have failed to tell us)."""
        return ()

    def open_media(self, reference: str) -> tuple[str, BinaryIO]:
        """Return (content type, stream) of an attachment; credentials only for the provider's host."""
        raise MediaError("this channel has no media", permanent=True)

    @staticmethod
    def classify(code: str) -> tuple[Outcome, Remedy]:
        """Return what a provider's error code means for the message, and what may be tried."""
        return Outcome.REFUSED, Remedy.NONE

    # Common

    @property
    def provider_is_local(self) -> bool:
        """Tell whether what we send stays on this machine (a simulator, or a fake on loopback)."""
        url = getattr(self.settings, self.provider_url_setting, "") if self.provider_url_setting else ""
        return not url or urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")

    @classmethod
    def missing(cls, settings: Settings) -> list[str]:
        """Return the names of settings that are absent; empty means the channel is on."""
        return [n for n in cls.required_settings if not getattr(settings, n.lower())]

    @classmethod
    def wanted(cls, settings: Settings) -> bool:
        """Tell whether anybody began to set this channel up (so that a gap is worth naming)."""
        return any(getattr(settings, n.lower()) for n in cls.required_settings)
