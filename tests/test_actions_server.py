"""The action server over a small package of its own, one of whose actions hangs."""

from __future__ import annotations

import concurrent.futures
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.supervisor import ports

ROOT = Path(__file__).resolve().parents[1]
SECRET = "a-secret-for-this-test"
LIMIT = 1.0
ACTIONS = """
import time
from rasa_sdk import Action
from rasa_sdk.events import SlotSet
from rasa_sdk.forms import FormValidationAction
from rasa_sdk.interfaces import ActionExecutionRejection

class Quick(Action):
    def name(self): return "action_quick"
    def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(text="ok")
        return [SlotSet("seen", tracker.sender_id)]

class Hangs(Action):
    def name(self): return "action_hangs"
    def run(self, dispatcher, tracker, domain):
        time.sleep(60)

class Fails(Action):
    def name(self): return "action_fails"
    def run(self, dispatcher, tracker, domain):
        raise ValueError(tracker.latest_message["text"])

class Knows(Action):
    def name(self): return "action_knows"
    def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(text=",".join(sorted(domain["slots"])))

class Rejects(Action):
    def name(self): return "action_rejects"
    def run(self, dispatcher, tracker, domain):
        raise ActionExecutionRejection(self.name(), "not now")

class Form(FormValidationAction):
    def name(self): return "validate_form"
    def validate_colour(self, value, dispatcher, tracker, domain):
        time.sleep(60)
"""


class Server:
    def __init__(self, folder: Path) -> None:
        package = folder / "small_actions"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "topic.py").write_text(ACTIONS)
        self.port = ports.pick(1)[0]
        self.log = folder / "log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot.actions_server", "--port", str(self.port), "--actions",
                 "small_actions", "--limit", str(LIMIT)],
                cwd=ROOT, stdout=log, stderr=log,
                env={**os.environ, "PYTHONPATH": f"{folder}:{ROOT}", "INTERNAL_SECRET": SECRET,
                     "DATA_DIR": str(folder / "data"), "LOG_LEVEL": "DEBUG"},
            )
        deadline = time.monotonic() + 20
        while self.ask("/health")[0] != 200:
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def ask(
        self, path: str, body: Any = None, secret: str | None = SECRET
    ) -> tuple[int, Any]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            None if body is None else json.dumps(body).encode(),
            {"X-Destek-Secret": secret} if secret else {},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, None

    def run(self, action: str, text: str = "merhaba", **tracker: Any) -> tuple[int, Any]:
        return self.ask("/webhook", {
            "next_action": action, "domain": {
                "slots": {"colour": {}}, "forms": {"form": {"required_slots": ["colour"]}},
            },
            "tracker": {
                "sender_id": "c-1", "slots": {}, "events": [], "paused": False,
                "latest_message": {"text": text}, "active_loop": {}, **tracker,
            },
        })


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("actions"))
    yield made
    made.process.kill()
    made.process.wait()


def test_an_action_runs(server: Server) -> None:
    status, answer = server.run("action_quick")
    assert status == 200
    assert answer["responses"][0]["text"] == "ok"
    assert answer["events"][0]["value"] == "c-1"


@pytest.mark.parametrize("path", ["/health", "/actions", "/webhook", "/nothing"])
@pytest.mark.parametrize("secret", [None, "wrong", "ğüş"])
def test_every_route_asks_for_the_secret(server: Server, path: str, secret: str | None) -> None:
    body = {} if path == "/webhook" else None
    assert server.ask(path, body, secret and secret.encode().decode("latin-1")) == (
        401, {"error": "unauthorized"}
    )


def test_a_domain_is_asked_for_once_and_known_by_its_digest(server: Server) -> None:
    tracker = {
        "sender_id": "c-1", "slots": {}, "events": [], "paused": False, "active_loop": {},
        "latest_message": {"text": "merhaba"},
    }
    call = {"next_action": "action_knows", "tracker": tracker, "domain_digest": "d1"}
    assert server.ask("/webhook", call)[0] == 428, "nothing runs without the domain"
    whole = {**call, "domain": {"slots": {"colour": {}}}}
    for body in (whole, call):
        status, answer = server.ask("/webhook", body)
        assert (status, answer["responses"][0]["text"]) == (200, "colour")
    # Another model's domain is another one, and does not take the place of the first.
    other = {**call, "domain_digest": "d2"}
    assert server.ask("/webhook", other)[0] == 428
    assert server.ask("/webhook", {**other, "domain": {"slots": {"size": {}}}})[0] == 200
    assert server.ask("/webhook", call)[1]["responses"][0]["text"] == "colour"
    assert server.ask("/webhook", other)[1]["responses"][0]["text"] == "size"


def test_a_hanging_action_is_given_up_and_delays_nobody(server: Server) -> None:
    with concurrent.futures.ThreadPoolExecutor(60) as pool:
        # More than the threads one action may hold, so that they would fill an unguarded pool.
        hanging = [pool.submit(server.run, "action_hangs") for _ in range(40)]
        time.sleep(0.2)
        begun = time.monotonic()
        quick = [pool.submit(server.run, "action_quick") for _ in range(10)]
        assert {q.result()[0] for q in quick} == {200}
        assert time.monotonic() - begun < 0.8
        assert {h.result()[0] for h in hanging} == {500}
        assert hanging[0].result()[1] == {"error": "time limit", "action_name": "action_hangs"}
    assert server.run("action_quick")[0] == 200


def test_a_form_validation_that_hangs_is_given_up(server: Server) -> None:
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        hanging = pool.submit(
            server.run, "validate_form",
            slots={"colour": "red"}, active_loop={"name": "form"},
            events=[{"event": "slot", "name": "colour", "value": "red", "timestamp": 1.0}],
        )
        time.sleep(0.2)
        begun = time.monotonic()
        assert server.run("action_quick")[0] == 200
        assert time.monotonic() - begun < 0.6
        assert hanging.result() == (
            500, {"error": "time limit", "action_name": "validate_form"}
        )


def test_failures_are_named_and_no_text_is_logged(server: Server) -> None:
    words = "kartım 4539148803436467"
    assert server.run("action_fails", words) == (
        500, {"error": "ValueError", "action_name": "action_fails"}
    )
    assert server.run("action_rejects", words)[0] == 400
    assert server.run("action_unknown", words)[0] == 404
    assert server.ask("/webhook", [1])[0] == 400
    log = server.log.read_text()
    assert "action_fails" in log
    assert "topic.py" in log
    assert "4539148803436467" not in log
    assert "kartım" not in log


def test_it_listens_on_loopback_only(server: Server) -> None:
    listening = [
        line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{server.port:04X}")
    ]
    loopback = socket.inet_aton("127.0.0.1")[::-1].hex().upper()
    assert listening == [f"{loopback}:{server.port:04X}"]


def test_it_ends_at_once_even_while_actions_hang(tmp_path: Path) -> None:
    server = Server(tmp_path)
    assert server.run("action_hangs")[0] == 500  # its thread sleeps on
    begun = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=10) == 0
    assert time.monotonic() - begun < 3
