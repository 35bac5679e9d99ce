"""The whole product as real processes on free ports, in a folder of its own, beside a Twilio fake.

    with Stack(folder, clock="2027-03-08T12:59:00+03:00") as stack:
        stack.fake.inbound("siparişim nerede")
        [reply] = stack.fake.wait_for("+905321234567")

The model is trained once for all stacks and copied; everything else is as `make run` does it.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa

from bot import training
from tests import processes
from tests.fakes.twilio import TwilioFake

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "var" / "test-models"
PASSWORD = "correct horse battery staple"
AYSE, MEHMET, ELIF, FATMA, JOHN = (
    "+905321234567", "+905337654321", "+905441112233", "+905559998877", "+447700900123",
)


def free_port() -> int:
    """Return a TCP port of loopback that nobody listens on now, and that stays free.

    Systems number outgoing connections from 32768 on, and a supervisor picks its own from 20000 on.
    """
    for port in random.SystemRandom().sample(range(10_000, 20_000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port of loopback is free")


def trained_models() -> Path:
    """Return a DATA_DIR that holds a model of the present content, trained on first use."""
    wanted = training.content_hash(ROOT)
    if not training.chosen_for(MODELS, wanted):
        MODELS.mkdir(parents=True, exist_ok=True)
        name = training.find(MODELS, wanted) or training.train(ROOT, MODELS, wanted, print)
        training.make_live(MODELS, name, wanted)
    return MODELS


class Stack:
    """One installation. Start and stop as often as a test likes; the folder stays."""

    def __init__(
        self, folder: Path, clock: str = "", speed: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.clock, self.speed = clock, speed
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.fake = self._new_fake()
        self.extra = dict(environment or {})
        self.output = folder / "output.txt"
        self._process: subprocess.Popen[bytes] | None = None

    def _new_fake(self) -> TwilioFake:
        return TwilioFake(webhook_base_url=self.url, public_base_url="https://destek.example")

    # Life

    def environment(self) -> dict[str, str]:
        """Return the environment of a stack and of commands beside it."""
        kept = {
            k: v for k, v in os.environ.items()
            if k in ("PATH", "HOME", "LANG", "TMPDIR") or k.startswith("OPENBLAS")
        }
        return {
            **kept, "DATA_DIR": str(self.folder / "var"), "PORT": str(self.port), "DEMO": "1",
            "DEMO_PASSWORD": PASSWORD, "PUBLIC_BASE_URL": "https://destek.example",
            "CLOCK": self.clock, "CLOCK_SPEED": self.speed, "WEB_WORKERS": "2",
            "WEB_THREADS": "50", **self.fake.environment(), **self.extra,
        }

    def start(self, timeout: float = 120.0) -> Stack:
        """Start everything; return once it says that it is ready."""
        (self.folder / "var").mkdir(parents=True, exist_ok=True)
        if not (self.folder / "var" / "models").exists():
            shutil.copytree(trained_models() / "models", self.folder / "var" / "models")
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot", "up"], cwd=ROOT, env=self.environment(),
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise AssertionError("the stack ended:\n" + self.tail())
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return self
            time.sleep(0.2)
        raise AssertionError("the stack did not get ready:\n" + self.tail())

    def stop(self) -> float:
        """Stop it as Ctrl-C does; return the seconds that took."""
        if self._process is None:
            return 0.0
        began = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None
        return time.monotonic() - began

    def kill(self) -> None:
        """Kill the supervisor, and see to it that nothing outlives it; nothing if it is stopped."""
        if self._process is None:
            return
        everybody = list(processes.tree(self._process.pid))
        self._process.kill()
        self._process.wait()
        self._process = None
        deadline = time.monotonic() + 20
        while left := processes.alive(everybody):
            if time.monotonic() > deadline:
                for pid in left:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                raise AssertionError(f"processes outlive their supervisor: {left}")
            time.sleep(0.02)

    def __enter__(self) -> Stack:
        self.fake = self._new_fake()  # a second life has nothing of the first but the folder
        self.fake.start()
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        """Kill it, which is quick; a test that goes on in the same folder stops it in order."""
        try:
            self.kill()
        finally:
            self.fake.stop()
            dispose(self.database)

    # Looking

    @property
    def is_started(self) -> bool:
        """Tell whether its supervisor runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Process id of the supervisor."""
        assert self._process is not None
        return self._process.pid

    @property
    def database(self) -> str:
        """The stack's database URL."""
        return self.extra.get("DATABASE_URL") or f"sqlite:///{self.folder}/var/destek.sqlite3"

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """Return the rows of a SELECT."""
        with engine(self.database).connect() as connection:
            return list(connection.execute(sa.text(statement), values))

    def tail(self, lines: int = 60) -> str:
        """Return the last lines of the stack's output."""
        if not self.output.exists():
            return ""
        return "\n".join(self.output.read_text(errors="replace").splitlines()[-lines:])

    def run_info(self) -> dict[str, Any]:
        """Return what the supervisor wrote about this run."""
        found: dict[str, Any] = json.loads((self.folder / "var" / "run.json").read_text())
        return found

    def command(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run `python -m bot ...` in this installation."""
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments], cwd=ROOT, env=self.environment(),
            input=stdin, capture_output=True, text=True, timeout=60,
        )

    def json(self, *arguments: str) -> Any:
        """Run a command with --json; return what it printed: an object, or a list of them."""
        done = self.command(*arguments, "--json")
        assert done.returncode == 0, done.stderr + done.stdout
        found = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
        return found[0] if len(found) == 1 else found

    # Talking

    def ask(self, text: str, phone: str, count: int = 1, timeout: float = 10.0, **extra: Any) -> str:
        """Send a message as a customer; return the text of the new replies, joined by lines."""
        before = len(self.fake.sent(phone))
        assert self.fake.inbound(text, phone, **extra).status_code == 200
        sent = self.fake.wait_for(phone, before + count, timeout)
        return "\n".join(m.body for m in sent[before:])

    def signed_in(self, email: str) -> requests.Session:
        """Return a browser's session of somebody who has logged in at the desk."""
        session = requests.Session()
        session.trust_env = False
        # The cookies are for https, which this stack's public address is; loopback speaks http.
        page = session.get(f"{self.url}/console/login", timeout=5).text
        [token] = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page)[:1]
        form = {"csrf_token": token, "email": email, "password": PASSWORD}
        headers = {"Referer": f"{self.url}/console/login", "Cookie": _plain(session)}
        answer = session.post(
            f"{self.url}/console/login", data=form, headers=headers, timeout=10,
            allow_redirects=False,
        )
        assert answer.status_code in (302, 303), answer.status_code
        session.headers["Cookie"] = _plain(session)
        return session

    def simulator(self) -> Callable[[str, str], str]:
        """Return a function that sends a text as a phone through the simulator's page."""
        session = requests.Session()
        session.trust_env = False
        page = session.get(f"{self.url}/simulator/", timeout=5)
        [token] = re.findall(r'name="csrf-token" content="([^"]+)"', page.text)[:1]
        headers = {"X-CSRFToken": token, "Cookie": _plain(session)}

        def send(phone: str, text: str) -> str:
            answer = session.post(
                f"{self.url}/simulator/api/messages", json={"phone": phone, "text": text},
                headers=headers, timeout=10,
            )
            assert answer.status_code == 202, answer.status_code
            return str(answer.json()["message_id"])

        return send

    def quiet(self, phone: str, seconds: float) -> bool:
        """Tell whether nothing is sent to a person for so long."""
        before = len(self.fake.sent(phone))
        time.sleep(seconds)
        return len(self.fake.sent(phone)) == before


def _plain(session: requests.Session) -> str:
    """Return a session's cookies for http: they are marked for https, which loopback does not speak."""
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in session.cookies)


_engines: dict[str, Any] = {}


def engine(url: str) -> Any:
    """Return an engine that only looks."""
    if url not in _engines:
        _engines[url] = sa.create_engine(url, future=True)
    return _engines[url]


def dispose(url: str) -> None:
    """Forget an engine."""
    made = _engines.pop(url, None)
    if made is not None:
        made.dispose()


@contextlib.contextmanager
def running(folder: Path, **options: Any) -> Iterator[Stack]:
    """Give a running stack in a folder."""
    with Stack(folder, **options) as stack:
        yield stack
