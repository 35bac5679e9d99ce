"""Line 10: what is reachable, what asks for the secret, where connections go, what a hang delays."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
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


def test_everything_listens_on_loopback_only(stack: Stack) -> None:
    """With HOST=127.0.0.1 nothing at all listens elsewhere; HOST moves PORT and nothing else."""
    inodes = _sockets(set(tree(stack.pid)))
    listening = [
        row[1] for name in ("tcp", "tcp6") for row in _table(name)
        if row[3] == "0A" and row[9] in inodes
    ]
    assert listening
    assert [a for a in listening if not _is_loopback(a)] == []


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


def test_no_process_connects_anywhere_but_loopback(stack: Stack) -> None:
    """Connections of all processes are watched while a conversation runs."""
    seen: set[str] = set()
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            inodes = _sockets(set(tree(stack.pid)))
            for name in ("tcp", "tcp6", "udp", "udp6"):
                for row in _table(name):
                    if row[9] in inodes and row[2].split(":")[1] != "0000":
                        seen.add(row[2])
            time.sleep(0.05)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        stack.ask("siparişim nerede acaba", "+905390000001")
        stack.ask("kargo ücreti ne kadar?", "+905390000001")
        time.sleep(2)
    finally:
        stop.set()
        thread.join()
    assert seen and [a for a in seen if not _is_loopback(a)] == []


@pytest.mark.timeout(180)
def test_an_action_that_hangs_delays_no_other_conversation(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The action server is told to hang on one action for a minute; another chat is answered."""
    with Stack(
        tmp_path_factory.mktemp("hang"),
        environment={"PYTHONPATH": str(Path(__file__).parent / "hanging")},
    ) as stack:
        stack.fake.inbound("sizde çalışmak istiyorum, iş başvurusu alıyor musunuz", "+905390000002")
        time.sleep(0.5)
        began = time.monotonic()
        reply = stack.ask("kargo ücreti ne kadar?", "+905390000003")
        assert "79,90" in reply and time.monotonic() - began < 4
        late = stack.fake.wait_for("+905390000002", 1, 60)
        assert late, "the chat behind the hanging action must hear something in the end"


def test_port_is_the_only_door(stack: Stack) -> None:
    """The port answers on loopback; the machine's other addresses are refused by default."""
    with socket.create_connection(("127.0.0.1", stack.port), timeout=3):
        pass
    own = subprocess.run(["hostname", "-I"], capture_output=True, text=True).stdout.split()
    for address in own:
        with pytest.raises(OSError):
            socket.create_connection((address, stack.port), timeout=2).close()
    assert sys.platform == "linux"
