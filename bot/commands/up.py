"""`up`: start everything on this machine and watch it; `migrate`: the tables alone."""

from __future__ import annotations

import argparse
from typing import Any


def register(commands: Any) -> None:
    """Add the parsers."""
    up = commands.add_parser(
        "up", help="start every process and watch it until Ctrl-C (what `make run` does)",
        description="Check the settings, migrate, load the demo shop (DEMO=1), train if needed, "
        "then start every process of this machine in the foreground.",
    )
    up.add_argument("--under-make", action="store_true", help=argparse.SUPPRESS)
    up.set_defaults(run=_up, starts_the_stack=True)
    migrate = commands.add_parser("migrate", help="bring the database to this version's tables")
    migrate.set_defaults(run=_migrate)


def _up(options: argparse.Namespace) -> int:
    from bot.supervisor import launch

    return launch.run(options.under_make)


def _migrate(_options: argparse.Namespace) -> int:
    from bot import setup_steps

    setup_steps.migrate(print)
    return 0
