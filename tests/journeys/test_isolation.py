"""What is reachable, what asks for the secret, where connections go, what a hang delays."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.processes import tree
from tests.stack import Stack


def _sockets(pids: set[int]) -> set[str]:
    inodes = set()
    for pid in pids:
        try:
            for descriptor in (Path("/proc") / str(pid) / "fd").iterdir():
                target = descriptor.readlink()
                if str(target).startswith("socket:["):
                    inodes.add(str(target)[8:-1])
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
    return inodes


def _table(name: str) -> list[list[str]]:
    try:
        lines = Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    except FileNotFoundError:
        return []
    return [line.split() for line in lines]


def _is_loopback(address: str) -> bool:
    host = address.split(":")[0]
    if len(host) == 8:
        return host.endswith("7F")
    return host == "0" * 24 + "01000000" or (host.endswith("7F") and "FFFF0000" in host)


def _listening(stack: Stack) -> list[str]:
    inodes = _sockets(set(tree(stack.pid)))
    return [
        row[1] for name in ("tcp", "tcp6") for row in _table(name)
        if row[3] == "0A" and row[9] in inodes
    ]


def test_everything_listens_on_loopback_only(stack: Stack) -> None:
    listening = _listening(stack)
    assert listening
    assert [a for a in listening if not _is_loopback(a)] == []


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, set[str]]]:
    """A stack whose port is open and whose action server hangs on one action for a minute.

    With it comes where its processes have had connections since their start.
    """
    settings = {"HOST": "0.0.0.0", "PYTHONPATH": str(Path(__file__).parent / "hanging")}
    stack = Stack(tmp_path_factory.mktemp("odd"), environment=settings)
    with watched(stack) as seen, stack:
        yield stack, seen


@pytest.mark.timeout(180)
def test_an_action_that_hangs_delays_no_other_conversation(odd: tuple[Stack, set[str]]) -> None:
    stack, held, other = odd[0], "+905390000002", "+905390000003"
    stack.fake.inbound("hava bugün nasıl", held)
    time.sleep(0.5)
    assert "79,90" in stack.ask("kargo ücreti ne kadar?", other)
    assert not stack.fake.sent(held), "it does not hang: this shows nothing"
    assert stack.fake.wait_for(held, 1, 60), "it must hear something in the end"


def test_from_the_start_nobody_calls_out_and_host_opens_the_port_alone(
    odd: tuple[Stack, set[str]],
) -> None:
    """HOST=0.0.0.0 opens PORT and nothing else; from the first instant no connection leaves."""
    stack, seen = odd
    foreign = {a.split(":")[1] for a in _listening(stack) if not _is_loopback(a)}
    assert foreign == {f"{stack.port:04X}"}
    assert set(seen) and [a for a in set(seen) if not _is_loopback(a)] == []


@contextlib.contextmanager
def watched(stack: Stack) -> Iterator[set[str]]:
    """Give the addresses to which the stack's processes have connections, looked at all the time."""
    seen: set[str] = set()
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.05):
            pid = stack.pid if stack.is_started else 0
            if not pid:
                continue
            inodes = _sockets(set(tree(pid)))
            for name in ("tcp", "tcp6", "udp", "udp6"):
                for row in _table(name):
                    if row[9] in inodes and row[2].split(":")[1] != "0000":
                        seen.add(row[2])

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def test_rasa_and_actions_want_the_secret(stack: Stack) -> None:
    info = stack.run_info()
    rasa, actions = str(info["rasa_urls"]).split(",")[0], str(info["actions_url"])
    for method, url in (
        ("GET", f"{rasa}/"), ("GET", f"{rasa}/version"), ("GET", f"{rasa}/status"),
        ("POST", f"{rasa}/webhooks/destek/turn"), ("POST", f"{rasa}/model/parse"),
        ("POST", f"{rasa}/webhooks/rest/webhook"), ("GET", f"{actions}/health"),
        ("POST", f"{actions}/webhook"), ("GET", f"{actions}/actions"),
    ):
        answer = requests.request(method, url, json={}, timeout=5)
        assert answer.status_code == 401, (method, url, answer.status_code)
