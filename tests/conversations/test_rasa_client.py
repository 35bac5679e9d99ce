"""Which of several Rasa processes is asked, and when another one stands in."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import config
from bot.conversations import rasa
from tests import databases
from tests.stack import free_port

UIDS = ("00000000aaaa", "00000001aaaa")  # of the first process, of the second


class Brain(http.server.ThreadingHTTPServer):
    """Answers turns with its own name, or keeps silent."""

    daemon_threads = True

    def __init__(self, name: str) -> None:
        super().__init__(("127.0.0.1", 0), _Turn)
        self.name, self.asked, self.silent = name, 0, threading.Event()
        self.woken = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Turn(http.server.BaseHTTPRequestHandler):
    server: Brain

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        if self.server.silent.is_set():
            self.server.woken.wait(10)
        body = json.dumps({"messages": [{"text": self.server.name}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def brains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Brain]]:
    """Two processes, and a client that waits half a second for each."""
    made = [Brain("first"), Brain("second")]
    monkeypatch.setattr(rasa, "_TIMEOUT", (0.5, 0.5))
    with databases.used(monkeypatch, "", tmp_path):
        monkeypatch.setenv("RASA_URLS", ",".join(b.url for b in made))
        config.load.cache_clear()
        yield made
    for brain in made:
        brain.woken.set()
        brain.shutdown()
        brain.server_close()


def _ask(uid: str) -> str:
    answer = rasa.ask(uid, "selam", turn_id="t", step=0, language="tr", channel="simulator")
    return answer.replies[0].text


@pytest.mark.usefixtures("brains")
def test_a_conversation_keeps_to_its_process() -> None:
    for _ in range(3):
        assert [_ask(uid) for uid in UIDS] == ["first", "second"]


def test_another_stands_in_where_nobody_listens(
    brains: list[Brain], monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("RASA_URLS", f"{nobody},{brains[1].url}")
    config.load.cache_clear()
    assert [_ask(uid) for uid in UIDS] == ["second", "second"]
    monkeypatch.setenv("RASA_URLS", f"{nobody},{nobody}")
    config.load.cache_clear()
    with pytest.raises(rasa.RasaUnavailable, match="ConnectionError"):
        _ask(UIDS[0])


def test_nobody_stands_in_for_one_that_may_be_at_the_turn(brains: list[Brain]) -> None:
    brains[0].silent.set()
    with pytest.raises(rasa.RasaUnavailable, match="ReadTimeout"):
        _ask(UIDS[0])
    assert [b.asked for b in brains] == [1, 0]
