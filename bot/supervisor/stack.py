"""Our processes: what each is called with, when it is ready, what it waits for."""

from __future__ import annotations

import dataclasses
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot import training
from bot.config import Settings
from bot.errors import ConfigurationError
from bot.supervisor import ports, rasa_files, redis_server
from bot.supervisor.health import http_answers, redis_answers
from bot.supervisor.processes import ProcessSpec

_ONE_THREAD = dict.fromkeys((
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
), "1")
_MOST_OF_A_KIND = 16


def loopback(host: str) -> str:
    """Return the address under which this machine reaches what listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)


@dataclasses.dataclass(frozen=True)
class Stack:
    """What one run consists of. Addresses that somebody set are used, not started."""

    specs: tuple[ProcessSpec, ...]
    redis_url: str
    actions_url: str
    rasa_urls: tuple[str, ...]


def child_environment(base: Mapping[str, str], settings: Settings, origin: float) -> dict[str, str]:
    """Return the environment of every child: that of the person, plus what a run decides.

    `origin` is the real instant (epoch seconds) from which a set `CLOCK` runs on.
    """
    environment = {
        **base,
        "DATA_DIR": str(settings.data_dir.resolve()),
        "PYTHONUNBUFFERED": "1",
        "LOG_FORMAT": base.get("LOG_FORMAT") or "plain",
        "RASA_TELEMETRY_ENABLED": "false",  # it calls out otherwise
    }
    if settings.clock or settings.clock_speed:
        environment["DESTEK_CLOCK_ORIGIN"] = repr(origin)
    return environment


def check_counts(settings: Settings) -> None:
    """Raise ConfigurationError for a number of processes that can not be meant."""
    for name in ("web_count", "worker_count", "rasa_count", "clock_count"):
        count = getattr(settings, name)
        if not 1 <= count <= _MOST_OF_A_KIND:
            raise ConfigurationError(
                f"{name.upper()} must be a number from 1 to {_MOST_OF_A_KIND}, not {count}"
            )


def _names(kind: str, count: int) -> list[str]:
    """Return what the processes of a kind are called: one has no number."""
    return [kind] if count == 1 else [f"{kind}{n}" for n in range(1, count + 1)]


def build(settings: Settings) -> Stack:
    """Choose free ports, write the files that processes read, return the stack."""
    data_dir, python = settings.data_dir.resolve(), sys.executable
    wanted = 2 + settings.rasa_count + settings.web_count
    free = iter(ports.pick(wanted, but=settings.port))  # that one is for the web, which starts later
    specs: list[ProcessSpec] = []
    redis_url, after = settings.redis_url, tuple[str, ...]()
    if not redis_url:
        port, password = next(free), secrets.token_urlsafe(24)
        redis_url = f"redis://:{password}@127.0.0.1:{port}/0"
        specs.append(_redis(data_dir, port, password))
        after = ("redis",)
    webs = _names("web", settings.web_count)
    specs += [_web(settings, python, name, after, next(free) if webs[1:] else 0) for name in webs]
    actions_url = settings.actions_url.rstrip("/")
    if not actions_url:
        port = next(free)
        actions_url = f"http://127.0.0.1:{port}"
        specs.append(ProcessSpec(
            "actions", lambda: [python, "-m", "bot.actions_server", "--port", str(port)],
            answers=http_answers("127.0.0.1", port, "/health", _secret(settings)), after=after,
        ))
    rasa_urls = tuple(u.strip().rstrip("/") for u in settings.rasa_urls.split(",") if u.strip())
    if not rasa_urls:
        files = rasa_files.write(
            data_dir, actions_url, settings.internal_secret, settings.database_url
        )
        names = _names("rasa", settings.rasa_count)
        chosen = [next(free) for _ in names]
        rasa_urls = tuple(f"http://127.0.0.1:{port}" for port in chosen)
        specs += [_rasa(settings, name, port, files, after)
                  for name, port in zip(names, chosen, strict=True)]
    specs += [
        ProcessSpec(
            name, lambda: [python, "-m", "bot.worker"], settled_after=2.0, after=after,
            stop_seconds=3.0,
        )
        for name in _names("worker", settings.worker_count)
    ]
    specs += [
        ProcessSpec(name, lambda: [python, "-m", "bot.scheduler"], settled_after=2.0, after=after)
        for name in _names("clock", settings.clock_count)
    ]
    return Stack(tuple(specs), redis_url, actions_url, rasa_urls)


def _secret(settings: Settings) -> dict[str, str]:
    return {rasa_files.HEADER: settings.internal_secret}


def _redis(data_dir: Path, port: int, password: str) -> ProcessSpec:
    path = redis_server.write_configuration(data_dir, port, password)
    return ProcessSpec(
        "redis", lambda: [str(redis_server.binary()), str(path)],
        answers=redis_answers(port, password), hidden=(
            "overcommit_memory", "TCP backlog", "Redis is starting", "just started",
            "Configuration loaded", "Server initialized",
        ),
    )


def _web(
    settings: Settings, python: str, name: str, after: Sequence[str], own_port: int
) -> ProcessSpec:
    """Return a web server. One of several shares PORT with them and has a port of its own.

    Who takes a connection to a shared port is the kernel's choice: only at its own port, which is
    on loopback, can a process be asked whether it is well.
    """
    address = f"[{settings.host}]" if ":" in settings.host else settings.host
    asked = ("127.0.0.1", own_port) if own_port else (loopback(settings.host), settings.port)
    shared = ["--reuse-port", "--bind", f"127.0.0.1:{own_port}"] if own_port else []
    command = [
        python, "-m", "gunicorn", "webhook_server:app",
        "--worker-class", "bot.web_worker.Worker", "--worker-connections", "4000",
        "--workers", str(settings.web_workers), "--threads", str(settings.web_threads),
        "--bind", f"{address}:{settings.port}", "--graceful-timeout", "2", "--timeout", "60",
        "--log-level", "warning", "--no-control-socket", *shared,
    ]
    return ProcessSpec(
        name, lambda: command, after=tuple(after), stop_seconds=3.0,
        answers=http_answers(*asked, "/healthz"),
    )


def _rasa(
    settings: Settings, name: str, port: int, files: tuple[Path, Path], after: Sequence[str]
) -> ProcessSpec:
    data_dir = settings.data_dir.resolve()
    endpoints, credentials = files

    def command() -> list[str]:
        return [
            sys.executable, "-m", "rasa", "run", "-i", "127.0.0.1", "-p", str(port),
            "-m", str(training.live_model(data_dir)), "--endpoints", str(endpoints),
            "--credentials", str(credentials),
        ]

    environment = {
        **_ONE_THREAD,
        **training.rasa_environment(data_dir),
        # Rasa prints what customers write from DEBUG on.
        "LOG_LEVEL": "WARNING", "LOG_LEVEL_LIBRARIES": "ERROR",
    }
    return ProcessSpec(
        name, command, environment, after=tuple(after), hidden=training.NOISE,
        answers=http_answers("127.0.0.1", port, "/webhooks/destek/health", _secret(settings)),
    )
