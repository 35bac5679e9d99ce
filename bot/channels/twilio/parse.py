"""Twilio's words to ours. One request holds one message or one status; the answer is a list.

Nothing here raises: an authentic request that makes no sense becomes an UnknownEvent.
"""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote

from bot.channels.base import WebhookRequest
from bot.channels.events import (
    Attachment,
    DeliveryStatus,
    DeliveryUpdate,
    Event,
    InboundMessage,
    MediaKind,
    MessageKind,
    Sender,
    UnknownEvent,
)
from bot.channels.twilio.form import Form, clean, pairs
from bot.channels.twilio.signature import is_form

MAX_MEDIA = 10  # Twilio's limit for one message

STATUSES: dict[str, DeliveryStatus] = {
    "accepted": DeliveryStatus.QUEUED,
    "scheduled": DeliveryStatus.QUEUED,
    "queued": DeliveryStatus.QUEUED,
    "sending": DeliveryStatus.QUEUED,
    "sent": DeliveryStatus.SENT,
    "partially_delivered": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "failed": DeliveryStatus.FAILED,
    "undelivered": DeliveryStatus.FAILED,
    "canceled": DeliveryStatus.FAILED,
}

# Values that identify; masking must not take one for a card number or a national id.
KEPT_KEYS = frozenset(
    {
        "MessageSid", "SmsSid", "SmsMessageSid", "AccountSid", "MessagingServiceSid",
        "OriginalRepliedMessageSid", "OriginalRepliedMessageSender", "From", "To", "WaId",
        "ExternalUserId", "ChannelInstallSid", "ChannelToAddress", "Latitude", "Longitude",
        "DateSent", *(f"MediaUrl{i}" for i in range(MAX_MEDIA)),
    }
)  # fmt: skip

_PREFIX = re.compile(r"^[a-z]+:", re.IGNORECASE)
_PHONE = re.compile(r"^\+?([0-9]{5,15})$")
_BUSINESS_SCOPED_ID = re.compile(r"^[A-Z]{2}(\.[A-Za-z0-9]{1,120}){1,2}$")
_MESSAGE_ID = re.compile(r"^[A-Za-z0-9_.:-]{1,100}$")
_OUR_ID = re.compile(r"[?&]uuid=([^&#]{1,200})")
_BASE64 = re.compile(r"^[A-Za-z0-9+/]+={0,2}$")


def parse(request: WebhookRequest, channel: str, account: str) -> list[Event]:
    """Return what a verified request says; `account` is our address where it names none."""
    if request.body and not is_form(request):
        raw = {"body": clean(request.body)}
        kind = "json" if raw["body"].lstrip()[:1] in ("{", "[") else "malformed"
        return [UnknownEvent(channel, account, kind, raw)]
    path, _, query = request.raw_target.partition("?")
    get = request.method.upper() == "GET"
    form = Form.of(pairs(query.encode("utf-8", "surrogatepass") if get else request.body))
    if not form.fields:
        return [UnknownEvent(channel, account, "empty", {})]
    if _is_status(form, status_door=path.rstrip("/").endswith("/status")):
        our_id = _OUR_ID.search(request.raw_target)
        return [parse_status(form, channel, account, unquote(our_id.group(1)) if our_id else "")]
    return [parse_message(form, channel, account)]


def _is_status(form: Form, status_door: bool) -> bool:
    """Tell a status callback from a message by what it holds; the door only breaks a tie."""
    incoming = ("", "received", "receiving")
    if form.get("MessageStatus").strip().lower() not in incoming:
        return True
    if "Body" in form or "NumMedia" in form:
        return False
    sms_status = form.get("SmsStatus").strip().lower()
    return "MessageStatus" in form or sms_status not in incoming or status_door


def parse_status(form: Form, channel: str, account: str, our_id: str) -> Event:
    """Return what became of a message of ours."""
    own = address(form.get("From")) or account
    word = form.get("MessageStatus", "SmsStatus").strip().lower()
    message_id = _message_id(form)
    if not message_id:
        return UnknownEvent(channel, own, "no_message_id", form.raw())
    status = STATUSES.get(word)
    if status is None:
        return UnknownEvent(channel, own, f"status:{word[:40]}", form.raw())
    code = form.get("ErrorCode").strip()[:20]
    return DeliveryUpdate(
        channel=channel,
        account=own,
        provider_message_id=message_id,
        status=status,
        our_id=clean(our_id.encode("utf-8", "replace")),
        error_code="" if code == "0" else code,
        recipient=address(form.get("To")),
        raw=form.raw(),
    )


def parse_message(form: Form, channel: str, account: str) -> Event:
    """Return the message in a form, or what it is that is no message."""
    own = address(form.get("To")) or account
    message_id, sender = _message_id(form), _sender(form)
    if not message_id:
        return UnknownEvent(channel, own, "no_message_id", form.raw())
    if sender is None:
        return UnknownEvent(channel, own, "no_sender", form.raw())
    if sender.address == account:
        return UnknownEvent(channel, account, "own_message", form.raw())  # or we answer ourselves
    attachments = _attachments(form)
    attributes = _attributes(form)
    kind = _kind(form, attachments, attributes)
    text = form.get("Body")
    if kind is MessageKind.TAP:
        text = form.get("ButtonText", "ListTitle", "Body")
    elif kind is MessageKind.TEXT:
        text = _joined_parts(text)
    elif kind is MessageKind.UNSUPPORTED:
        attributes["provider_kind"] = form.get("MessageType")[:40]
    return InboundMessage(
        channel=channel,
        account=own,
        provider_message_id=message_id,
        sender=sender,
        kind=kind,
        text=text,
        attachments=attachments,
        payload=form.get("ButtonPayload", "ListId")[:1000],
        reply_to=form.get("OriginalRepliedMessageSid")[:100],
        forwarded="true" in (form.get("Forwarded"), form.get("FrequentlyForwarded")),
        attributes=attributes,
        raw=form.raw(),
    )


def address(value: str) -> str:
    """Return Twilio's address without its prefix ("+905…", "US.1234"), or an empty string.

    A number may come without its plus, and with a blank where the plus was not encoded.
    """
    bare = _PREFIX.sub("", value.strip()).strip()
    phone = _PHONE.match(bare)
    if phone:
        return "+" + phone.group(1)
    return bare if _BUSINESS_SCOPED_ID.match(bare) else ""


def _message_id(form: Form) -> str:
    value = form.get("MessageSid", "SmsMessageSid", "SmsSid").strip()
    return value if _MESSAGE_ID.match(value) else ""


def _sender(form: Form) -> Sender | None:
    """Return who wrote. A person with a user name has no number, only a business-scoped id."""
    scoped = address(form.get("ExternalUserId"))
    main = address(form.get("From")) or scoped or address(form.get("WaId"))
    if not main:
        return None
    return Sender(
        address=main,
        phone=main if main.startswith("+") else None,
        aliases=(scoped,) if scoped and scoped != main else (),
        display_name=form.get("ProfileName").strip()[:200],
    )


def _attachments(form: Form) -> tuple[Attachment, ...]:
    found = []
    for i in range(MAX_MEDIA):
        url = form.get(f"MediaUrl{i}")
        if url and len(url) <= 2000:
            content_type = form.get(f"MediaContentType{i}").partition(";")[0].strip().lower()[:100]
            found.append(Attachment(media_kind(content_type), url, content_type))
    return tuple(found)


def media_kind(content_type: str) -> MediaKind:
    """Return what an attachment is, from its content type."""
    if content_type in ("text/vcard", "text/x-vcard", "text/directory"):
        return MediaKind.CONTACT
    kinds = {
        "image": MediaKind.IMAGE,
        "video": MediaKind.VIDEO,
        "audio": MediaKind.VOICE,
        "application": MediaKind.DOCUMENT,
        "text": MediaKind.DOCUMENT,
    }
    return kinds.get(content_type.partition("/")[0], MediaKind.OTHER)


def _attributes(form: Form) -> dict[str, object]:
    """Return what is neither text nor file: a place, an advertisement, a stop word."""
    found: dict[str, object] = {}
    place = _coordinate(form.get("Latitude"), 90), _coordinate(form.get("Longitude"), 180)
    if None not in place:
        found["latitude"], found["longitude"] = place
        for key in ("Address", "Label"):
            if form.get(key):
                found[key.lower()] = form.get(key)[:500]
    referral = {k: v[0][:500] for k, v in form.fields.items() if k.startswith("Referral") and v[0]}
    referral.pop("ReferralNumMedia", None)
    if referral:
        found["referral"] = referral
    if form.get("OptOutType"):
        found["opt_out_type"] = form.get("OptOutType")[:20]  # Twilio itself answered this one
    return found


def _coordinate(value: str, limit: float) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if abs(number) <= limit else None  # neither infinite nor nan is


def _kind(
    form: Form, attachments: tuple[Attachment, ...], attributes: dict[str, object]
) -> MessageKind:
    provider_kind = form.get("MessageType").strip().lower()
    if form.get("ButtonPayload", "ButtonText", "ListId", "ListTitle"):
        return MessageKind.TAP
    if provider_kind == "reaction":
        return MessageKind.REACTION
    if attachments:
        cards = all(a.kind is MediaKind.CONTACT for a in attachments)
        return MessageKind.CONTACT if cards else MessageKind.MEDIA
    if "latitude" in attributes:
        return MessageKind.LOCATION
    if form.get("Body").strip():
        return MessageKind.TEXT
    return MessageKind.EMPTY if provider_kind in ("", "text") else MessageKind.UNSUPPORTED


def _joined_parts(text: str) -> str:
    """Return the text of a message whose joined parts came base64-encoded; any other unchanged.

    Taken for base64 only when it is long, of that alphabet to the last character, and decodes to
    readable words: nobody writes sixty characters without a blank that happen to do so.
    """
    packed = "".join(text.split())
    if len(packed) < 60 or len(packed) % 4 or " " in text or not _BASE64.match(packed):
        return text
    try:
        words = base64.b64decode(packed, validate=True).decode("utf-8").replace("\x00", "")
    except (binascii.Error, UnicodeDecodeError):
        return text
    readable = sum(c.isalpha() or c.isspace() for c in words)
    printable = all(c.isprintable() or c in "\r\n\t" for c in words)
    return words if printable and " " in words and readable >= 0.7 * len(words) else text
