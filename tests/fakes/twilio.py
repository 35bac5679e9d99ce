"""A stateful fake of Twilio's Messages API, for tests and for trying the product without account.

    with TwilioFake("AC…", "token", "whatsapp:+14155238886", "http://127.0.0.1:8000") as fake:
        fake.inbound("siparişim nerede", from_="+905321234567")
        [reply] = fake.wait_for("+905321234567")

or `python -m tests.fakes.twilio --port 9009 --webhook http://127.0.0.1:8000 --sid … --token …`.
Point `TWILIO_API_BASE_URL` at `fake.url`. It checks what Twilio checks, signs what it posts with
Twilio's own library, and fails on demand (`fault`, `fail_delivery`) or by chance (`weather`).
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import datetime as dt
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from urllib.parse import urlencode

import requests
from twilio.request_validator import RequestValidator

from tests.fakes.twilio_callbacks import Callbacks
from tests.fakes.twilio_http import Servers
from tests.fakes.twilio_model import FAULTS, Fault, MediaFile, Message, Step, our_id_of
from tests.fakes.twilio_store import Store
from tests.fakes.twilio_weather import Weather

INBOUND_PATH = "/webhooks/twilio/whatsapp"


class TwilioFake:
    """The fake. Thread-safe; every public method may be called while it serves."""

    def __init__(
        self,
        sid: str = "AC" + "0" * 32,
        token: str = "fake-token",
        from_: str = "whatsapp:+14155238886",
        webhook_base_url: str = "http://127.0.0.1:8000",
        *,
        public_base_url: str = "",
        port: int = 0,
        enforce_window: bool = False,
        now: Callable[[], dt.datetime] | None = None,
        control: bool = False,
    ) -> None:
        self.sid, self.token, self.from_ = sid, token, _prefixed(from_)
        self.webhook_base_url = webhook_base_url.rstrip("/")
        self.public_base_url = (public_base_url or webhook_base_url).rstrip("/")
        self.enforce_window = enforce_window
        self.now = now or (lambda: dt.datetime.now(dt.timezone.utc))
        self.templates: dict[str, str] = {}  # ContentSid to text with {{1}}; empty: any is known
        self.cdn_authorizations: list[str] = []  # Authorization headers that reached the other host
        self.dates_by_day = False  # filter lists by whole days, which is all Twilio promises
        self.api_requests: collections.Counter[str] = collections.Counter()  # by "METHOD resource"
        self.store = Store(self)
        self._faults: list[Fault] = []
        self._weather: Weather | None = None
        self._lock = self.store.lock
        self._sessions = threading.local()
        self.callbacks = Callbacks(self)
        self._servers = Servers(self, port, control)

    # Life

    def start(self) -> TwilioFake:
        """Begin to serve; return self."""
        self._servers.start()
        self.callbacks.start()
        return self

    def stop(self) -> None:
        """Stop serving and posting."""
        self.callbacks.stop()
        self._servers.stop()

    def __enter__(self) -> TwilioFake:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """What `TWILIO_API_BASE_URL` must be."""
        return self._servers.url

    @property
    def cdn_url(self) -> str:
        """The other host, to which media requests are redirected."""
        return self._servers.cdn_url

    def environment(self) -> dict[str, str]:
        """Return the settings that point the product at this fake."""
        return {
            "TWILIO_ACCOUNT_SID": self.sid,
            "TWILIO_AUTH_TOKEN": self.token,
            "TWILIO_WHATSAPP_FROM": self.from_,
            "TWILIO_API_BASE_URL": self.url,
        }

    # What a test does as the customer

    def inbound(
        self,
        body: str = "",
        from_: str = "+905321234567",
        *,
        media: Sequence[tuple[bytes, str]] = (),
        path: str = INBOUND_PATH,
        timeout: float = 15.0,
        **extra: str | None,
    ) -> requests.Response:
        """Send a message of a customer: kept, signed, posted. `extra` adds or (None) drops fields.

        The same `MessageSid` twice is the same message posted again.
        """
        params = self._inbound_params(body, from_, media, extra)
        return self.post(path, params, timeout=timeout)

    def undelivered_inbound(
        self,
        body: str = "",
        from_: str = "+905321234567",
        *,
        media: Sequence[tuple[bytes, str]] = (),
        **extra: str | None,
    ) -> str:
        """Keep a customer's message whose webhook fails; return its sid. The poll finds it."""
        return self._inbound_params(body, from_, media, extra)["MessageSid"]

    def post(
        self, path: str, params: Mapping[str, str], *, timeout: float = 15.0
    ) -> requests.Response:
        """Post signed form fields to a path of the product."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
            "X-Twilio-Signature": self.sign(self.public_base_url + path, params),
        }
        return self.session.post(
            self.webhook_base_url + path,
            data=urlencode(params),
            headers=headers,
            timeout=timeout,
            allow_redirects=False,
        )

    def sign(self, url: str, params: Mapping[str, str]) -> str:
        """Return X-Twilio-Signature for a request to `url`."""
        return str(RequestValidator(self.token).compute_signature(url, dict(params)))

    @property
    def session(self) -> requests.Session:
        """This thread's HTTP session, which never uses a proxy."""
        session: requests.Session | None = getattr(self._sessions, "session", None)
        if session is None:
            session = self._sessions.session = requests.Session()
            session.trust_env = False
        return session

    # What a test looks at

    def sent(self, to: str | None = None) -> list[Message]:
        """Return the messages the product sent, in the order of acceptance."""
        wanted = _prefixed(to) if to else None
        with self._lock:
            return [
                m
                for m in self.store.messages
                if m.direction != "inbound" and (wanted is None or m.to == wanted)
            ]

    def wait_for(self, to: str | None = None, count: int = 1, timeout: float = 10) -> list[Message]:
        """Return `sent(to)` once it holds at least `count`; AssertionError after `timeout` s."""
        deadline = time.monotonic() + timeout
        with self.store.changed:
            while len(found := self.sent(to)) < count:
                rest = deadline - time.monotonic()
                if rest <= 0:
                    raise AssertionError(
                        f"{len(found)} of {count} messages to {to or 'anybody'} in {timeout} s: "
                        f"{[m.body for m in found]}"
                    )
                self.store.changed.wait(rest)
            return found

    def message(self, sid: str) -> Message | None:
        """Return a message by its sid."""
        with self._lock:
            return self.store.by_sid.get(sid)

    # What a test makes go wrong

    def fault(
        self,
        kind: str,
        *,
        on: str = "send",
        times: float = 1,
        for_seconds: float | None = None,
        to: str = "",
        seconds: float = 30.0,
        retry_after: float | None = None,
        status: int = 500,
        code: int = 20500,
    ) -> None:
        """Let the next `times` requests (or all for some seconds) go wrong; see FAULTS.

        `on` is send, list, message (one message's resource), media (the API's answer) or cdn (the
        file itself).
        """
        if kind not in FAULTS:
            raise ValueError(f"no such fault: {kind}")
        until = float("inf")
        if for_seconds is not None:
            times, until = float("inf"), time.monotonic() + for_seconds
        with self._lock:
            self._faults.append(
                Fault(
                    kind,
                    on,
                    times,
                    until,
                    _prefixed(to) if to else "",
                    seconds,
                    retry_after,
                    status,
                    code,
                )
            )

    def clear_faults(self) -> None:
        """Let everything go right again."""
        with self._lock:
            self._faults.clear()
            self._weather = None
            self.store.bad_deliveries.clear()

    def fail_delivery(self, to: str, code: int, times: int = 1) -> None:
        """Accept the next messages to a person, and report them undelivered with this code."""
        with self._lock:
            self.store.bad_deliveries[_prefixed(to)] += [code] * times

    def weather(self, seed: int, shares: Mapping[str, float] | None = None) -> Weather:
        """Let every request meet a fault with some probability from now on; see twilio_weather.

        Returns the weather, which counts what happened; its `calm` ends it, and so does
        `clear_faults`.
        """
        self._weather = Weather(seed, shares)
        return self._weather

    def fate(self, message: Message) -> tuple[Sequence[Step], bool] | None:
        """Return what the weather lets become of a message: its receipts, and whether early."""
        if self._weather is None or message.error_code:
            return None
        return self._weather.fate(message, our_id_of(message.status_callback))

    def storm(self, on: str, to: str, our_id: str) -> Fault | None:
        """Return what the weather does to a request that no ordered fault hits."""
        weather = self._weather
        return weather.fault(on, to, our_id) if weather is not None else None

    def next_fault(self, on: str, to: str = "") -> Fault | None:
        """Return and count down the fault that hits this request."""
        with self._lock:
            now = time.monotonic()
            self._faults = [f for f in self._faults if f.times > 0 and f.until > now]
            for fault in self._faults:
                if fault.on == on and fault.to in ("", to):
                    fault.times -= 1
                    return fault
        return None

    def media_url(self, message_sid: str, media_sid: str) -> str:
        """Return the address of a file, as `MediaUrl0` carries it."""
        account = f"{self.url}/2010-04-01/Accounts/{self.sid}"
        return f"{account}/Messages/{message_sid}/Media/{media_sid}"

    # Inside

    def _inbound_params(
        self,
        body: str,
        from_: str,
        media: Sequence[tuple[bytes, str]],
        extra: Mapping[str, str | None],
    ) -> dict[str, str]:
        sender = _prefixed(from_)
        message_sid = extra.get("MessageSid") or ("MM" if media else "SM") + secrets.token_hex(16)
        bare = sender.partition(":")[2]
        params = {
            "SmsMessageSid": message_sid,
            "SmsSid": message_sid,
            "MessageSid": message_sid,
            "AccountSid": self.sid,
            "ApiVersion": "2010-04-01",
            "SmsStatus": "received",
            "From": sender,
            "To": self.from_,
            "Body": body,
            "NumSegments": "1",
            "NumMedia": str(len(media)),
            "ReferralNumMedia": "0",
            "ProfileName": "Müşteri",
            "MessageType": media[0][1].partition("/")[0] if media else "text",
        }
        if bare.startswith("+"):
            params["WaId"] = bare[1:]
        files = []
        for i, (data, content_type) in enumerate(media):
            file = MediaFile("ME" + secrets.token_hex(16), content_type, data)
            files.append(file)
            params[f"MediaUrl{i}"] = self.media_url(message_sid, file.sid)
            params[f"MediaContentType{i}"] = content_type
        for name, value in extra.items():
            if value is None:
                params.pop(name, None)
            else:
                params[name] = value
        with self._lock:
            self.store.last_inbound[sender] = self.now()
            if message_sid not in self.store.by_sid:
                self.store.keep(
                    "inbound",
                    sender,
                    self.from_,
                    params.get("Body", ""),
                    sid=message_sid,
                    status="received",
                    media=tuple(files),
                )
        return params


def _prefixed(number: str) -> str:
    return number if number.startswith("whatsapp:") else f"whatsapp:{number}"


def main(arguments: Iterable[str] | None = None) -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="A fake of Twilio's Messages API on loopback.")
    parser.add_argument("--port", type=int, default=9009)
    parser.add_argument("--webhook", default="http://127.0.0.1:8000", help="where the product is")
    parser.add_argument("--public", default="", help="its PUBLIC_BASE_URL, where that is another")
    parser.add_argument("--sid", default="AC" + "0" * 32)
    parser.add_argument("--token", required=True)
    parser.add_argument("--from", dest="from_", default="whatsapp:+14155238886")
    parser.add_argument("--window", action="store_true", help="enforce the 24-hour window")
    options = parser.parse_args(list(arguments) if arguments is not None else None)
    fake = TwilioFake(
        options.sid,
        options.token,
        options.from_,
        options.webhook,
        public_base_url=options.public,
        port=options.port,
        enforce_window=options.window,
        control=True,
    )
    with fake:
        print(f"TWILIO_API_BASE_URL={fake.url}", flush=True)
        print(f"As a customer: curl {fake.url}/fake/inbound -d From=905321234567 -d Body=selam")
        print(f"What was sent: curl {fake.url}/fake/sent", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
