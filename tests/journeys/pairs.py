"""Two processes of each kind, and one of each pair killed while people write."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from tests.journeys import accounts
from tests.journeys.accounts import COMPLAINT, FEE, HOURS, ON_DELIVERY, Writer
from tests.processes import alive
from tests.stack import Stack

KINDS = ("web", "worker", "rasa", "clock")
TWO_OF_EACH = {**{f"{kind.upper()}_COUNT": "2" for kind in KINDS}, "WEB_WORKERS": "1"}


def process(stack: Stack, name: str) -> int:
    """Return a process's id, which is also its group's number."""
    return int(stack.run_info()["processes"][name])


def of_kind(stack: Stack, kind: str) -> list[int]:
    """Return the ids of all processes of a kind (see KINDS), be they one or two."""
    processes = stack.run_info()["processes"]
    return [int(pid) for name, pid in processes.items() if name.rstrip("0123456789") == kind]


def all_run(stack: Stack) -> bool:
    """Tell whether two of each kind, and one of the rest, run now."""
    processes = stack.run_info()["processes"]
    wanted = {f"{kind}{n}" for kind in KINDS for n in (1, 2)} | {"redis", "actions"}
    return set(processes) == wanted and len(alive(list(processes.values()))) == len(wanted)


def kill_one_of_each(stack: Stack, pause: float = 1.0) -> Callable[[], None]:
    """Return what kills, one after the other, the first of each pair with -9."""

    def kill() -> None:
        time.sleep(pause)
        for kind in ("worker", "rasa", "web", "clock"):
            os.killpg(process(stack, f"{kind}1"), signal.SIGKILL)
            time.sleep(pause)

    return kill


def burst(stack: Stack, prefix: str, count: int) -> list[Writer]:
    """Let so many people write four messages each while one of each pair dies; check everything.

    Half of them open a ticket.
    """
    half = count // 2
    writers = [
        *accounts.people(f"{prefix}1", half, FEE, COMPLAINT, HOURS, ON_DELIVERY),
        *accounts.people(f"{prefix}2", count - half, FEE, HOURS, ON_DELIVERY, HOURS),
    ]
    accounts.write_all(stack, writers, kill_one_of_each(stack), pause=1.0)
    accounts.settle(stack, writers, 90)
    accounts.check(stack, writers)
    slow = [t for t in accounts.tries(writers) if t.seconds > accounts.PATIENCE - 1]
    assert not slow, "a webhook hung"
    return writers
