"""The web server and Redis alone, as real processes: gunicorn as `make run` starts it, no bot behind.

What changes in the database is done by the test, in its own process, with the product's services.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from bot.channels import registry
from bot.supervisor import redis_server
from bot.web_worker import Worker
from tests import databases
from tests.console import stage
from tests.databases import Databases
from tests.stack import ROOT, free_port


@contextlib.contextmanager
def shop(all_databases: Databases, folder: Path, **settings: str) -> Iterator[Redis]:
    """Give a running Redis, and a shop where two people wrote; its settings are this process's."""
    with pytest.MonkeyPatch.context() as patch, all_databases.fresh("sqlite") as url:
        with databases.used(patch, url, folder):
            server = Redis(folder)
            server.start()
            try:
                given = {"REDIS_URL": server.url, "DEMO_PASSWORD": stage.PASSWORD, **settings}
                for name, value in given.items():
                    patch.setenv(name, value)
                databases.forget()
                registry.get.cache_clear()
                stage.open_shop()
                for phone in (stage.AYSE, stage.MEHMET):
                    stage.customer_writes(phone, "merhaba")
                yield server
            finally:
                server.stop()
    registry.get.cache_clear()


class Redis:
    """The bundled server on a free port."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://:secret@127.0.0.1:{self.port}/0"
        self._configuration = redis_server.write_configuration(folder, self.port, "secret")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it answers when this returns."""
        self._process = subprocess.Popen([str(redis_server.binary()), str(self._configuration)])
        _until(lambda: _listens(self.port), "Redis")

    def stop(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Impatient(Worker):
    """The product's worker, which waits a second instead of fifteen for peers that fall silent."""

    silence = 1


class WebServer:
    """gunicorn with one worker and a few threads, so that limits are near."""

    def __init__(self, worker: str = "bot.web_worker.Worker", threads: int = 12) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.threads = threads
        self._worker = worker
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it with the environment of now; it answers when this returns."""
        command = [
            sys.executable, "-m", "gunicorn", "webhook_server:app", "--worker-class", self._worker,
            "--workers", "1", "--threads", str(self.threads), "--bind", f"127.0.0.1:{self.port}",
            "--graceful-timeout", "20", "--log-level", "warning", "--no-control-socket",
        ]
        environment = {
            **os.environ, "PORT": str(self.port), "WEB_THREADS": str(self.threads),
            "LOG_LEVEL": "WARNING",
        }
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment)
        _until(lambda: _healthy(self.url), "the web server")

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Stop it; return the seconds that took."""
        if self._process is None:
            return 0.0
        began = time.monotonic()
        self._process.send_signal(number)
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        return time.monotonic() - began

    def get(self, path: str, cookie: str = "", timeout: float = 5.0, **more: Any) -> requests.Response:
        """Ask for a page on a connection of its own."""
        with requests.Session() as session:
            session.trust_env = False
            headers = {"Connection": "close", **({"Cookie": cookie} if cookie else {})}
            return session.get(f"{self.url}{path}", headers=headers, timeout=timeout, **more)

    def signed_in(self, email: str, password: str = stage.PASSWORD) -> tuple[str, str]:
        """Sign somebody in; return what their browser sends from now on, and their page's token."""
        with requests.Session() as session:
            session.trust_env = False
            page = session.get(f"{self.url}/console/login", timeout=10).text
            form = {"email": email, "password": password, "csrf_token": _token(page)}
            answer = session.post(
                f"{self.url}/console/login", data=form, timeout=10, allow_redirects=False
            )
            assert answer.status_code == 302, answer.status_code
            inside = session.get(f"{self.url}/console/", timeout=10).text
            cookie = "; ".join(f"{c.name}={c.value}" for c in session.cookies)
            return cookie, _token(inside)


def _token(page: str) -> str:
    return re.findall(r'<meta name="csrf-token" content="([^"]+)"', page)[0]


def _until(holds: Callable[[], bool], what: str, within: float = 30.0) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not start"
        time.sleep(0.05)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _healthy(url: str) -> bool:
    with contextlib.suppress(requests.RequestException), requests.Session() as session:
        session.trust_env = False
        return session.get(f"{url}/healthz", timeout=2).status_code == 200
    return False
