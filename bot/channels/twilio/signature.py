"""Proof that Twilio sent a request: the header X-Twilio-Signature.

The signature is base64(HMAC(secret, URL + every name and value, sorted)). The URL is the one that
Twilio was given, so it is put together from `PUBLIC_BASE_URL` and the request's target exactly as
it came: any decoding and encoding again (which web frameworks do) changes it.

Twilio's own `RequestValidator` computes the ordinary case. It can not read a body that is not
UTF-8, a JSON body as bytes or a missing header, breaks URLs with credentials or IPv6 addresses,
and knows no HMAC-SHA256, so these are done here over bytes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from twilio.request_validator import RequestValidator

from bot.channels.base import WebhookRequest
from bot.channels.errors import Forged
from bot.channels.twilio.form import Pairs, pairs

HEADER = "X-Twilio-Signature"
SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"
FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 1000  # Twilio sends below 100; sorting more is work only a stranger asks for

_DIGESTS: dict[str, Callable[..., Any]] = {
    "HMAC_SHA1": hashlib.sha1,
    "HMAC_SHA256": hashlib.sha256,
}
_URL = re.compile(r"^(https?)://([^/?#@]*@)?(\[[^\]/?#]*\]|[^:/?#]*)(:\d+)?(.*)$", re.DOTALL)
_BODY_HASH = re.compile(r"[?&]bodySHA256=([^&#]*)")


def verify(request: WebhookRequest, base_url: str, secrets: Sequence[str]) -> None:
    """Raise Forged unless one of `secrets` signed this request, sent to `base_url`."""
    given = request.header(HEADER).strip().encode("utf-8", "surrogatepass")
    if not given:
        raise Forged(f"no {HEADER} header")
    digest = _digest(request.header(SETTINGS_HEADER))
    signed = _signed_fields(request)
    for secret in secrets:
        for url in urls(base_url, request.raw_target):
            if hmac.compare_digest(compute(secret, url, signed, digest).encode(), given):
                return
    raise Forged(f"{HEADER} does not match")


def compute(secret: str, url: str, fields: Pairs, digest: Callable[..., Any] = hashlib.sha1) -> str:
    """Return the signature of a request to `url` with these form fields."""
    if digest is hashlib.sha1 and url.isascii():
        try:
            return str(RequestValidator(secret).compute_signature(url, _MultiDict(fields)))
        except UnicodeDecodeError:
            pass  # not UTF-8: over the bytes as sent, below
    values: dict[bytes, set[bytes]] = {}
    for name, value in fields:
        values.setdefault(name, set()).add(value)
    message = url.encode("utf-8", "surrogatepass") + b"".join(
        name + value for name in sorted(values) for value in sorted(values[name])
    )
    return base64.b64encode(hmac.new(secret.encode(), message, digest).digest()).decode()


def urls(base_url: str, raw_target: str) -> Iterator[str]:
    """Yield the spellings of the address that Twilio may have signed: with and without a port."""
    target = raw_target
    if not target.startswith("/"):  # absolute form, as sent through some proxies
        match = _URL.match(target)
        target = match.group(5) if match else "/" + target
    url = base_url.rstrip("/") + target
    yield url
    match = _URL.match(url)
    if match is None:
        return
    scheme, user, host, port, rest = match.groups(default="")
    other = "" if port else (":443" if scheme == "https" else ":80")
    yield f"{scheme}://{user}{host}{other}{rest}"


class _MultiDict:
    """What RequestValidator reads: names by iteration, all values of one by `getlist`."""

    def __init__(self, fields: Pairs) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in fields:
            self._values.setdefault(name.decode(), []).append(value.decode())

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def getlist(self, name: str) -> list[str]:
        return self._values[name]


def _digest(settings: str) -> Callable[..., Any]:
    """Return the hash that the settings header asks for; HMAC-SHA1 where there is none."""
    named = {}
    for part in settings.split(","):
        name, _, value = part.partition("=")
        named[name.strip().lower()] = value.strip()
    algorithm = named.get("algorithm") or "HMAC_SHA1"
    digest = _DIGESTS.get(algorithm.upper())
    if digest is None:
        raise Forged("unknown signature algorithm")
    return digest


def _signed_fields(request: WebhookRequest) -> Pairs:
    """Return the form fields that the signature covers, or check the hash of any other body."""
    if is_form(request):
        if request.body.count(b"&") >= MAX_FIELDS:
            raise Forged("more form fields than Twilio sends")
        return pairs(request.body)
    if not request.body:
        return []
    # Any other body is covered only by its hash in the URL: without one, anybody could change it.
    stated = _BODY_HASH.search(request.raw_target)
    actual = hashlib.sha256(request.body).hexdigest()
    if stated is None or not hmac.compare_digest(
        stated.group(1).lower().encode("utf-8", "surrogatepass"), actual.encode()
    ):
        raise Forged("the body does not match bodySHA256")
    return []


def is_form(request: WebhookRequest) -> bool:
    """Tell whether the body is (or, unlabelled, must be) a form."""
    return request.header("content-type").partition(";")[0].strip().lower() in ("", FORM)
