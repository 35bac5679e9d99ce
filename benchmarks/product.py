"""The product under load: turns, acknowledgements and memory, each phase one run of the driver."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import streams
from benchmarks.driver import figures
from benchmarks.driver.process import Driver
from tests.stack import Stack

WEB_WORKERS, WEB_THREADS = 2, 200  # what the product comes with
LOOPS = ((1, 100), (20, 500), (100, 1000))  # parallel chats and messages, here and for stock Rasa
DOOR_PARALLEL = 16  # connections of those who only want an acknowledgement
OFFERED = 100.0  # messages a second while a figure of p99 is taken: more than Meta lets one number get
OFFERED_SECONDS = 8
STREAMS = 100

Figures = dict[str, Any]


@contextlib.contextmanager
def running(folder: Path, **settings: str) -> Iterator[tuple[Stack, Driver]]:
    """Give a running stack and the driver that is its Twilio."""
    folder.mkdir(parents=True, exist_ok=True)
    stack = Stack(folder)
    with Driver(stack.url) as driver:
        stack.extra = {
            "WEB_WORKERS": str(WEB_WORKERS), "WEB_THREADS": str(WEB_THREADS),
            **driver.environment(), **settings,
        }
        with stack:
            driver.run(parallel=4, count=60)  # what is done once in a life is not measured
            yield stack, driver


def turns(
    stack: Stack, driver: Driver, loops: Sequence[tuple[int, int]], people: str = "new"
) -> list[Figures]:
    """Measure whole turns: webhook's first byte to the first reply at the provider."""
    return [
        driver.run(parallel=parallel, count=count, people=people, watch=stack.pid)
        for parallel, count in loops
    ]


def memory(stack: Stack) -> Figures:
    """Return megabytes by process: shared pages divided among who shares them, and as resident."""
    return {
        "pss": figures.memory([stack.pid]),
        "rss": figures.memory([stack.pid], figures.resident_mb),
    }


def door(stack: Stack, driver: Driver) -> dict[str, Figures]:
    """Measure acknowledgements: alone, with event streams open, and with a saturated bot.

    Every message makes the bot work, so for the door alone its worker is halted (SIGSTOP). What came
    meanwhile is what saturates the bot afterwards.
    """
    found = {
        "receipts": driver.run(
            kind="receipts", parallel=DOOR_PARALLEL, count=2000, watch=stack.pid
        )
    }
    with streams.opened(stack, STREAMS):
        found["streams_calm"] = _offered(stack, driver, streams.RATE)  # the bot keeps up with that
        found["streams"] = _offered(stack, driver)
    driver.wait_idle()
    workers = [pid for pid, name in figures.named([stack.pid]).items() if name == "worker"]
    for pid in workers:  # idle: none holds a lock of the database
        os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(0.5)
        found["door"] = _flat_out(stack, driver, 2000)
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
    time.sleep(3)  # they find their way back
    found["saturated"] = _offered(stack, driver)
    found["saturated_flat_out"] = _flat_out(stack, driver, 1000)
    return found


def _flat_out(stack: Stack, driver: Driver, count: int) -> Figures:
    return driver.run(kind="acks", parallel=DOOR_PARALLEL, count=count, watch=stack.pid)


def _offered(stack: Stack, driver: Driver, rate: float = OFFERED) -> Figures:
    """Send messages at a fixed rate, whatever the bot is doing."""
    count = int(rate * OFFERED_SECONDS)
    return driver.run(kind="acks", parallel=64, rate=rate, count=count, watch=stack.pid)
