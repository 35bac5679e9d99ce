"""The benchmarks' driver does what Twilio does: its own library takes the signatures and the answers."""

from __future__ import annotations

import contextlib
import json
import threading
import urllib.error
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from benchmarks.driver import http
from benchmarks.driver.process import SENDER, SID, TOKEN, Driver

PUBLIC = "https://destek.example"


class _Product(BaseHTTPRequestHandler):
    """Answers a message with a message, and notes what came."""

    protocol_version = "HTTP/1.1"
    heard: list[tuple[str, dict[str, str], bool]] = []
    api = ""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        params = dict(parse_qsl(body, keep_blank_values=True))
        genuine = RequestValidator(TOKEN).validate(
            PUBLIC + self.path, params, self.headers["X-Twilio-Signature"]
        )
        self.heard.append((self.path, params, genuine))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        if "Body" in params:
            client = Client(SID, TOKEN)
            client.api.base_url = self.api
            sent = client.messages.create(
                to=params["From"], from_=SENDER, body=f"{params['Body']} – \"evet\" & 100 %",
                status_callback=f"{PUBLIC}/status?uuid=7",
            )
            assert sent.body == f"{params['Body']} – \"evet\" & 100 %"
            found = client.messages.list(to=params["From"])
            assert [m.sid for m in found] == [sent.sid]

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@contextlib.contextmanager
def _driven() -> Iterator[Driver]:
    _Product.heard = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Product)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        with Driver(f"http://127.0.0.1:{server.server_address[1]}", PUBLIC) as driver:
            _Product.api = driver.url
            yield driver
    finally:
        server.shutdown()
        server.server_close()


def test_turns_are_signed_answered_and_reported_as_twilio_does() -> None:
    with _driven() as driver:
        found = driver.run(parallel=2, count=4, texts=["çalışıyor mu? & +1", "2"], people="same")
    assert (found["done"], found["failed"], found["replies"]) == (4, 0, 4), found
    assert found["answers"]["2"] == "2 – \"evet\" & 100 %"
    assert found["settled"] and found["bad_receipts"] == {}
    assert all(genuine for _, _, genuine in _Product.heard)
    statuses = [p["MessageStatus"] for path, p, _ in _Product.heard if path == "/status?uuid=7"]
    assert sorted(statuses) == sorted(["sent", "delivered", "read"] * 4)
    inbound = [p for path, p, _ in _Product.heard if urlsplit(path).path != "/status"]
    assert len({p["MessageSid"] for p in inbound}) == 4
    assert {p["From"].removeprefix("whatsapp:+") for p in inbound} == {p["WaId"] for p in inbound}


def test_a_rate_is_kept_and_what_fails_is_counted() -> None:
    with _driven() as driver:
        found = driver.run(kind="acks", parallel=4, rate=50.0, count=25)
        assert 0.4 < found["seconds"] < 3, found
        assert found["done"] == 25
        broken = driver.run(
            kind="post", parallel=2, count=6, target="http://127.0.0.1:9/nobody"
        )
    assert (broken["done"], broken["failed"]) == (0, 6)
    assert json.dumps(broken["errors"]) == '{"ConnectionRefusedError": 6}'



def test_load_goes_to_loopback_only() -> None:
    with pytest.raises(ValueError, match="loopback only"):
        http.Client("192.0.2.1", 80, 1)
    with _driven() as driver, pytest.raises(urllib.error.HTTPError) as refused:
        driver.run(kind="post", target="http://192.0.2.1:80/", count=1)
    assert b"loopback only" in refused.value.read()
