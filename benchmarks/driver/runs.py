"""The loops that drive load, closed (a chat waits for its answer) or open (at a fixed rate)."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
from collections.abc import Awaitable, Callable, Sequence

from benchmarks.driver import figures, http
from benchmarks.driver.forms import Account
from benchmarks.driver.people import People
from benchmarks.driver.twilio import Fake

INBOUND = "/webhooks/twilio/whatsapp"
STATUS = "/webhooks/twilio/status"
TEXTS = (
    "kargo ücreti ne kadar?", "iade süresi kaç gün?", "kapıda ödeme var mı?",
    "çalışma saatleriniz nedir?",
)


@dataclasses.dataclass(frozen=True)
class Run:
    """What to do. `kind`:

    turns     a customer's message to the webhook, answered when the reply is accepted here
    acks      the same, but only the webhook's own answer is awaited
    receipts  status callbacks of messages that nobody knows: the door and nothing behind it
    rest      a message to Rasa's REST channel at `target`, which answers with the reply
    post      any form to `target`: for baselines
    """

    kind: str = "turns"
    parallel: int = 1
    count: int = 100
    rate: float = 0.0  # requests a second, open loop; 0: closed loop
    people: str = "new"
    target: str = ""
    timeout: float = 60.0
    texts: tuple[str, ...] = TEXTS
    watch: tuple[int, ...] = ()  # processes whose trees' processor time is told
    settle: float = 15.0  # seconds that receipts may still take after the last reply


@dataclasses.dataclass
class _One:
    request: bytes
    phone: str = ""
    times: int = 0
    sid: str = ""
    text: str = ""


class Runner:
    """Does runs, one at a time."""

    def __init__(self, account: Account, fake: Fake) -> None:
        self._account, self._fake = account, fake
        self._people = People()

    async def run(self, run: Run) -> dict[str, object]:
        """Do one run; return its figures, times in milliseconds."""
        work = _Work(run, self._account, self._fake, self._people)
        prepared = work.prepare()
        client = work.client()
        if run.kind in ("turns", "acks", "receipts"):
            self._fake.client = work.client(run.parallel + 8)
        before = self._fake.accepted, self._fake.receipts
        self._fake.bad_receipts.clear()
        new_before = self._people.new
        used, own = figures.Used(run.watch), time.process_time()
        began = time.monotonic()
        try:
            await work.drive(prepared, client)
            elapsed = time.monotonic() - began
            settled = await self._fake.settle(run.settle) if run.kind == "turns" else True
        finally:
            client.close()
        done = max(1, len(work.latencies))
        result: dict[str, object] = {
            "kind": run.kind, "parallel": run.parallel, "count": run.count,
            "done": len(work.latencies), "failed": work.failed, "seconds": round(elapsed, 2),
            "per_second": round(len(work.latencies) / elapsed, 1),
            "latency_ms": figures.spread(work.latencies),
            "driver_cpu_ms_each": round((time.process_time() - own) * 1000 / done, 2),
            "resent": client.resent,
        }
        if run.rate:
            result["rate"] = run.rate
        if run.kind == "acks":
            result["replies"] = self._fake.accepted - before[0]
            result["replies_per_second"] = round((self._fake.accepted - before[0]) / elapsed, 1)
        if run.kind == "turns":
            result |= {
                "ack_ms": figures.spread(work.acknowledged),
                "replies": self._fake.accepted - before[0],
                "receipts": self._fake.receipts - before[1],
                "bad_receipts": dict(self._fake.bad_receipts), "settled": settled,
                "people": run.people, "new_people": self._people.new - new_before,
            }
        if run.watch:
            cpu = used.since()
            result["cpu_ms_each"] = {n: round(s * 1000 / done, 2) for n, s in cpu.items()}
            result["cpu_ms_each_all"] = round(sum(cpu.values()) * 1000 / done, 2)
            busy = sum(cpu.values()) / (time.monotonic() - began)
            result["cores_busy"] = round(busy, 2)
        if work.answers:
            result["answers"] = work.answers
        if work.errors:
            result["errors"] = dict(work.errors)
        return result


class _Work:
    """One run while it lasts."""

    def __init__(self, run: Run, account: Account, fake: Fake, people: People) -> None:
        self._run, self._account, self._fake, self._people = run, account, fake, people
        self._host, self._port, self._path = account.host, account.port, INBOUND
        if run.target:
            rest = run.target.removeprefix("http://")
            address, _, path = rest.partition("/")
            self._host, _, port = address.partition(":")
            self._port, self._path = int(port or 80), "/" + path
        self._loop = asyncio.get_running_loop()
        self.latencies: list[float] = []
        self.acknowledged: list[float] = []
        self.answers: dict[str, str] = {}  # the first reply to each text
        self.failed = 0
        self.errors: dict[str, int] = {}

    def client(self, limit: int = 0) -> http.Client:
        """Return connections to where this run goes."""
        return http.Client(self._host, self._port, limit or self._run.parallel)

    def prepare(self) -> list[_One]:
        """Build and sign every request whose sender is known beforehand."""
        run, texts = self._run, self._run.texts
        if run.kind == "turns" and run.people == "same":
            return [_One(b"", text=texts[i % len(texts)]) for i in range(run.count)]
        return [self._build(_One(b"", text=texts[i % len(texts)]), i) for i in range(run.count)]

    def _build(self, one: _One, number: int) -> _One:
        kind = self._run.kind
        if kind == "rest":
            body = json.dumps({"sender": self._people.stranger(), "message": one.text})
            one.request = http.request(
                "POST", f"{self._host}:{self._port}", self._path, body.encode(), "application/json"
            )
            return one
        one.sid = self._account.new_sid()
        if kind == "receipts":
            path = f"{STATUS}?uuid={number:032x}"
            to = "whatsapp:+905300000000"
            one.request = self._account.receipt(path, one.sid, "delivered", to)
            return one
        if not one.phone:
            one.phone, one.times = self._people.take("new")
        one.request = self._account.inbound(self._path, one.sid, one.phone, one.text)
        return one

    async def drive(self, prepared: Sequence[_One], client: http.Client) -> None:
        """Send it all."""
        each = self._turn if self._run.kind == "turns" else self._exchange
        if self._run.rate:
            await self._open(prepared, client, each)
        else:
            await self._closed(prepared, client, each)

    async def _closed(
        self, prepared: Sequence[_One], client: http.Client,
        each: Callable[[_One, http.Client, float], Awaitable[None]],
    ) -> None:
        todo = iter(prepared)

        async def chat() -> None:
            for one in todo:
                await each(one, client, 0.0)

        await asyncio.gather(*(chat() for _ in range(self._run.parallel)))

    async def _open(
        self, prepared: Sequence[_One], client: http.Client,
        each: Callable[[_One, http.Client, float], Awaitable[None]],
    ) -> None:
        """Send at a fixed rate; latency counts from when a request was due, not from when it left."""
        began = time.monotonic()
        tasks: list[asyncio.Future[None]] = []
        for number, one in enumerate(prepared):
            due = began + number / self._run.rate
            wait = due - time.monotonic()
            if wait > 0.0005:
                await asyncio.sleep(wait)
            tasks.append(asyncio.ensure_future(each(one, client, due)))
        await asyncio.gather(*tasks)

    def _fail(self, reason: str) -> None:
        self.failed += 1
        self.errors[reason] = self.errors.get(reason, 0) + 1

    async def _exchange(self, one: _One, client: http.Client, due: float) -> None:
        if one.phone:
            self._fake.remember_inbound(one.sid, one.phone, one.text)
        try:
            answer = await client.send(one.request)
        except (OSError, http.BadHttp) as error:
            return self._fail(type(error).__name__)
        if not 200 <= answer.status < 300:
            return self._fail(f"HTTP {answer.status}")
        if self._run.kind == "rest" and len(answer.body) < 5:
            return self._fail("no reply")
        self.latencies.append(answer.ended - (due or answer.began))
        if self._run.kind == "rest" and one.text not in self.answers:
            self.answers[one.text] = json.loads(answer.body)[0].get("text", "")
        return None

    async def _turn(self, one: _One, client: http.Client, due: float) -> None:
        if not one.request:
            one.phone, one.times = self._people.take("same")
            self._build(one, 0)
        address = f"whatsapp:{one.phone}"
        reply: asyncio.Future[tuple[float, str]] = self._loop.create_future()
        self._fake.waiting[address] = reply
        self._fake.remember_inbound(one.sid, one.phone, one.text)
        limit = self._loop.call_later(self._run.timeout, reply.cancel)
        try:
            answer = await client.send(one.request)
            if answer.status != 200:
                return self._fail(f"HTTP {answer.status}")
            self.acknowledged.append(answer.ended - answer.began)
            at, said = await reply
            self.latencies.append(at - (due or answer.began))
            self.answers.setdefault(one.text, said)
        except asyncio.CancelledError:
            return self._fail("no reply in time")
        except (OSError, http.BadHttp) as error:
            return self._fail(type(error).__name__)
        finally:
            limit.cancel()
            self._fake.waiting.pop(address, None)
        self._people.give_back(one.phone, one.times + 1)
        return None
