"""The Twilio fake's two HTTP servers: the API, and the host that media is redirected to."""

from __future__ import annotations

import base64
import contextlib
import email.utils
import hmac
import json
import re
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from tests.fakes.twilio_model import Fault, MediaFile, Message, Refused, our_id_of

if TYPE_CHECKING:
    from tests.fakes.twilio import TwilioFake


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    fake: TwilioFake
    control = False
    closing = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about a client that went away while we were slow, as some faults want it."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, ValueError)):
            super().handle_error(request, client_address)


class Servers:
    """Both servers, on loopback."""

    def __init__(self, fake: TwilioFake, port: int, control: bool) -> None:
        self._api = _Server(("127.0.0.1", port), _Api)
        self._cdn = _Server(("127.0.0.1", 0), _Cdn)
        self._api.control = control
        for server in (self._api, self._cdn):
            server.fake = fake
        self.url = f"http://127.0.0.1:{self._api.server_address[1]}"
        # Another name and another port: for a client this is another host.
        self.cdn_url = f"http://localhost:{self._cdn.server_address[1]}"

    def start(self) -> None:
        """Serve both on threads of their own."""
        for server in (self._api, self._cdn):
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Stop both and free their ports."""
        for server in (self._api, self._cdn):
            server.closing = True
            server.shutdown()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 64 * 1024  # headers and body leave in one piece
    disable_nagle_algorithm = True
    timeout = 120
    server: _Server

    @property
    def fake(self) -> TwilioFake:
        return self.server.fake

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""

    def answer(
        self, status: int, body: bytes, content_type: str, headers: dict[str, str] | None = None
    ) -> None:
        """Send an answer."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        if self.server.closing:
            self.close_connection = True

    def json(self, status: int, data: object, headers: dict[str, str] | None = None) -> None:
        """Send an answer in JSON."""
        self.answer(status, json.dumps(data).encode(), "application/json", headers)

    def drop(self) -> None:
        """Close the connection without a word."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def fails(self, fault: Fault | None) -> bool:
        """Act out a fault that comes before anything is accepted; tell whether it did."""
        if fault is None:
            return False
        if fault.kind == "rate_limit":
            wait = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
            self.json(429, _problem(429, 20429, "Too Many Requests"), wait)
        elif fault.kind == "error":
            self.answer(fault.status, b"upstream error", "text/plain")
        elif fault.kind == "refuse":
            self.json(fault.status, _problem(fault.status, fault.code, "Refused by script"))
        elif fault.kind == "drop_before":
            self.drop()
        elif fault.kind == "hang_before":
            time.sleep(fault.seconds)
            self.drop()
        else:
            if fault.kind in ("accept_late", "slow"):
                time.sleep(fault.seconds)
            return False
        return True


class _Api(_Handler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        params = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
        if self.server.control and path == "/fake/inbound":
            one: dict[str, Any] = {name: values[0] for name, values in params.items()}
            number = "+" + one.pop("From", "905321234567").strip(" +")
            got = self.fake.inbound(one.pop("Body", ""), number, **one)
            return self.answer(200, f"{got.status_code} {got.text}\n".encode(), "text/plain")
        if not self._authorized():
            return None
        if path != f"/2010-04-01/Accounts/{self.fake.sid}/Messages.json":
            return self.json(404, _problem(404, 20404, "The requested resource was not found"))
        self.fake.api_requests["POST Messages"] += 1
        to, callback = (params.get(name, [""])[0] for name in ("To", "StatusCallback"))
        fault = self.fake.next_fault("send", to) or self.fake.storm(
            "send", to, our_id_of(callback)
        )
        if self.fails(fault):
            return None
        try:
            message = self.fake.store.accept(params)
        except Refused as refused:
            return self.json(
                refused.status, _problem(refused.status, refused.code, refused.message)
            )
        resource = _resource(self.fake, message)
        self.fake.callbacks.accepted(message)
        kind = fault.kind if fault is not None else ""
        if kind == "drop":
            return self.drop()
        if kind == "error_after_accepting":
            status = fault.status if fault is not None else 500
            return self.answer(status, b"upstream error", "text/plain")
        if kind == "garbage":
            return self.answer(201, b"<html>gateway</html>", "text/html")
        if kind == "hang":
            time.sleep(fault.seconds if fault is not None else 0)
        return self.json(201, resource)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        if self.server.control and parts.path == "/fake/sent":
            sent = [_resource(self.fake, m) for m in self.fake.sent(query.get("To"))]
            return self.json(200, sent)
        if not self._authorized():
            return None
        prefix = f"/2010-04-01/Accounts/{self.fake.sid}/Messages"
        match = re.fullmatch(
            re.escape(prefix) + r"(?:/(\w+?)(/Media(?:/(\w+?))?)?)?(\.json)?", parts.path
        )
        if match is None:
            return self.json(404, _problem(404, 20404, "The requested resource was not found"))
        sid, media, media_sid, as_json = match.groups()
        if sid is None:
            return self._list(query)
        message = self.fake.message(sid)
        if message is None:
            return self.json(404, _problem(404, 20404, "The requested resource was not found"))
        if not media:
            self.fake.api_requests["GET Message"] += 1
            fault = self.fake.next_fault("message", message.to) or self.fake.storm(
                "message", message.to, our_id_of(message.status_callback)
            )
            if self.fails(fault):
                return None
            return self.json(200, _resource(self.fake, message))
        return self._media(message, media_sid, bool(as_json))

    def _authorized(self) -> bool:
        wanted = base64.b64encode(f"{self.fake.sid}:{self.fake.token}".encode())
        given = self.headers.get("Authorization", "").encode()
        if hmac.compare_digest(given, b"Basic " + wanted):
            return True
        problem = _problem(401, 20003, "Authenticate")
        self.json(401, problem, {"WWW-Authenticate": 'Basic realm="Twilio API"'})
        return False

    def _list(self, query: dict[str, str]) -> None:
        self.fake.api_requests["GET Messages"] += 1
        to = query.get("To", "")
        if self.fails(self.fake.next_fault("list", to) or self.fake.storm("list", to, "")):
            return None
        try:
            size = min(1000, max(1, int(query.get("PageSize", 50))))
            token = query.get("PageToken", "")
            found = self.fake.store.listed(query, int(token[2:]) if token else None, size)
        except ValueError:
            return self.json(400, _problem(400, 20001, "Invalid parameter"))
        page = int(query.get("Page", 0))
        path = f"/2010-04-01/Accounts/{self.fake.sid}/Messages.json"
        more = None
        if len(found) > size:
            found = found[:size]
            rest = {**query, "PageSize": str(size), "Page": str(page + 1)}
            rest["PageToken"] = f"PA{found[-1].order}"
            more = f"{path}?{urlencode(rest)}"
        return self.json(
            200,
            {
                "messages": [_resource(self.fake, m) for m in found],
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": page * size + len(found) - 1,
                "uri": self.path,
                "first_page_uri": path,
                "next_page_uri": more,
                "previous_page_uri": None,
            },
        )

    def _media(self, message: Message, media_sid: str | None, as_json: bool) -> None:
        self.fake.api_requests["GET Media"] += 1
        if self.fails(self.fake.next_fault("media")):
            return None
        base = f"/2010-04-01/Accounts/{self.fake.sid}/Messages/{message.sid}/Media"
        if media_sid is None:
            files = [_media_resource(self.fake, message, base, f) for f in message.media]
            return self.json(
                200, {"media_list": files, "uri": base, "page": 0, "next_page_uri": None}
            )
        file = next((f for f in message.media if f.sid == media_sid), None)
        if file is None:
            return self.json(404, _problem(404, 20404, "The requested resource was not found"))
        if as_json:
            return self.json(200, _media_resource(self.fake, message, base, file))
        target = f"{self.fake.cdn_url}/{message.sid}/{media_sid}?signature=signed"
        return self.answer(307, b"", "text/plain", {"Location": target})


class _Cdn(_Handler):
    def do_GET(self) -> None:
        if "Authorization" in self.headers:
            self.fake.cdn_authorizations.append(self.headers["Authorization"])
        if self.fails(self.fake.next_fault("cdn")):
            return None
        parts = urlsplit(self.path)
        sids = parts.path.strip("/").split("/")
        message = self.fake.message(sids[0])
        file = next((f for f in message.media if f.sid == sids[-1]), None) if message else None
        if file is None or parts.query != "signature=signed":
            return self.answer(404, b"", "text/plain")
        return self.answer(200, file.data, file.content_type)


def _problem(status: int, code: int, message: str) -> dict[str, object]:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return {"code": code, "message": message, "more_info": more, "status": status}


def _media_resource(
    fake: TwilioFake, message: Message, base: str, file: MediaFile
) -> dict[str, object]:
    created = email.utils.format_datetime(message.created)
    return {
        "sid": file.sid,
        "account_sid": fake.sid,
        "parent_sid": message.sid,
        "content_type": file.content_type,
        "date_created": created,
        "date_updated": created,
        "uri": f"{base}/{file.sid}.json",
    }


def _resource(fake: TwilioFake, message: Message) -> dict[str, object]:
    """Return a message as Twilio's JSON shows it."""
    at = email.utils.format_datetime(message.created)
    uri = f"/2010-04-01/Accounts/{fake.sid}/Messages/{message.sid}"
    return {
        "sid": message.sid,
        "account_sid": fake.sid,
        "api_version": "2010-04-01",
        "from": message.from_,
        "to": message.to,
        "body": message.body,
        "direction": message.direction,
        "status": message.status,
        "date_created": at,
        "date_sent": at,
        "date_updated": at,
        "error_code": message.error_code if message.status in ("failed", "undelivered") else None,
        "error_message": None,
        "messaging_service_sid": None,
        "num_segments": "1",
        "num_media": str(len(message.media) or len(message.media_urls)),
        "price": None,
        "price_unit": None,
        "uri": uri + ".json",
        "subresource_uris": {"media": uri + "/Media.json"},
    }
