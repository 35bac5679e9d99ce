"""What the contract tests need to know of each channel: how its provider signs, and its files.

A fixture is `tests/fixtures/<channel>/<condition>.json`: `target`, one of `form`, `json` and
`body_base64`, and `expect`, a list of the events it must become, each with some of its fields.
"""

from __future__ import annotations

import abc
import base64
import dataclasses
import enum
import hashlib
import hmac
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote_to_bytes, urlencode

from bot.channels.base import Channel, WebhookRequest
from bot.channels.registry import CHANNELS
from bot.config import Settings

FIXTURES = Path(__file__).parent.parent / "fixtures"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"


class Harness(abc.ABC):
    """One channel with settings under which it is on."""

    name: ClassVar[str]
    target: ClassVar[str]
    content_type: ClassVar[str]
    settings: ClassVar[Settings]

    def __init__(self) -> None:
        self.channel: Channel = CHANNELS[self.name](self.settings)

    @abc.abstractmethod
    def signature(self, target: str, body: bytes, content_type: str) -> dict[str, str]:
        """Return the headers with which the provider proves a request."""

    @abc.abstractmethod
    def message(self, text: str, message_id: str = "SM0001") -> bytes:
        """Return the body of an ordinary message of a customer."""

    def request(
        self,
        body: bytes,
        *,
        target: str = "",
        content_type: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> WebhookRequest:
        """Return a signed request, or one with the given headers only."""
        target, content_type = target or self.target, content_type or self.content_type
        if headers is None:
            headers = self.signature(target, body, content_type)
        lower = {k.lower(): v for k, v in headers.items()}
        path = target.partition("?")[0]
        return WebhookRequest("POST", target, {"content-type": content_type, **lower}, body, path)

    def fixture(self, name: str) -> tuple[WebhookRequest, list[dict[str, Any]]]:
        """Return a fixture's signed request and the events it must become."""
        data = json.loads((FIXTURES / self.name / f"{name}.json").read_text())
        target, content_type = data["target"], self.content_type
        if "form" in data:
            body, content_type = urlencode(data["form"]).encode(), FORM
        elif "json" in data:
            body, content_type = json.dumps(data["json"]).encode(), "application/json"
        else:
            body = base64.b64decode(data["body_base64"])
        return self.request(body, target=target, content_type=content_type), data["expect"]

    def fixtures(self) -> list[str]:
        """Return the names of all fixtures."""
        return sorted(path.stem for path in (FIXTURES / self.name).glob("*.json"))


class TwilioWhatsApp(Harness):
    """Signs by hand, over bytes, so that the product's own code is not its own judge."""

    name = "twilio_whatsapp"
    target = "/webhooks/twilio/whatsapp"
    content_type = FORM
    settings = Settings(
        public_base_url="https://desk.example",
        twilio_account_sid="AC0123456789abcdef0123456789abcdef",
        twilio_auth_token="a-token",
        twilio_whatsapp_from="whatsapp:+14155238886",
        twilio_api_base_url="http://127.0.0.1:9",
    )

    def signature(self, target: str, body: bytes, content_type: str) -> dict[str, str]:
        url = f"{self.settings.public_base_url}{target}".encode()
        if content_type.startswith("application/x-www-form-urlencoded"):
            pairs = set()
            for part in body.split(b"&"):
                name, _, value = part.replace(b"+", b" ").partition(b"=")
                pairs.add((unquote_to_bytes(name), unquote_to_bytes(value)))
            url += b"".join(name + value for name, value in sorted(pairs))
        key = self.settings.twilio_auth_token.encode()
        digest = hmac.new(key, url, hashlib.sha1).digest()
        return {"X-Twilio-Signature": base64.b64encode(digest).decode()}

    def fixture(self, name: str) -> tuple[WebhookRequest, list[dict[str, Any]]]:
        """Return a fixture's request; a JSON body's hash goes into its target, as Twilio does."""
        request, expect = super().fixture(name)
        if request.header("content-type") == "application/json":
            digest = hashlib.sha256(request.body).hexdigest()
            joint = "&" if "?" in request.raw_target else "?"
            target = f"{request.raw_target}{joint}bodySHA256={digest}"
            request = self.request(request.body, target=target, content_type="application/json")
        return request, expect

    def message(self, text: str, message_id: str = "SM0001") -> bytes:
        form = {
            "MessageSid": message_id,
            "AccountSid": self.settings.twilio_account_sid,
            "From": "whatsapp:+905321234567",
            "To": "whatsapp:+14155238886",
            "Body": text,
            "NumMedia": "0",
        }
        return urlencode(form).encode()


class Simulator(Harness):
    name = "simulator"
    target = "/webhooks/simulator"
    content_type = "application/json"
    settings = Settings(demo=True, internal_secret="between-us")

    def signature(self, target: str, body: bytes, content_type: str) -> dict[str, str]:
        digest = hmac.new(self.settings.internal_secret.encode(), body, hashlib.sha256)
        return {"X-Simulator-Signature": digest.hexdigest()}

    def message(self, text: str, message_id: str = "SM0001") -> bytes:
        data = {"message_id": message_id, "phone": "+905321234567", "text": text}
        return json.dumps(data).encode()


HARNESSES: dict[str, Harness] = {h.name: h for h in (TwilioWhatsApp(), Simulator())}


def plain(value: object) -> Any:
    """Return an event as JSON types, with its class name as `event`."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"event": type(value).__name__, **fields}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def unlike(expected: object, actual: object, where: str = "") -> list[str]:
    """Return where `actual` lacks something of `expected`; more fields are fine, more items not."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return [
            line
            for key, value in expected.items()
            for line in unlike(value, actual.get(key, "(missing)"), f"{where}.{key}")
        ]
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        return [
            line
            for i, (one, other) in enumerate(zip(expected, actual, strict=True))
            for line in unlike(one, other, f"{where}[{i}]")
        ]
    return [] if expected == actual else [f"{where}: {actual!r}, not {expected!r}"]
