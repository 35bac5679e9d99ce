"""First answers come fast while a hundred people write."""

from __future__ import annotations

import concurrent.futures
import time

import pytest

from benchmarks.driver.figures import percentile
from tests.stack import Stack

QUESTIONS = ("kargo ücreti ne kadar?", "iade süresi kaç gün?", "kapıda ödeme var mı?")


@pytest.mark.timeout(180)
def test_first_replies_under_a_hundred_parallel_chats(stack: Stack) -> None:
    """A hundred people come within ten seconds, and each goes on writing while others come."""

    def chat(i: int) -> float:
        phone = f"+9053770{i:05d}"
        time.sleep(i * 0.1)
        began = time.monotonic()
        stack.fake.inbound(QUESTIONS[i % 3], phone)
        first = stack.fake.wait_for(phone, 1, 60)[0].accepted_at - began
        for n in (1, 2):
            time.sleep(4)
            stack.fake.inbound(QUESTIONS[(i + n) % 3], phone)
        stack.fake.wait_for(phone, 3, 60)
        return first

    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        firsts = list(pool.map(chat, range(100)))
    assert len(firsts) == 100
    assert percentile(firsts, 0.95) <= 2.0, sorted(firsts)[-10:]

