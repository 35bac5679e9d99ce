"""Questions to Twilio about messages that exist: ours of unknown outcome, and theirs we missed.

Twilio's times are the machine's. Callers ask in the shop's time, which a demo may have moved.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from collections.abc import Collection, Sequence

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

from bot import clock
from bot.channels.events import DeliveryStatus, InboundMessage, OutgoingMessage, SendResult
from bot.channels.twilio.form import Form
from bot.channels.twilio.parse import MAX_MEDIA, STATUSES, parse_message
from bot.errors import TemporarilyUnavailable

PAGE = 200
_BROKEN = (TwilioException, requests.RequestException, ValueError, KeyError, TypeError)


def find_sent(
    client: Client, message: OutgoingMessage, since: dt.datetime, prefix: str,
    known: Collection[str] = (),
) -> SendResult | None:
    """Return a message of ours that Twilio holds with this address and text since then, or None.

    Those in `known` belong to other messages of ours with the same words.

    Raises TemporarilyUnavailable when Twilio can not be asked: "not there" and "not known" must not
    be mixed up. A template's text is Twilio's own, so it is known by the values of its variables.
    """
    since = provider_time(since)
    try:
        found = [
            m
            for m in client.messages.stream(
                to=prefix + message.address, date_sent_after=since, page_size=PAGE
            )
            if str(m.sid) not in known and _recent(m, since) and _same(m, message)
        ]
    except _BROKEN as error:
        raise TemporarilyUnavailable("Twilio's list of messages can not be read") from error
    if not found:
        return None
    return _result(found[-1])  # the list begins with the newest


def status_of(client: Client, sid: str) -> SendResult | None:
    """Return how far one message got, None when Twilio has it no more.

    Raises TemporarilyUnavailable when Twilio can not be asked.
    """
    try:
        return _result(client.messages(sid).fetch())
    except _BROKEN as error:
        if isinstance(error, TwilioRestException) and error.status == 404:
            return None
        raise TemporarilyUnavailable("a message of Twilio can not be read") from error


def _result(held: MessageInstance) -> SendResult:
    status = STATUSES.get(str(held.status), DeliveryStatus.QUEUED)
    failed = status is DeliveryStatus.FAILED
    return SendResult(str(held.sid), status, str(held.error_code or "") if failed else "")


def provider_time(shop_time: dt.datetime) -> dt.datetime:
    """Return the machine's time of a moment in the shop's time."""
    machine = clock.real()  # before the other: a moment too early finds more, too late less
    passed = (clock.now() - shop_time) / clock.shop_speed()
    return dt.datetime.fromtimestamp(machine, dt.timezone.utc) - passed


def _recent(message: MessageInstance, since: dt.datetime) -> bool:
    """Judge again what Twilio's filter let through: it is documented to know days only."""
    at = message.date_sent or message.date_created
    return at is None or at >= since.replace(microsecond=0)  # Twilio's times are whole seconds


def _same(held: MessageInstance, message: OutgoingMessage) -> bool:
    body, text = _words(held.body or ""), _words(message.text)
    if message.template:
        parts = [_words(v) for v in message.template_variables.values() if v.strip()]
        return bool(body) and (body == text or (bool(parts) and all(p in body for p in parts)))
    has_media = str(held.num_media or "0") != "0"
    return body == text and has_media == bool(message.media_url)


def _words(text: str) -> str:
    """Return the text with blanks evened out; Twilio trims and may fold line ends."""
    return " ".join(text.split())


class MissedMessages:
    """The poll for inbound messages whose webhook never reached us."""

    def __init__(self, client: Client, channel: str, account: str, prefix: str) -> None:
        self._client, self._channel = client, channel
        self._account, self._prefix = account, prefix
        # Polls overlap: without this, each would ask again for the media of every message.
        self._media: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()

    def since(self, since: dt.datetime) -> Sequence[InboundMessage]:
        """Return the inbound messages Twilio holds since then, the oldest first.

        Raises TemporarilyUnavailable when Twilio can not be asked. Fields that Twilio's list does
        not hold (a place, a tapped button, a profile name) are missing from these messages.
        """
        since = provider_time(since)
        found: list[tuple[dt.datetime, InboundMessage]] = []
        try:
            # A messaging service ("MG...") is no address: then all that came to the account is
            # read, and what is of another channel is left out by its prefix.
            service = self._account.startswith("MG")
            own = {} if service else {"to": self._prefix + self._account}
            for held in self._client.messages.stream(
                date_sent_after=since, page_size=PAGE, **own
            ):
                if service and not str(held.to or "").startswith(self._prefix):
                    continue
                if held.direction == "inbound" and held.sid and _recent(held, since):
                    event = parse_message(self._form(held), self._channel, self._account)
                    if isinstance(event, InboundMessage):
                        at = held.date_sent or held.date_created or since
                        found.append((at, dataclasses.replace(event, provider_time=at)))
        except _BROKEN as error:
            raise TemporarilyUnavailable("Twilio's list of messages can not be read") from error
        found.reverse()  # the list begins with the newest; a stable sort keeps equal seconds so
        return [message for _, message in sorted(found, key=lambda pair: pair[0])]

    def _form(self, held: MessageInstance) -> Form:
        """Return the form that Twilio would have posted, as far as its list tells."""
        sent = held.date_sent or held.date_created
        fields = {
            "MessageSid": str(held.sid),
            "AccountSid": held.account_sid or "",
            "From": str(held.from_ or ""),
            "To": str(held.to or ""),
            "Body": (held.body or "").replace("\x00", ""),
            "NumMedia": str(held.num_media or "0"),
            "SmsStatus": "received",
            "DateSent": sent.isoformat() if sent else "",
        }
        if fields["NumMedia"] not in ("", "0"):
            fields.update(self._media_fields(str(held.sid)))
        return Form({name: (value,) for name, value in fields.items()})

    def _media_fields(self, sid: str) -> dict[str, str]:
        with self._lock:
            if sid in self._media:
                return self._media[sid]
        fields: dict[str, str] = {}
        files = self._client.messages(sid).media.list(limit=MAX_MEDIA)
        for i, media in enumerate(files):
            uri = str(media.uri).removesuffix(".json")
            fields[f"MediaUrl{i}"] = self._client.api.absolute_url(uri)
            fields[f"MediaContentType{i}"] = media.content_type or ""
        with self._lock:
            if len(self._media) >= 1000:
                self._media.clear()
            self._media[sid] = fields
        return fields
