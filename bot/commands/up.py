"""`up`: start everything on this machine and watch it; `migrate` and `rasa-files`: parts of it."""

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
    files = commands.add_parser(
        "rasa-files", help="write the files that a Rasa under another supervisor needs",
        description="Write endpoints.yml and credentials.yml below DATA_DIR/rasa, with ACTIONS_URL "
        "and the internal secret. `up` does this by itself.",
    )
    files.set_defaults(run=_rasa_files)


def _up(options: argparse.Namespace) -> int:
    from bot.supervisor import launch

    return launch.run(options.under_make)


def _migrate(_options: argparse.Namespace) -> int:
    from bot import setup_steps

    setup_steps.migrate(print)
    return 0


def _rasa_files(_options: argparse.Namespace) -> int:
    from bot import config
    from bot.errors import ConfigurationError
    from bot.supervisor import rasa_files

    settings = config.load()
    if not settings.actions_url:
        raise ConfigurationError("ACTIONS_URL is not set, for example http://127.0.0.1:5055")
    actions_url = settings.actions_url.rstrip("/")
    for path in rasa_files.write(
        settings.data_dir, actions_url, settings.internal_secret, settings.database_url
    ):
        print(path)
    return 0
