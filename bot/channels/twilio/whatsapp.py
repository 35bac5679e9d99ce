"""WhatsApp through Twilio.

Facts behind the limits: a body holds at most 1600 characters (Twilio error 21617); free text is
possible within 24 hours after the customer's last message (63016); Meta lets about one message in
six seconds through to one person (131056). Buttons would need Content objects made beforehand, so
options are numbered in the text.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Collection, Mapping, Sequence
from typing import Any, BinaryIO, ClassVar
from urllib.parse import urlencode

from twilio.rest import Client

from bot.channels.base import Channel, Limits, WebhookReply, WebhookRequest
from bot.channels.errors import Outcome, Remedy
from bot.channels.events import Event, InboundMessage, OutgoingMessage, SendResult
from bot.channels.twilio import lookup, signature
from bot.channels.twilio.client import QuietHttpClient, make_client, tokens
from bot.channels.twilio.errors import classify
from bot.channels.twilio.media import MediaFetcher
from bot.channels.twilio.parse import KEPT_KEYS, address, parse
from bot.channels.twilio.send import send, sender_address

PREFIX = "whatsapp:"


class TwilioWhatsAppChannel(Channel):
    """A WhatsApp sender of a Twilio account, and the sandbox."""

    name: ClassVar[str] = "twilio_whatsapp"
    limits: ClassVar[Limits] = Limits(
        text=1600,
        options=0,
        window=dt.timedelta(hours=24),
        templates=True,
        pair_burst=10,
        pair_seconds=6.0,
        media_bytes=16 * 1024 * 1024,
    )
    required_settings: ClassVar[tuple[str, ...]] = (
        "TWILIO_ACCOUNT_SID",
        "TWILIO_AUTH_TOKEN",
        "TWILIO_WHATSAPP_FROM",
    )
    vouches_for_phone: ClassVar[bool] = True
    raw_keys_kept: ClassVar[frozenset[str]] = KEPT_KEYS
    provider_url_setting: ClassVar[str] = "twilio_api_base_url"
    status_door: ClassVar[str] = "/webhooks/twilio/status"

    @property
    def account(self) -> str:
        """Our own address without its prefix, as events name it; a service's id for a service."""
        configured = self.settings.twilio_whatsapp_from.strip()
        return address(configured) or configured.removeprefix(PREFIX)

    def verify(self, request: WebhookRequest) -> None:
        """Raise Forged unless a token of ours signed the request (see signature.py)."""
        signature.verify(request, self.settings.base_url, tokens(self.settings))

    def parse(self, request: WebhookRequest) -> list[Event]:
        """Return the message or status in a request, whichever of our doors it came through."""
        return parse(request, self.name, self.account)

    def parse_raw(self, raw: Mapping[str, Any]) -> list[Event]:
        """Parse form fields that were kept as unknown, with today's code."""
        request = WebhookRequest(
            method="POST",
            raw_target="/webhooks/twilio/whatsapp",
            headers={"content-type": "application/x-www-form-urlencoded"},
            body=urlencode(dict(raw), doseq=True).encode(),
        )
        return self.parse(request)

    def reply(self, request: WebhookRequest) -> WebhookReply:
        """Return TwiML that says nothing; a plain text would be sent to the customer."""
        return WebhookReply(200, "text/xml; charset=utf-8", "<Response/>")

    def send(self, message: OutgoingMessage) -> SendResult:
        """Hand one message to Twilio, from the number that the customer wrote to."""
        client, http = self._client
        sender = sender_address(message.account or self.account, PREFIX)
        return send(client, http, message, sender, PREFIX)

    def find_sent(
        self, message: OutgoingMessage, since: dt.datetime, known: Collection[str] = ()
    ) -> SendResult | None:
        """Look a message up by address and text; raise TemporarilyUnavailable if Twilio is away."""
        return lookup.find_sent(self._client[0], message, since, PREFIX, known)

    def status_of(self, provider_message_id: str) -> SendResult | None:
        """Return how far a message got; raise TemporarilyUnavailable if Twilio is away."""
        return lookup.status_of(self._client[0], provider_message_id)

    def missed(self, since: dt.datetime) -> Sequence[InboundMessage]:
        """Return inbound messages held by Twilio; raise TemporarilyUnavailable if it is away."""
        return self._missed.since(since)

    def open_media(self, reference: str) -> tuple[str, BinaryIO]:
        """Fetch a media URL; see media.py for who gets our credentials."""
        return MediaFetcher(self.settings, self.limits.media_bytes).open(reference)

    @staticmethod
    def classify(code: str) -> tuple[Outcome, Remedy]:
        """Return what an error code, also one that came later in a callback, means."""
        return classify(code)

    @functools.cached_property
    def _client(self) -> tuple[Client, QuietHttpClient]:
        return make_client(self.settings)

    @functools.cached_property
    def _missed(self) -> lookup.MissedMessages:
        return lookup.MissedMessages(self._client[0], self.name, self.account, PREFIX)
