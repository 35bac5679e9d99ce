"""A Twilio that costs little and remembers everything: takes messages, lists them, posts receipts.

It fails at nothing: what it is for is to say afterwards who got what, how often and in what order.
"""

from __future__ import annotations

import asyncio
import base64
import calendar
import email.utils
import json
import random
import time
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

from benchmarks.driver import http
from benchmarks.driver.forms import Account
from benchmarks.soak.ledger import Held, Ledger

_RECEIPTS = ("sent", "delivered")
_PREFIX = "whatsapp:"
_TIMEOUT = 15.0  # seconds that Twilio waits for an answer to a webhook
_NEWEST = 1 << 62
# Seconds, at most, before and after a message is accepted: who is killed while it sends can not know.
_BEFORE, _AFTER = 0.05, 0.1
_MISSING = b'{"code": 20404, "message": "The requested resource was not found", "status": 404}'


class Provider:
    """The fake. `hear(address, text)` is told of each message to a customer as it is accepted."""

    def __init__(
        self, account: Account, ledger: Ledger, hear: Callable[[str, str], None]
    ) -> None:
        self._account, self._ledger, self._hear = account, ledger, hear
        credentials = base64.b64encode(f"{account.sid}:".encode() + account.token)
        self._authorization = b"authorization: basic " + credentials.lower()
        self._path = f"/2010-04-01/Accounts/{account.sid}/Messages"
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.AbstractServer | None = None
        self.client: http.Client | None = None
        self.lost_receipts = 0  # Twilio posts a receipt once, whoever is down
        self.refused = 0
        self.listings = 0
        self.taking = 0  # messages that are being handed over now
        self.url = ""

    async def start(self) -> None:
        """Begin to serve on a free port of loopback."""
        loop = asyncio.get_running_loop()
        self.client = http.Client(self._account.host, self._account.port, 200)
        self._server = await loop.create_server(
            lambda: http.Serving(self._handle), "127.0.0.1", 0, backlog=1024
        )
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    async def stop(self) -> None:
        """Stop serving; receipts that are still to be posted are dropped."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            self._server.close()
        if self.client is not None:
            self.client.close()

    def _handle(self, head: bytes, body: bytes, path: bytes) -> bytes | Awaitable[bytes]:
        if self._authorization not in head.lower():
            self.refused += 1
            return http.response(401, b'{"code": 20003, "message": "Authenticate", "status": 401}')
        target = urlsplit(path.decode())
        if target.path == f"{self._path}.json":
            return self._accept(body) if head.startswith(b"POST ") else self._list(target.query)
        found = self._ledger.one(target.path.rpartition("/")[2].removesuffix(".json"))
        if found is None or not target.path.startswith(self._path):
            return http.response(404, _MISSING)
        return http.response(200, json.dumps(self._resource(found)).encode())

    async def _accept(self, body: bytes) -> bytes:
        params = parse_qs(body.decode(), keep_blank_values=True)
        to, text = params["To"][0], params.get("Body", [""])[0]
        callback = params.get("StatusCallback", [""])[0]
        if not text or len(text) > 1600 or not to.startswith(_PREFIX):
            self.refused += 1
            return http.response(400, b'{"code": 21617, "message": "Body", "status": 400}')
        our_id = parse_qs(urlsplit(callback).query).get("uuid", [""])[0]
        self.taking += 1
        await asyncio.sleep(random.uniform(0.0, _BEFORE))
        held = self._ledger.keep("out", to, self._account.new_sid(), text, our_id)
        self._hear(to, text)
        await asyncio.sleep(random.uniform(0.0, _AFTER))
        self.taking -= 1
        if callback.startswith(self._account.public):
            task = asyncio.ensure_future(self._report(callback[len(self._account.public):], held))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return http.response(201, json.dumps(self._resource(held, "queued")).encode())

    async def _report(self, path: str, held: Held) -> None:
        assert self.client is not None
        await asyncio.sleep(0.02)  # the answer to the send leaves first
        for status in _RECEIPTS:
            receipt = self._account.receipt(path, held.sid, status, held.address)
            try:
                answer = await asyncio.wait_for(self.client.send(receipt), _TIMEOUT)
                self.lost_receipts += answer.status != 200
            except (OSError, http.BadHttp, asyncio.TimeoutError):
                self.lost_receipts += 1

    def _list(self, query: str) -> bytes:
        self.listings += 1
        wanted = dict(parse_qsl(query))
        to, size = wanted.get("To", ""), min(1000, int(wanted.get("PageSize", 50)))
        direction = address = None
        if to:
            direction = "in" if to == self._account.sender else "out"
            address = None if direction == "in" else to
        found = self._ledger.listed(
            direction, address, _seconds(wanted.get("DateSent>", "")),
            int(wanted.get("PageToken", _NEWEST)), size + 1,
        )
        page, more = int(wanted.get("Page", 0)), None
        if len(found) > size:
            found = found[:size]
            kept = {**wanted, "Page": str(page + 1), "PageToken": str(found[-1].number)}
            more = f"{self._path}.json?" + "&".join(f"{k}={quote(v)}" for k, v in kept.items())
        answer = {
            "messages": [self._resource(h) for h in found], "page": page, "page_size": size,
            "start": page * size, "end": page * size + len(found) - 1, "uri": f"{self._path}.json",
            "first_page_uri": f"{self._path}.json", "next_page_uri": more, "previous_page_uri": None,
        }
        return http.response(200, json.dumps(answer).encode())

    def _resource(self, held: Held, status: str = "") -> dict[str, object]:
        """Return a message as Twilio's JSON shows it."""
        inbound = held.direction == "in"
        ours, date = self._account.sender, email.utils.formatdate(held.at)
        uri = f"{self._path}/{held.sid}"
        return {
            "sid": held.sid, "account_sid": self._account.sid, "api_version": "2010-04-01",
            "from": held.address if inbound else ours, "to": ours if inbound else held.address,
            "body": held.body, "direction": "inbound" if inbound else "outbound-api",
            "status": status or ("received" if inbound else "delivered"),
            "date_created": date, "date_sent": date, "date_updated": date, "error_code": None,
            "error_message": None, "messaging_service_sid": None, "num_segments": "1",
            "num_media": "0", "price": None, "price_unit": None, "uri": f"{uri}.json",
            "subresource_uris": {"media": f"{uri}/Media.json"},
        }


def _seconds(text: str) -> int:
    """Return seconds since 1970 of `2026-11-24T10:00:00Z`; 0 for nothing."""
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) if text else 0
