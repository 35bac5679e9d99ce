"""How fast a webhook is acknowledged while event streams are open, and while more are asked for.

    python -m benchmarks.streams

Four phases on one running stack, each some hundred customers' messages at a fixed rate: nobody
listens; 150 streams are open; a thousand more are asked for at once; and the same thousand, spread
over the phase. Who asks and who posts are processes of their own, so that neither is measured. Exit
status 1 when the p99 of a phase is above the aim or a message was not acknowledged. `make bench` runs
this, too: with the bot answering, and with its worker halted.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.driver.figures import Used, named, spread
from benchmarks.driver.forms import Account
from benchmarks.driver.http import Client
from benchmarks.report import ACK_P99_MS
from tests.stack import PASSWORD, ROOT, Stack

STREAMS, ASKED = 150, 1000
RATE, COUNT = 40.0, 400  # messages a second, and in one phase
USERS = 15  # who listen: nobody holds more than ten streams in one web process
CONNECTIONS = 64
_PATH = "/webhooks/twilio/whatsapp"
_TEXTS = ("kargo ücreti ne kadar?", "iade süresi kaç gün?", "kapıda ödeme var mı?")
_ADD = """
import json, sys
from bot.accounts.service import add_user
for email in json.loads(sys.argv[1]):
    add_user(email, email.partition("@")[0], "agent", sys.argv[2])
"""


def cookies(stack: Stack, users: int = USERS) -> list[str]:
    """Make so many agents and sign them in; return what their browsers send."""
    emails = [f"listener{i}@example.com" for i in range(users)]
    subprocess.run(
        [sys.executable, "-c", _ADD, json.dumps(emails), PASSWORD], cwd=ROOT, check=True,
        env=stack.environment(),
    )
    return [str(stack.signed_in(email).headers["Cookie"]) for email in emails]


class _Process:
    """A child that takes and gives a line of JSON."""

    def __init__(self, *command: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True,
        )

    def say(self, command: Mapping[str, Any]) -> None:
        """Send a command."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def hear(self) -> Any:
        """Return the next answer."""
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def ask(self, command: Mapping[str, Any]) -> Any:
        """Send a command and return its answer."""
        self.say(command)
        return self.hear()

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(timeout=10)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


def measure(
    stack: Stack, *, streams: int = STREAMS, asked: int = ASKED, rate: float = RATE,
    count: int = COUNT,
) -> dict[str, Any]:
    """Return the phases' figures: `ack_ms` (p50, p95, p99, max), `failed`, and what became of askers.

    The phases are calm, open, asked_at_once and asked_spread.

    `stack` runs, with as many web workers and threads as the product comes with.
    """
    known = cookies(stack)
    environment = stack.environment()
    account = {
        "sid": environment["TWILIO_ACCOUNT_SID"], "token": environment["TWILIO_AUTH_TOKEN"],
        "sender": environment["TWILIO_WHATSAPP_FROM"], "webhook": stack.url,
        "public": environment["PUBLIC_BASE_URL"],
    }
    crowd = _Process("-m", "tests.crowd", "127.0.0.1", str(stack.port))
    poster = _Process("-m", "benchmarks.streams", "--post")

    def phase(name: str, bursts: Sequence[int] = ()) -> dict[str, Any]:
        """Post at the rate, and let so many ask each second meanwhile."""
        used, began = Used([stack.pid]), time.monotonic()
        poster.say({"account": account, "rate": rate, "count": count, "series": name})
        for number, many in enumerate(bursts):
            time.sleep(max(0.0, began + 1.0 + number - time.monotonic()))
            crowd.say({"ask": many, "cookies": known})
        found: dict[str, Any] = poster.hear()
        cpu = used.since()
        state = crowd.ask({"wait": 10})
        refused = state.pop("refused_seconds")
        return {
            **found, **state, "refused": len(refused), "refused_ms": spread(refused),
            "cores_busy": round(sum(cpu.values()) / (time.monotonic() - began), 2),
            "web_cpu": cpu.get("web", 0.0),
        }

    try:
        results = {"calm": phase("calm")}
        _open(crowd, known, streams)
        results["open"] = phase("open")
        results["asked_at_once"] = phase("once", [asked])
        seconds = max(1, int(count / rate) - 2)
        results["asked_spread"] = phase("spread", [asked // seconds] * seconds)
    finally:
        crowd.close()
        poster.close()
    return results


def on_its_own(
    folder: Path, *, halted: bool, rate: float = RATE, count: int = COUNT
) -> dict[str, Any]:
    """Measure on a stack of its own in a new folder; `halted`: the bot answers nobody meanwhile."""
    with Stack(folder, environment={"WEB_WORKERS": "2", "WEB_THREADS": "200"}) as stack:
        if halted:
            for pid, kind in named([stack.pid]).items():
                if kind in ("worker", "clock"):
                    os.kill(pid, signal.SIGSTOP)
        return measure(stack, rate=rate, count=count)


def is_reached(results: Mapping[str, Any]) -> bool:
    """Tell whether every phase acknowledged every message, and 99 % of them in time."""
    return all(
        found["ack_ms"]["p99"] <= ACK_P99_MS and not found["failed"] for found in results.values()
    )


@contextlib.contextmanager
def opened(stack: Stack, streams: int) -> Iterator[None]:
    """Hold so many streams open."""
    known = cookies(stack)
    crowd = _Process("-m", "tests.crowd", "127.0.0.1", str(stack.port))
    try:
        _open(crowd, known, streams)
        yield
    finally:
        crowd.close()


def _open(crowd: _Process, known: Sequence[str], streams: int) -> None:
    """Open so many streams; who was refused asks again, for chance fills one process first."""
    deadline = time.monotonic() + 60
    while True:
        state = crowd.ask({"wait": 10})
        missing = streams - state["open"]
        if missing <= 0:
            return
        if time.monotonic() > deadline:
            raise RuntimeError(f"only {state['open']} of {streams} streams were given")
        time.sleep(0.5)
        crowd.say({"ask": missing, "cookies": known})


async def _post(command: Mapping[str, Any]) -> dict[str, Any]:
    """Post messages of as many people at a fixed rate, whatever the answers take."""
    account = Account(**command["account"])
    client = Client("127.0.0.1", account.port, CONNECTIONS)
    start = int(time.time()) % 100_000 * 10_000
    requests = [
        account.inbound(
            _PATH, account.new_sid(), f"+905{(start + i) % 1_000_000_000:09d}",
            _TEXTS[i % len(_TEXTS)],
        )
        for i in range(command["count"])
    ]
    took: list[float] = []
    failed = 0

    async def one(data: bytes, at: float) -> None:
        nonlocal failed
        try:
            answer = await asyncio.wait_for(client.send(data), 30)
        except (OSError, asyncio.TimeoutError):
            failed += 1
            return
        if answer.status == 200:
            took.append(answer.ended - at)  # from when it was due: a queue here counts as well
        else:
            failed += 1

    began = time.monotonic()
    tasks = []
    for i, data in enumerate(requests):
        due = began + i / command["rate"]
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        # The client's own lateness is not the product's.
        tasks.append(asyncio.create_task(one(data, max(due, time.monotonic()))))
    await asyncio.gather(*tasks)
    passed = time.monotonic() - began
    client.close()
    return {
        "ack_ms": spread(took), "acknowledged": len(took), "failed": failed,
        "per_second": round(len(took) / passed, 1),
    }


def _serve() -> None:
    for line in sys.stdin:
        print(json.dumps(asyncio.run(_post(json.loads(line)))), flush=True)


def main() -> int:
    """Measure on a stack of its own and print the figures; return the exit status."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--post", action="store_true", help=argparse.SUPPRESS)
    reader.add_argument("--rate", type=float, default=RATE)
    reader.add_argument("--count", type=int, default=COUNT)
    reader.add_argument("--halted", action="store_true", help="with the bot's worker halted")
    wanted = reader.parse_args()
    if wanted.post:
        _serve()
        return 0
    with tempfile.TemporaryDirectory(prefix="destek-streams-") as folder:
        results = on_its_own(
            Path(folder), halted=wanted.halted, rate=wanted.rate, count=wanted.count
        )
    for name, figures in results.items():
        print(f"{name:14s} {json.dumps(figures)}", flush=True)
    reached = is_reached(results)
    print(f"p99 within {ACK_P99_MS:g} ms in every phase: {'yes' if reached else 'NO'}")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
