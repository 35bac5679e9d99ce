"""A real Rasa server with one model, and how fast it answers `/model/parse`."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.driver import figures
from benchmarks.driver.http import Client, request
from benchmarks.nlu import diet
from bot import training
from bot.nlu.bands import FALLBACK
from bot.nlu.channel import SECRET_HEADER
from bot.nlu.model import Ranking
from bot.supervisor import rasa_files
from bot.supervisor.stack import _ONE_THREAD
from tests.stack import ROOT, free_port

CLIENTS: Final = (1, 8)
_PATIENCE: Final = 240.0
_SECRET: Final = "bench"

Figures = dict[str, Any]


@dataclasses.dataclass
class Served:
    """What came back for each text, and figures of how fast."""

    parsed: list[dict[str, Any]]
    speed: Figures

    def rankings(self) -> list[Ranking]:
        """Return the rankings without the fallback, which is no intent of anybody's."""
        return [
            [(e["name"], float(e["confidence"])) for e in one["intent_ranking"]
             if e["name"] != FALLBACK]
            for one in self.parsed
        ]  # fmt: skip


def product_command(model: Path, folder: Path, port: int) -> tuple[list[str], dict[str, str]]:
    """Return command and environment of a Rasa as the supervisor starts it, with its API open."""
    endpoints, credentials = rasa_files.write(folder, "http://127.0.0.1:9", _SECRET)
    command = [
        sys.executable, "-m", "rasa", "run", "-i", "127.0.0.1", "-p", str(port), "-m", str(model),
        "--endpoints", str(endpoints), "--credentials", str(credentials), "--enable-api",
    ]  # fmt: skip
    environment = {
        **os.environ, **_ONE_THREAD, **training.rasa_environment(folder),
        "DATA_DIR": str(folder), "LOG_LEVEL": "WARNING", "LOG_LEVEL_LIBRARIES": "ERROR",
    }  # fmt: skip
    return command, environment


def diet_command(model: Path, folder: Path, port: int) -> tuple[list[str], dict[str, str]]:
    """Return command and environment of a Rasa as one starts it who read Rasa's handbook."""
    command = [
        sys.executable, "-m", "rasa", "run", "-i", "127.0.0.1", "-p", str(port), "-m", str(model),
        "--enable-api",
    ]  # fmt: skip
    return command, diet.environment(folder)


@contextlib.contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, port: int
) -> Iterator[int]:
    """Start a Rasa, wait until its model is loaded, give its process id, stop it."""
    with (folder / "server.txt").open("ab") as output:
        process = subprocess.Popen(
            list(command), env=dict(environment), stdout=output, stderr=subprocess.STDOUT,
            cwd=ROOT if "DATA_DIR" in environment else folder,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + _PATIENCE
        while not _loaded(port):
            if process.poll() is not None or time.monotonic() > deadline:
                text = (folder / "server.txt").read_text(errors="replace")
                raise RuntimeError("Rasa did not start:\n" + text[-3000:])
            time.sleep(0.3)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _loaded(port: int) -> bool:
    try:
        asked = urllib.request.Request(
            f"http://127.0.0.1:{port}/status", headers={SECRET_HEADER: _SECRET}
        )
        with urllib.request.urlopen(asked, timeout=5) as answer:
            return bool(json.loads(answer.read()).get("model_file"))
    except (OSError, ValueError):
        return False


def measured(
    model: Path, folder: Path, texts: Sequence[str], warm: Sequence[str], *, product: bool,
    clients: Sequence[int] = CLIENTS,
) -> Served:
    """Ask a server for every text, by one client and by eight; each with a server of its own.

    A server remembers vectors of texts, so that none is asked for twice: `warm` are other texts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    speed: Figures = {}
    parsed: list[dict[str, Any]] = []
    for parallel in clients:
        port = free_port()
        make = product_command if product else diet_command
        with running(*make(model, folder, port), folder, port) as pid:
            asyncio.run(_ask(port, warm, parallel))
            parsed, seconds, whole = asyncio.run(_ask(port, texts, parallel))
            speed[str(parallel)] = {
                "per_second": round(len(texts) / whole, 1), **figures.spread(seconds),
            }  # fmt: skip
            speed["memory_mb"] = round(sum(figures.memory([pid]).values()), 1)
    return Served(parsed, speed)


async def _ask(
    port: int, texts: Sequence[str], parallel: int
) -> tuple[list[dict[str, Any]], list[float], float]:
    client = Client("127.0.0.1", port, parallel)
    parsed: list[dict[str, Any]] = [{} for _ in texts]
    seconds = [0.0] * len(texts)
    waiting = iter(range(len(texts)))

    async def work() -> None:
        for number in waiting:
            body = json.dumps({"text": texts[number]}).encode()
            message = request(
                "POST", "127.0.0.1", "/model/parse", body, "application/json",
                headers=((SECRET_HEADER, _SECRET),),  # DIET's server has no use for it
            )  # fmt: skip
            answer = await client.send(message)
            if answer.status != 200:
                raise RuntimeError(f"/model/parse answered {answer.status}")
            seconds[number] = answer.ended - answer.began
            parsed[number] = json.loads(answer.body)

    began = time.monotonic()
    try:
        await asyncio.gather(*(work() for _ in range(parallel)))
    finally:
        client.close()
    return parsed, seconds, time.monotonic() - began
