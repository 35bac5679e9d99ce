"""The Twilio fake's status callbacks: signed, in a settable order, off the request's thread."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import requests

from tests.fakes.twilio_model import Message

if TYPE_CHECKING:
    from tests.fakes.twilio import TwilioFake

THREADS = 8


class Callbacks:
    """Posts what became of each message to the address it was given.

    `plan` are the statuses in the order they are posted: repeat or shuffle them at will. A message
    that has an error code gets `failed` with it instead. `before_answer` posts them before the
    send call returns. `delay` seconds pass before each. `posted` keeps (sid, status, answer's
    status or 0).
    """

    def __init__(self, fake: TwilioFake) -> None:
        self._fake = fake
        self.plan: tuple[str, ...] = ("sent", "delivered")
        self.before_answer = False
        self.delay = 0.0
        self.posted: list[tuple[str, str, int]] = []
        self._queue: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._open = 0
        self._done = threading.Condition()

    def start(self) -> None:
        """Begin to post."""
        for _ in range(THREADS):
            thread = threading.Thread(target=self._work, name="twilio-callbacks", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Let the threads end after what they are doing."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(5)
        self._threads.clear()

    def accepted(self, message: Message) -> None:
        """Take a message on its way: at once, or on another thread."""
        if self.before_answer:
            self._run(message)
            return
        with self._done:
            self._open += 1
        self._queue.put(message)

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

    def _run(self, message: Message) -> None:
        for status in ("failed",) if message.error_code else self.plan:
            if self.delay:
                time.sleep(self.delay)
            message.status = status
            if message.status_callback:
                self.post(message, status)

    def _work(self) -> None:
        while (message := self._queue.get()) is not None:
            try:
                self._run(message)
            finally:
                with self._done:
                    self._open -= 1
                    self._done.notify_all()
