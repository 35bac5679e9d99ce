"""The customers: each writes its plan at its own pace and waits for answers as people do.

Twilio is told to try a failed webhook again some times, with the same id; what it then could not
deliver stays with it, for the product to ask. Some messages are posted twice on purpose, and some
never.
"""

from __future__ import annotations

import array
import asyncio
import collections
import dataclasses
import random
import time

from benchmarks.driver import http
from benchmarks.driver.forms import Account
from benchmarks.soak import scripts
from benchmarks.soak.ledger import Ledger
from benchmarks.soak.scripts import Step

_PATH = "/webhooks/twilio/whatsapp"
_TIMEOUT = 15.0  # seconds that Twilio waits for an answer
_TRIES_AFTER = (0.5, 1.0, 2.0, 4.0)  # seconds after which a failed webhook is tried again
_TWICE, _NEVER = 0.02, 0.01  # shares of messages posted twice, and of those never posted


@dataclasses.dataclass
class Open:
    """An answer that somebody waits for."""

    step: Step
    since: float
    came: asyncio.Future[None]


class Crowd:
    """All customers of a run. `patience` is how long each waits for an answer, in seconds."""

    def __init__(
        self, seed: int, counts: list[int], pace: float, patience: float, account: Account,
        ledger: Ledger,
    ) -> None:
        """`counts` are the messages of each customer, `pace` the seconds between two of them."""
        self._seed, self._counts, self._pace, self._patience = seed, counts, pace, patience
        self._account, self._ledger = account, ledger
        self._open: dict[str, collections.deque[Open]] = {}
        self._client: http.Client | None = None
        self._later: set[asyncio.Task[None]] = set()
        self.written = array.array("H", [0] * len(counts))  # messages each customer has written
        self.latencies = array.array("f")  # seconds from the first post to the answer
        self.sent = self.answered = self.twice = self.never = self.tried_again = self.left = self.aside = 0
        self.posting = 0  # webhooks that are on their way now
        self.violations: list[str] = []
        self.done = asyncio.Event()

    async def run(self) -> None:
        """Let everybody write; return when all have their answers, or have given up."""
        self._client = http.Client(self._account.host, self._account.port, 1000)
        try:
            await asyncio.gather(*(self._customer(i) for i in range(len(self._counts))))
            await asyncio.gather(*self._later)
        finally:
            self.done.set()
            self._client.close()

    def hear(self, address: str, text: str) -> None:
        """Take note of a message to a customer. What answers nothing that is open is only counted:
        whether it may be there is for the verification to say.
        """
        waiting = self._open.get(address)
        if waiting and all(words in text for words in waiting[0].step.expects):
            found = waiting.popleft()
            if not found.came.done():
                found.came.set_result(None)
                self.answered += 1
                self.latencies.append(time.monotonic() - found.since)
        else:
            self.aside += 1

    async def _customer(self, customer: int) -> None:
        rng = random.Random(f"pace {self._seed} {customer}")
        await asyncio.sleep(rng.uniform(0, self._pace))
        for talk in scripts.plan(self._seed, customer, self._counts[customer]):
            waited: list[Open] = []
            for step in talk.steps:
                opened, acknowledged = await self._write(customer, step, rng, talk.at_once)
                waited.append(opened)
                # What was not acknowledged may be found later than what is written after it.
                if talk.at_once and acknowledged:
                    await asyncio.sleep(rng.uniform(0.05, 0.8))
                    continue
                if not await self._heard(customer, waited):
                    return
                waited.clear()
                await self._rest(customer, rng, 1)
            if waited:
                if not await self._heard(customer, waited):
                    return
                await self._rest(customer, rng, len(talk.steps))

    async def _rest(self, customer: int, rng: random.Random, count: int) -> None:
        """Let the time of so many messages pass, unless the customer has written everything."""
        pause = rng.uniform(0.4, 1.6) * self._pace * count
        if self.written[customer] < self._counts[customer]:
            await asyncio.sleep(pause)

    async def _heard(self, customer: int, waited: list[Open]) -> bool:
        for opened in waited:
            left = opened.since + self._patience - time.monotonic()
            try:
                await asyncio.wait_for(opened.came, max(0.01, left))
            except asyncio.TimeoutError:
                self.violations.append(
                    f"{scripts.phone(customer)} waited {self._patience:.0f} s for an answer to "
                    f"{opened.step.text!r}"
                )
                self._open.pop(f"whatsapp:{scripts.phone(customer)}", None)
                return False
        return True

    async def _write(
        self, customer: int, step: Step, rng: random.Random, at_once: bool
    ) -> tuple[Open, bool]:
        """Write one message; tell whether the product has acknowledged it."""
        number = self.written[customer]
        phone = scripts.phone(customer)
        address, sid = f"whatsapp:{phone}", scripts.sid(self._seed, customer, number)
        opened = Open(step, time.monotonic(), asyncio.get_running_loop().create_future())
        self._open.setdefault(address, collections.deque()).append(opened)
        self._ledger.keep("in", address, sid, step.text)
        self.written[customer] += 1
        self.sent += 1
        chance = rng.random()
        if chance < _NEVER and not at_once:
            self.never += 1
            return opened, False
        request = self._account.inbound(_PATH, sid, phone, step.text)
        if chance > 1 - _TWICE:
            self.twice += 1
            task = asyncio.ensure_future(self._again(request, rng.choice((0.0, 0.1, 2.0))))
            self._later.add(task)
            task.add_done_callback(self._later.discard)
        return opened, await self._post(request)

    async def _again(self, request: bytes, after: float) -> None:
        await asyncio.sleep(after)
        await self._post(request)

    async def _post(self, request: bytes) -> bool:
        assert self._client is not None
        for pause in (*_TRIES_AFTER, None):
            self.posting += 1
            try:
                answer = await asyncio.wait_for(self._client.send(request), _TIMEOUT)
                if answer.status == 200:
                    return True
                if answer.status < 500:
                    self.violations.append(f"a webhook was answered {answer.status}")
                    return False
            except (OSError, http.BadHttp, asyncio.TimeoutError):
                pass
            finally:
                self.posting -= 1
            if pause is None:
                break
            self.tried_again += 1
            await asyncio.sleep(pause)
        self.left += 1
        return False
