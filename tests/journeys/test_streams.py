"""Many pages listen, many more ask to: messages come in all the same.

How fast is measured elsewhere (`python -m benchmarks.streams`), alone on the machine. Here it is that
streams never hold more than half of the threads, that who gets none hears so at once, and that every
message is acknowledged and kept meanwhile.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Iterator
from concurrent import futures

import pytest

from benchmarks.streams import cookies
from tests.crowd import Asked, Crowd
from tests.journeys.looking import wait_until
from tests.stack import Stack

STREAMS, ASKED = 150, 1000
WORKERS, THREADS = 2, 200  # of `stack`
MESSAGES, RATE = 300, 40.0
PATIENCE = 10.0  # seconds; a provider hangs up after fifteen
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def listeners(stack: Stack) -> list[str]:
    """What the browsers of fifteen agents send."""
    return cookies(stack)


@pytest.fixture
def crowd(stack: Stack) -> Iterator[Crowd]:
    """Who asks for streams."""
    made = Crowd("127.0.0.1", stack.port)
    yield made
    made.close()


@contextlib.contextmanager
def reading(crowd: Crowd) -> Iterator[None]:
    """Let the crowd read what it is told while something else goes on."""
    done = threading.Event()
    reader = threading.Thread(target=crowd.listen, args=(done.is_set, 300))
    reader.start()
    try:
        yield
    finally:
        done.set()
        reader.join()


def fill(crowd: Crowd, listeners: list[str], count: int) -> None:
    """Open so many streams; chance fills one process first, and who was refused asks again."""
    deadline = time.monotonic() + 60
    while crowd.open < count:
        assert time.monotonic() < deadline, f"only {crowd.open} streams"
        crowd.leave([one for one in crowd.asked if not one.is_open])
        crowd.ask(count - crowd.open, listeners)
        assert crowd.answered()


def customers_write(stack: Stack) -> list[float]:
    """Let as many people write at a fixed rate; return how long each waited for its answer."""
    phones = [f"+90531{next(_numbers):07d}" for _ in range(MESSAGES)]
    began = time.monotonic()

    def one(place: int) -> float:
        time.sleep(max(0.0, began + place / RATE - time.monotonic()))
        sent = time.monotonic()
        assert stack.fake.inbound("kargo ücreti ne kadar?", phones[place]).status_code == 200
        return time.monotonic() - sent

    with futures.ThreadPoolExecutor(32) as pool:
        took = list(pool.map(one, range(MESSAGES)))
    [[kept]] = stack.rows(
        "SELECT count(*) FROM message m JOIN identity i ON i.id = m.identity_id WHERE "
        "m.direction = 'in' AND i.address BETWEEN :a AND :z", a=phones[0], z=phones[-1],
    )
    assert kept == MESSAGES
    return took


def was_told(one: Asked) -> bool:
    """Tell whether a stream heard of a change after its beginning."""
    return ("changed", ["inbox"]) in [event[:2] for event in one.events[1:]]


def hears(crowd: Crowd, one: Asked, within: float) -> bool:
    """Tell whether a stream says anything more."""
    known = len(one.events)
    return crowd.listen(lambda: len(one.events) > known, within)


def test_messages_come_in_while_150_listen_and_1000_ask(
    stack: Stack, crowd: Crowd, listeners: list[str]
) -> None:
    fill(crowd, listeners, STREAMS)
    with reading(crowd):
        took = customers_write(stack)
    assert max(took) < PATIENCE
    assert crowd.open == STREAMS
    assert crowd.listen(lambda: all(was_told(one) for one in crowd.asked), 5)

    before = list(crowd.asked)
    asked = crowd.ask(ASKED, listeners)
    with reading(crowd):
        took = customers_write(stack)
    assert max(took) < PATIENCE
    assert crowd.answered()
    assert {one.status for one in asked} <= {200, 204}
    assert STREAMS <= crowd.open <= WORKERS * THREADS // 2
    assert all(one.is_open for one in before)  # nobody is put out for somebody new
    assert all(int(one.headers["retry-after"]) >= 30 for one in asked if one.status == 204)

    crowd.leave(list(crowd.asked))
    fill(crowd, listeners, 10)  # their places are free again
    open_ = (
        "SELECT count(*) FROM message m JOIN identity i ON i.id = m.identity_id WHERE "
        "i.address LIKE '+90531%' AND m.state IN ('received', 'queued', 'sending')"
    )
    wait_until(lambda: not stack.rows(open_)[0][0], 60, "somebody was left without an answer")


def test_what_a_command_changes_is_told_before_it_ends(
    stack: Stack, crowd: Crowd, listeners: list[str]
) -> None:
    phone = f"+90531{next(_numbers):07d}"
    stack.ask("kargo ücreti ne kadar?", phone)
    [[uid]] = stack.rows(
        "SELECT c.uid FROM conversation c JOIN identity i ON i.customer_id = c.customer_id "
        "WHERE i.address = :a", a=phone,
    )
    topic = f"conversation:{uid}"
    [one] = crowd.ask(1, listeners, f"/console/api/events?topic={topic}")
    assert crowd.listen(lambda: bool(one.events), 10)
    # What the bot did is told by now; what follows is the command's.
    while hears(crowd, one, 1.5):
        pass
    before = len(one.events)
    done = stack.command("conversation", "take", uid, "--as", "agent1@example.com")
    assert done.returncode == 0, done.stderr
    assert len(one.events) > before or hears(crowd, one, 5)
    assert one.events[before][:2] == ("changed", [topic])
