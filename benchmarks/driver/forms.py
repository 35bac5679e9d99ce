"""What Twilio posts: forms, signed. Built from templates, because the driver must be cheap."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import quote_plus, urlencode, urlsplit

from benchmarks.driver import http

FORM = "application/x-www-form-urlencoded; charset=UTF-8"


class Account:
    """An account of the fake: who we are, where the product is, and how to sign for it."""

    def __init__(self, sid: str, token: str, sender: str, webhook: str, public: str) -> None:
        self.sid, self.token, self.sender = sid, token.encode(), sender
        parts = urlsplit(webhook)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self.public = public.rstrip("/")
        self._public_host = urlsplit(self.public).netloc
        self._series = secrets.token_hex(8)
        self._count = 0

    def new_sid(self) -> str:
        """Return an id of a message that never was before."""
        self._count += 1
        return f"SM{self._series}{self._count:016x}"

    def sign(self, url: str, params: Mapping[str, str]) -> str:
        """Return X-Twilio-Signature: HMAC-SHA1 over the URL and the sorted fields, in base64."""
        text = url + "".join(name + params[name] for name in sorted(params))
        return base64.b64encode(hmac.digest(self.token, text.encode(), "sha1")).decode()

    def signed(self, path: str, params: Mapping[str, str]) -> bytes:
        """Return a whole signed request to a path (and query) of the product."""
        return http.request(
            "POST", self._public_host, path, urlencode(params).encode(), FORM,
            (("X-Twilio-Signature", self.sign(self.public + path, params)),),
        )

    def inbound(self, path: str, sid: str, phone: str, body: str) -> bytes:
        """Return the request that brings one text message of a customer."""
        params = {
            "SmsMessageSid": sid, "SmsSid": sid, "MessageSid": sid, "AccountSid": self.sid,
            "ApiVersion": "2010-04-01", "SmsStatus": "received", "From": f"whatsapp:{phone}",
            "To": self.sender, "Body": body, "NumSegments": "1", "NumMedia": "0",
            "ReferralNumMedia": "0", "ProfileName": "Müşteri", "MessageType": "text",
            "WaId": phone[1:],
        }
        return self.signed(path, params)

    def receipt(self, path: str, sid: str, status: str, to: str) -> bytes:
        """Return the request that tells what became of one message of ours (`to` with its prefix).

        The same as `signed`, without sorting and quoting what never changes.
        """
        shown = f"{to[9:15]}XXXX"
        event = status.upper() if status in ("delivered", "read") else ""
        fields = (
            ("AccountSid", self.sid), ("ApiVersion", "2010-04-01"),
            ("ChannelInstallSid", "XE00000000000000000000000000000000"),
            ("ChannelPrefix", "whatsapp"), ("ChannelToAddress", shown),
            *((("EventType", event),) if event else ()),
            ("From", self.sender), ("MessageSid", sid), ("MessageStatus", status),
            ("SmsSid", sid), ("SmsStatus", status), ("To", to),
        )  # in the order of their names
        text = self.public + path + "".join([name + value for name, value in fields])
        signature = base64.b64encode(hmac.digest(self.token, text.encode(), "sha1")).decode()
        body = (
            f"AccountSid={self.sid}&ApiVersion=2010-04-01&ChannelInstallSid=XE{'0' * 32}"
            f"&ChannelPrefix=whatsapp&ChannelToAddress={quote_plus(shown)}"
            f"{f'&EventType={event}' if event else ''}&From={quote_plus(self.sender)}"
            f"&MessageSid={sid}&MessageStatus={status}&SmsSid={sid}&SmsStatus={status}"
            f"&To={quote_plus(to)}"
        )
        return (
            f"POST {path} HTTP/1.1\r\nHost: {self._public_host}\r\nUser-Agent: TwilioProxy/1.1\r\n"
            f"Content-Type: {FORM}\r\nX-Twilio-Signature: {signature}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
