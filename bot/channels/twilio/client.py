"""Twilio's client, made safe: a time limit, the set base URL, no customer data in the log."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from bot.config import Settings
from bot.errors import ConfigurationError

TIMEOUT = 10.0  # seconds, to connect and between bytes; Twilio's own client would wait for ever
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def tokens(settings: Settings) -> tuple[str, ...]:
    """Return the auth tokens: the one to use first, then old ones still accepted on webhooks.

    While a token is changed, `TWILIO_AUTH_TOKEN` holds "new,old".
    """
    return tuple(t.strip() for t in settings.twilio_auth_token.split(",") if t.strip())


def is_loopback(url: str) -> bool:
    """Tell whether a URL points at this machine (a fake provider, in tests and demos)."""
    try:
        return urlsplit(url).hostname in _LOOPBACK
    except ValueError:
        return False


class QuietHttpClient(TwilioHttpClient):
    """Twilio's HTTP client without its log lines, which hold phone numbers in their URLs.

    Keeps the last answer's `Retry-After` of each thread: the library's exceptions drop it.
    """

    def __init__(self, connections: int, use_proxy: bool) -> None:
        super().__init__(timeout=TIMEOUT)
        assert self.session is not None
        # No retries here: a repeated POST is a second message.
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, HTTPAdapter(pool_maxsize=connections, max_retries=0))
        self.session.trust_env = use_proxy
        self._answers = threading.local()

    @property
    def retry_after(self) -> float | None:
        """Seconds that the last answer in this thread asked to wait, if it did."""
        value = getattr(self._answers, "retry_after", None)
        try:
            return max(0.0, float(value)) if value else None
        except ValueError:
            return None  # a date; our own pauses are good enough

    def request(self, *args: Any, **kwargs: Any) -> Response:
        response = super().request(*args, **kwargs)
        self._answers.retry_after = (response.headers or {}).get("Retry-After")
        return response

    def log_request(self, kwargs: dict[str, Any]) -> None:
        """Log nothing."""

    def log_response(self, status_code: int, response: Any) -> None:
        """Log nothing."""


def make_client(settings: Settings) -> tuple[Client, QuietHttpClient]:
    """Return a client for `TWILIO_API_BASE_URL`, safe to share between threads."""
    secrets = tokens(settings)
    if not secrets:
        raise ConfigurationError("TWILIO_AUTH_TOKEN is empty")
    base_url = settings.twilio_api_base_url
    http = QuietHttpClient(max(10, settings.worker_threads), use_proxy=not is_loopback(base_url))
    # A mapping of our own, so that TWILIO_EDGE or TWILIO_REGION of the machine change no host.
    client = Client(
        settings.twilio_account_sid,
        secrets[0],
        http_client=http,
        environment={"TWILIO_ACCOUNT_SID": settings.twilio_account_sid},
    )
    client.api.base_url = base_url.rstrip("/")
    return client, http
