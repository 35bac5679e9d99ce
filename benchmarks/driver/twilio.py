"""The Twilio side of the driver: takes what the product sends, and tells it what became of it.

A bounded memory of messages serves Twilio's list, because the product asks for it every minute and
that work belongs to what is measured.
"""

from __future__ import annotations

import asyncio
import base64
import calendar
import collections
import email.utils
import json
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

from benchmarks.driver import http
from benchmarks.driver.forms import Account

KEPT = 50_000  # messages that the list knows
STATUSES = ("sent", "delivered", "read")


class Held(NamedTuple):
    """A message as the list shows it. `at` is in whole seconds since 1970."""

    sid: str
    sender: str
    to: str
    body: str
    direction: str
    status: str
    at: int


class Fake:
    """Messages.json of one account, and its status callbacks."""

    def __init__(self, account: Account, statuses: tuple[str, ...] = STATUSES) -> None:
        self.account = account
        self.statuses = statuses
        self.accepted = 0
        self.receipts = 0
        self.bad_receipts: collections.Counter[str] = collections.Counter()  # by what came instead
        self.unauthorized = 0
        self.waiting: dict[str, asyncio.Future[tuple[float, str]]] = {}  # for a first reply, by address
        self.control: dict[bytes, Callable[[bytes], Awaitable[bytes]]] = {}
        self.client: http.Client | None = None
        self._held: collections.deque[Held] = collections.deque(maxlen=KEPT)
        credentials = base64.b64encode(f"{account.sid}:".encode() + account.token)
        self._authorization = b"Basic " + credentials
        self._path = f"/2010-04-01/Accounts/{account.sid}/Messages".encode()
        self._date = (0, "")
        self._tasks: set[asyncio.Task[None]] = set()

    def remember_inbound(self, sid: str, phone: str, body: str) -> None:
        """Let the list know a message of a customer."""
        self._held.append(
            Held(sid, f"whatsapp:{phone}", self.account.sender, body, "inbound", "received",
                 int(time.time()))
        )

    def handle(self, head: bytes, body: bytes, path: bytes) -> bytes | Awaitable[bytes]:
        """Answer one request."""
        if head.startswith(b"POST ") and path == self._path + b".json":
            if self._authorization not in head:
                self.unauthorized += 1
                return http.response(401, b'{"code": 20003, "message": "Authenticate", "status": 401}')
            return self._accept(body)
        control = self.control.get(path)
        if control is not None:
            return control(body)
        if head.startswith(b"GET ") and path.startswith(self._path):
            return self._look(path)
        return http.response(404, b'{"code": 20404, "message": "Not found", "status": 404}')

    def _accept(self, body: bytes) -> bytes:
        at = time.monotonic()
        params = parse_qs(body.decode(), keep_blank_values=True)
        to, text = params["To"][0], params.get("Body", [""])[0]
        callback = params.get("StatusCallback", [""])[0]
        if len(text) > 1600 or not (text or "ContentSid" in params or "MediaUrl" in params):
            return http.response(400, b'{"code": 21617, "message": "Body", "status": 400}')
        sid = self.account.new_sid()
        self.accepted += 1
        waiting = self.waiting.pop(to, None)
        if waiting is not None and not waiting.done():
            waiting.set_result((at, text))
        held = Held(sid, self.account.sender, to, text, "outbound-api", "queued", int(time.time()))
        self._held.append(held)
        if callback and self.statuses and self.client is not None:
            path = callback[len(self.account.public) :]
            if callback.startswith(self.account.public + "/"):
                task = asyncio.ensure_future(self._report(self.client, path, sid, to))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        return http.response(201, self._resource(held).encode())

    async def _report(self, client: http.Client, path: str, sid: str, to: str) -> None:
        await asyncio.sleep(0)  # the answer to the send leaves first
        for status in self.statuses:
            try:
                answer = await client.send(self.account.receipt(path, sid, status, to))
            except (OSError, http.BadHttp) as error:
                self.bad_receipts[type(error).__name__] += 1
                continue
            if 200 <= answer.status < 300:
                self.receipts += 1
            else:
                self.bad_receipts[f"HTTP {answer.status}"] += 1

    @property
    def receipts_open(self) -> int:
        """How many messages still have receipts to come."""
        return len(self._tasks)

    async def settle(self, timeout: float) -> bool:
        """Wait until every receipt was posted; tell whether that happened in time."""
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=timeout)
        return not self._tasks

    def _resource(self, held: Held) -> str:
        if self._date[0] != held.at:
            self._date = held.at, email.utils.formatdate(held.at)
        date = self._date[1]
        uri = f"/2010-04-01/Accounts/{self.account.sid}/Messages/{held.sid}"
        return (
            f'{{"sid": "{held.sid}", "account_sid": "{self.account.sid}", '
            f'"api_version": "2010-04-01", "from": "{held.sender}", "to": "{held.to}", '
            f'"body": {json.dumps(held.body)}, "direction": "{held.direction}", '
            f'"status": "{held.status}", "date_created": "{date}", "date_sent": "{date}", '
            f'"date_updated": "{date}", "error_code": null, "error_message": null, '
            f'"messaging_service_sid": null, "num_segments": "1", "num_media": "0", '
            f'"price": null, "price_unit": null, "uri": "{uri}.json", '
            f'"subresource_uris": {{"media": "{uri}/Media.json"}}}}'
        )

    def _look(self, raw_path: bytes) -> bytes:
        parts = urlsplit(raw_path.decode())
        if parts.path != f"{self._path.decode()}.json":
            sid = parts.path.rpartition("/")[2].removesuffix(".json")
            found = next((h for h in self._held if h.sid == sid), None)
            if found is None:
                return http.response(404, b'{"code": 20404, "message": "Not found", "status": 404}')
            return http.response(200, self._resource(found).encode())
        query = dict(parse_qsl(parts.query))
        page, size = int(query.get("Page", 0)), int(query.get("PageSize", 50))
        since = _seconds(query.get("DateSent>", ""))
        matching = []
        for held in reversed(self._held):  # the newest first, as Twilio lists them
            if held.at < since:
                break
            if query.get("To", held.to) == held.to and query.get("From", held.sender) == held.sender:
                matching.append(held)
                if len(matching) > (page + 1) * size:
                    break
        shown = matching[page * size : (page + 1) * size]
        more = "null"
        if len(matching) > (page + 1) * size:
            rest = "&".join(f"{k}={quote(v)}" for k, v in query.items() if k != "Page")
            more = json.dumps(f"{parts.path}?{rest}&Page={page + 1}")
        listed = ", ".join(self._resource(h) for h in shown)
        answer = (
            f'{{"messages": [{listed}], "page": {page}, "page_size": {size}, '
            f'"start": {page * size}, "end": {page * size + len(shown) - 1}, '
            f'"uri": {json.dumps(parts.path)}, "first_page_uri": {json.dumps(parts.path)}, '
            f'"next_page_uri": {more}, "previous_page_uri": null}}'
        )
        return http.response(200, answer.encode())


def _seconds(text: str) -> int:
    """Return seconds since 1970 of `2026-11-24T10:00:00Z`; 0 for what can not be read."""
    try:
        return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return 0
