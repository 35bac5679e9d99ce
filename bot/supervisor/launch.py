"""The whole of `make run`: check, prepare, start, announce, watch, stop."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from dotenv import dotenv_values

from bot import clock, config, setup_steps
from bot.config import Settings
from bot.errors import ConfigurationError
from bot.supervisor import parent, ports, run_info, stack
from bot.supervisor.console import Console
from bot.supervisor.supervisor import Supervisor

ROOT = Path(__file__).resolve().parents[2]
_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_READYZ_WITHIN = 20.0  # seconds


def run(under_make: bool = False) -> int:
    """Run the stack of this `DATA_DIR` until stopped; return the exit status."""
    begun = time.monotonic()
    for number in _STOP:
        signal.signal(number, _interrupt)
    if under_make:
        parent.watch()
    console = Console()
    settings = config.load()
    stack.check_counts(settings)
    environment = _environment()
    lock = run_info.take_lock(settings.data_dir)
    ports.require_free(settings.host, settings.port)
    origin = time.time()
    children = stack.child_environment(environment, settings, origin)
    _set_clock(children)
    try:
        log_ins = _prepare(settings, console)
        built = stack.build(settings)
        info = {
            "pid": os.getpid(), "port": settings.port, "redis_url": built.redis_url,
            "rasa_urls": ",".join(built.rasa_urls), "actions_url": built.actions_url,
            "started_at": origin, "clock": settings.clock, "clock_speed": settings.clock_speed,
            "processes": {},
        }
        run_info.write(settings.data_dir, info)
        supervisor = Supervisor(
            built.specs, children, str(ROOT), console, lock=lock,
            on_change=lambda pids: run_info.write(settings.data_dir, {**info, "processes": pids}),
        )
        return supervisor.run(lambda: _announce(settings, console, log_ins, begun))
    except KeyboardInterrupt:
        console.line("destek", "stopped during the set-up")
        return 130
    finally:
        run_info.remove(settings.data_dir)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for number in _STOP:  # the tidying up is not to be interrupted in turn
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _environment() -> dict[str, str]:
    merged = {k: v for k, v in dotenv_values(".env").items() if v is not None}
    return {**merged, **os.environ}


def _set_clock(children: Mapping[str, str]) -> None:
    """Give this process the same shop time as its children."""
    for name in ("DEMO", "CLOCK", "CLOCK_SPEED", "DESTEK_CLOCK_ORIGIN"):
        if name in children:
            os.environ[name] = children[name]
    clock.reload()
    try:
        clock.now()
    except ValueError as error:
        raise ConfigurationError(f"CLOCK or CLOCK_SPEED can not be read: {error}") from error


def _prepare(settings: Settings, console: Console) -> str:
    """Do what must be done before the first process starts; return log-ins that are new."""

    def say(text: str) -> None:
        console.line("setup", text)

    setup_steps.check_channels(say)
    setup_steps.migrate(say)
    log_ins = setup_steps.load_demo(settings, say) if settings.demo else ""
    if not settings.rasa_urls:
        setup_steps.ensure_model(ROOT, settings, say, lambda text: console.line("train", text))
    return log_ins


def _unready(settings: Settings) -> str:
    """Return what `/readyz` complains of, or an empty string once all is well."""
    host, answer = stack.loopback(settings.host), "no answer"
    deadline = time.monotonic() + _READYZ_WITHIN
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(host, settings.port, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/readyz")
            response = connection.getresponse()
            answer = response.read(2000).decode(errors="replace")
            if response.status == 200:
                return ""
        connection.close()
        time.sleep(0.3)
    return answer


def _announce(settings: Settings, console: Console, log_ins: str, begun: float) -> None:
    trouble = _unready(settings)
    host = stack.loopback(settings.host)
    local = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    lines = ["", f"Destek is ready after {time.monotonic() - begun:.0f} s."]
    if trouble:
        lines = ["", f"Destek runs, but /readyz says: {trouble}"]
    lines += [f"  Console    {local}/console/"]
    if settings.demo:
        lines += [f"  Simulator  {local}/simulator/"]
    lines += [f"  Health     {local}/readyz"]
    if settings.base_url != local:
        lines += [f"  Public     {settings.base_url}"]
    if log_ins:
        lines += [f"  Demo log-ins, shown this once and kept in {settings.data_dir}/demo-logins:"]
        lines += [f"    {line}" for line in log_ins.splitlines()]
    elif settings.demo:
        lines += [f"  Log-ins    {settings.data_dir}/demo-logins"]
    console.plain("\n".join([*lines, "  Stop       Ctrl-C", ""]))
