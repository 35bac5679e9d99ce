"""The command line, `python -m bot COMMAND`. Exit status: 0 done, 1 failed, 2 wrong use."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from bot.commands import (
    backup,
    conversation,
    customers,
    dead_letters,
    imports,
    messages,
    nlu,
    replay,
    ticket,
    train,
    up,
    users,
)
from bot.errors import DestekError

GROUPS = (
    up, train, users, imports, replay, dead_letters, messages, conversation, ticket, customers, backup,
    nlu,
)


def parser() -> argparse.ArgumentParser:
    """Return the parser with every command."""
    made = argparse.ArgumentParser(
        prog="python -m bot", description="Destek: the after-sales support desk."
    )
    commands = made.add_subparsers(metavar="COMMAND", required=True)
    for group in GROUPS:
        group.register(commands)
    return made


def _join_the_stack() -> None:
    """Take over shop time from `.env` and from a stack that runs on the same `DATA_DIR`."""
    from bot import config

    settings = config.load()
    info = settings.run_info()
    if "DESTEK_CLOCK_ORIGIN" not in os.environ and (info.get("clock") or info.get("clock_speed")):
        os.environ["DESTEK_CLOCK_ORIGIN"] = str(info.get("started_at"))
        for name in ("CLOCK", "CLOCK_SPEED"):
            os.environ[name] = str(info.get(name.lower()) or "")
    os.environ.setdefault("DEMO", "1" if settings.demo else "0")
    for name in ("CLOCK", "CLOCK_SPEED"):
        value = str(getattr(settings, name.lower()))
        if value:
            os.environ.setdefault(name, value)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    options = parser().parse_args(arguments)
    try:
        if not getattr(options, "starts_the_stack", False):
            _join_the_stack()
        return int(options.run(options) or 0)
    except DestekError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except FileNotFoundError as error:
        print(f"error: there is no file {error.filename}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # `... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
