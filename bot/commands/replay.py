"""`replay`: post saved webhook requests, signed anew, to the stack that runs."""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import http.client
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode, urlsplit

from bot.config import Settings
from bot.errors import InvalidInput, TemporarilyUnavailable

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def register(commands: Any) -> None:
    """Add the parser."""
    replay = commands.add_parser(
        "replay", help="post saved webhook requests to the running stack",
        description="A file holds one request as JSON: target, and form (names to texts), json or "
        "body_base64. It is signed with the settings' secrets, as the provider would.",
    )
    replay.add_argument("files", metavar="FILE", nargs="+", type=Path)
    replay.set_defaults(run=_replay)


def request_of(path: Path) -> tuple[str, str, bytes]:
    """Return target, content type and body of a saved request; raise InvalidInput."""
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        target = str(saved["target"])
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(f"{path} is no saved request: {type(error).__name__}") from error
    if "form" in saved:
        return target, FORM, urlencode(saved["form"]).encode()
    if "json" in saved:
        body = json.dumps(saved["json"]).encode()
        if "/webhooks/twilio/" in target:  # its signature covers such a body by a hash in the URL
            mark = "&" if "?" in target else "?"
            target += f"{mark}bodySHA256={hashlib.sha256(body).hexdigest()}"
        return target, JSON, body
    body = base64.b64decode(saved.get("body_base64", ""))
    return target, FORM if "/webhooks/twilio/" in target else JSON, body


def proof(settings: Settings, target: str, kind: str, body: bytes) -> dict[str, str]:
    """Return the headers by which the provider of this door proves that it sent the request."""
    if "/webhooks/twilio/" in target:
        # Bytes all the way: a saved request may hold what is not UTF-8.
        parts = [p.replace(b"+", b" ").partition(b"=") for p in body.split(b"&") if p]
        fields = [(unquote_to_bytes(n), unquote_to_bytes(v)) for n, _, v in parts]
        fields = fields if kind == FORM else []
        signed = (settings.base_url + target).encode()
        signed += b"".join(name + value for name, value in sorted(set(fields)))
        digest = hmac.new(settings.twilio_auth_token.encode(), signed, hashlib.sha1)
        return {"X-Twilio-Signature": base64.b64encode(digest.digest()).decode()}
    if "/webhooks/telegram" in target:
        return {"X-Telegram-Bot-Api-Secret-Token": settings.telegram_webhook_secret}
    secret = settings.instagram_app_secret if "instagram" in target else settings.meta_app_secret
    digest = hmac.new(secret.encode(), body, hashlib.sha256)
    return {"X-Hub-Signature-256": f"sha256={digest.hexdigest()}"}


def _replay(options: argparse.Namespace) -> int:
    from bot import config

    settings = config.load()
    info = settings.run_info()
    if not info:
        raise TemporarilyUnavailable("nothing runs on this DATA_DIR: start it with `make run`")
    public = urlsplit(settings.base_url).netloc
    failed = 0
    for path in options.files:
        target, kind, body = request_of(path)
        headers = {"Content-Type": kind, "Host": public, **proof(settings, target, kind, body)}
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
        connection = http.client.HTTPConnection(host, settings.port, timeout=30)
        try:
            connection.request("POST", target, body, headers)
            status = connection.getresponse().status
        except OSError as error:
            raise TemporarilyUnavailable(f"the web process does not answer: {error}") from error
        finally:
            connection.close()
        print(f"{path}: {status}")
        failed += status >= 400
    return 1 if failed else 0
