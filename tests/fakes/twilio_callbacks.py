"""The Twilio fake's status callbacks: signed, in a settable order, off the request's thread."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import requests

from tests.fakes.twilio_model import Message, Step

if TYPE_CHECKING:
    from tests.fakes.twilio import TwilioFake

THREADS = 8
ORDER = ("queued", "sent", "failed", "undelivered", "delivered", "read")


class Callbacks:
    """Posts what became of each message to the address it was given.

    `plan` are the statuses in the order they are posted: repeat or shuffle them at will. A message
    that has an error code gets `failed` with it instead. `before_answer` posts them before the
    send call returns. `delay` seconds pass before each. Weather may decide otherwise for a message.
    `posted` keeps (sid, status, answer's status or 0).
    """

    def __init__(self, fake: TwilioFake) -> None:
        self._fake = fake
        self.plan: tuple[str, ...] = ("sent", "delivered")
        self.before_answer = False
        self.delay = 0.0
        self.posted: list[tuple[str, str, int]] = []
        # What is due when: (time.monotonic(), a number that keeps the order, message, steps).
        self._due: list[tuple[float, int, Message, Sequence[Step]]] = []
        self._numbers = itertools.count()
        self._threads: list[threading.Thread] = []
        self._stopping = False
        self._open = 0
        self._done = threading.Condition()

    def start(self) -> None:
        """Begin to post."""
        self._stopping = False
        for _ in range(THREADS):
            thread = threading.Thread(target=self._work, name="twilio-callbacks", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Let the threads end after what they are doing."""
        with self._done:
            self._stopping = True
            self._done.notify_all()
        for thread in self._threads:
            thread.join(5)
        self._threads.clear()

    def accepted(self, message: Message) -> None:
        """Take a message on its way: at once, or on another thread."""
        fate = self._fake.fate(message)
        words = ("failed",) if message.error_code else self.plan
        steps, early = fate or ([Step(w, self.delay) for w in words], self.before_answer)
        if early:
            for step in steps:
                time.sleep(step.after)
                self._take(message, step)
            return
        with self._done:
            self._open += 1
        self._plan(message, steps)

    def wait(self, timeout: float = 10.0) -> None:
        """Return when all callbacks so far were posted; AssertionError after `timeout` s."""
        with self._done:
            if not self._done.wait_for(lambda: self._open == 0, timeout):
                raise AssertionError(f"{self._open} messages still have callbacks to post")

    def post(self, message: Message, status: str) -> int:
        """Post one status now; return the answer's HTTP status, 0 without an answer."""
        params = {
            "MessageSid": message.sid,
            "SmsSid": message.sid,
            "MessageStatus": status,
            "SmsStatus": status,
            "From": message.from_,
            "To": message.to,
            "AccountSid": self._fake.sid,
            "ApiVersion": "2010-04-01",
            "ChannelPrefix": "whatsapp",
            "ChannelInstallSid": "XE" + "0" * 32,
            "ChannelToAddress": message.to.partition(":")[2][:6] + "XXXX",
        }
        if status in ("failed", "undelivered") and message.error_code:
            params["ErrorCode"] = str(message.error_code)
        if status in ("delivered", "read"):
            params["EventType"] = status.upper()
        url = here = message.status_callback
        if url.startswith(self._fake.public_base_url):  # a public name leads nowhere in a test
            here = self._fake.webhook_base_url + url[len(self._fake.public_base_url) :]
        if urlsplit(here).hostname not in ("127.0.0.1", "localhost"):
            self.posted.append((message.sid, status, 0))  # never out of this machine
            return 0
        try:
            answer = self._fake.session.post(
                here,
                data=urlencode(params),
                headers={
                    "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
                    "X-Twilio-Signature": self._fake.sign(url, params),
                },
                timeout=15,
                allow_redirects=False,
            ).status_code
        except requests.RequestException:
            answer = 0
        self.posted.append((message.sid, status, answer))
        return answer

    def _take(self, message: Message, step: Step) -> None:
        """Let a message take its next status, and post it as often as it is to be posted."""
        if message.status not in ORDER or ORDER.index(step.status) > ORDER.index(message.status):
            message.status = step.status  # what is posted may go back; what became of it does not
        if step.status in ("failed", "undelivered"):
            message.failed_at = time.monotonic()
        for _ in range(step.times if message.status_callback else 0):
            self.post(message, step.status)

    def _plan(self, message: Message, steps: Sequence[Step]) -> None:
        """Put the first of these steps among what is due; count the message as done without any."""
        with self._done:
            if steps:
                due = time.monotonic() + steps[0].after
                heapq.heappush(self._due, (due, next(self._numbers), message, steps))
            else:
                self._open -= 1
            self._done.notify_all()

    def _next(self) -> tuple[Message, Sequence[Step]] | None:
        """Wait for what is due next; None when the fake stops."""
        with self._done:
            while not self._stopping:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[2:]
                self._done.wait(wait)
        return None

    def _work(self) -> None:
        while (found := self._next()) is not None:
            message, steps = found
            try:
                self._take(message, steps[0])
            finally:
                self._plan(message, steps[1:])
