"""People who write all the time, for journeys that ask what becomes of acknowledged messages."""

from __future__ import annotations

import contextlib
import random
import secrets
import threading

import requests

from tests.stack import Stack

TEXTS = (
    "kargo ücreti ne kadar?", "iade süresi kaç gün?", "çalışma saatleriniz nedir?",
    "dün gelen sehpanın bir ayağı kırık geldi", "kapıda ödeme var mı?",
)


class Traffic:
    """People who write until told to stop; keeps which messages were acknowledged."""

    def __init__(self, stack: Stack, prefix: str, writers: int = 4) -> None:
        """`prefix` is how their phone numbers begin, +90 and six digits."""
        self._prefix = prefix
        self._stack, self._stop = stack, threading.Event()
        self._lock = threading.Lock()
        self._acknowledged: list[str] = []
        self._threads = [threading.Thread(target=self._write, args=(i,)) for i in range(writers)]

    def __enter__(self) -> Traffic:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    @property
    def acknowledged(self) -> set[str]:
        """Provider ids of the messages that were answered 200 so far."""
        with self._lock:
            return set(self._acknowledged)

    def _write(self, writer: int) -> None:
        count = 0
        while not self._stop.is_set():
            phone = f"{self._prefix}{writer}{count // 4 % 1000:03d}"
            sid = "SM" + secrets.token_hex(16)
            with contextlib.suppress(requests.RequestException):
                text = TEXTS[count % len(TEXTS)]
                if self._stack.fake.inbound(text, phone, MessageSid=sid).status_code == 200:
                    with self._lock:
                        self._acknowledged.append(sid)
            count += 1
            self._stop.wait(random.uniform(0.05, 0.3))
