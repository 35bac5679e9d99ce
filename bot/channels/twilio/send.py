"""One message to Twilio, and what its answer, or its silence, means."""

from __future__ import annotations

import json
import ssl
from urllib.parse import quote

import requests
from twilio.base import values
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from bot.channels.errors import Outcome, Remedy, SendError
from bot.channels.events import DeliveryStatus, OutgoingMessage, SendResult
from bot.channels.twilio.client import QuietHttpClient
from bot.channels.twilio.errors import CODES, classify
from bot.channels.twilio.parse import STATUSES

_UNCONNECTED = (
    NewConnectionError,
    NameResolutionError,
    ConnectTimeoutError,
    ssl.SSLCertVerificationError,
)

__all__ = ["classify", "send", "sender_address"]


def sender_address(value: str, prefix: str) -> str:
    """Return an address as Twilio wants it: `whatsapp:+1415…`; a service's id stays as it is."""
    if not value or value.startswith((prefix, "MG")):
        return value
    return prefix + value


def send(
    client: Client, http: QuietHttpClient, message: OutgoingMessage, sender: str, prefix: str
) -> SendResult:
    """Hand one message over from `sender`; raise SendError unless Twilio surely took it."""
    if not (message.text or message.template or message.media_url):
        raise SendError("nothing to send", Outcome.REFUSED, code="21602")
    content: dict[str, object] = {}
    if message.template:
        content["content_sid"] = message.template
        if message.template_variables:
            content["content_variables"] = json.dumps(
                dict(message.template_variables), ensure_ascii=False
            )
    else:
        content["body"] = message.text or values.unset
        content["media_url"] = [message.media_url] if message.media_url else values.unset
    service = sender.startswith("MG")
    try:
        answer = client.messages.create(
            to=prefix + message.address,
            from_=values.unset if service else sender,
            messaging_service_sid=sender if service else values.unset,
            status_callback=_callback(message) or values.unset,
            **content,
        )
    except TwilioRestException as error:
        raise _refusal(error, http.retry_after) from error
    except requests.RequestException as error:
        raise _broken(error) from error
    except (TwilioException, ValueError, TypeError, AttributeError) as error:
        # An answer came, but not one that we can read: it may well have been taken.
        raise SendError("Twilio's answer can not be read", Outcome.UNKNOWN) from error
    if not answer.sid:
        raise SendError("Twilio's answer names no message", Outcome.UNKNOWN)
    status = STATUSES.get(str(answer.status), DeliveryStatus.QUEUED)
    if status is DeliveryStatus.FAILED:
        outcome, remedy = classify(answer.error_code)
        code = str(answer.error_code or "")
        raise SendError(f"Twilio refused the message ({code})", outcome, code, remedy)
    return SendResult(str(answer.sid), status)


def _callback(message: OutgoingMessage) -> str:
    """Return the status callback with our id, by which it is ours even if the answer is lost."""
    url = message.status_callback
    if not url or "uuid=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}uuid={quote(message.our_id, safe='')}"


def _refusal(error: TwilioRestException, retry_after: float | None) -> SendError:
    """Map an HTTP answer that is no success. The texts of Twilio hold phone numbers: not kept."""
    code = str(error.code or error.status)
    if error.status == 429 or code == "20429":
        message = "Twilio: too many requests"
        return SendError(message, Outcome.NOT_SENT, code, retry_after=retry_after)
    if error.status >= 500 or error.status < 400 or error.status == 408:
        return SendError(f"Twilio failed ({error.status})", Outcome.UNKNOWN, code)
    outcome, remedy = classify(code)
    if code not in CODES and error.status in (401, 403, 404):
        remedy = Remedy.OPERATOR  # credentials, rights or the account's address
    return SendError(f"Twilio refused the message ({code})", outcome, code, remedy, retry_after)


def _broken(error: requests.RequestException) -> SendError:
    """Map a broken exchange: certainly unsent only when no connection was ever made."""
    if isinstance(error, requests.ConnectTimeout) or _never_connected(error):
        return SendError("no connection to Twilio", Outcome.NOT_SENT, "connect")
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema)):
        message = "TWILIO_API_BASE_URL can not be used"
        return SendError(message, Outcome.REFUSED, "url", Remedy.OPERATOR)
    return SendError("Twilio did not answer", Outcome.UNKNOWN, "timeout")


def _never_connected(error: BaseException) -> bool:
    seen: set[int] = set()
    todo: list[object] = [error]
    while todo:
        one = todo.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        if isinstance(one, _UNCONNECTED):
            return True
        seen.add(id(one))
        todo += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
    return False
