"""What must be done before the first process starts, each step fast when there is nothing to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from bot import training
from bot.config import Settings

Say = Callable[[str], None]
MIGRATIONS = Path(__file__).resolve().parent / "migrations"


def check_channels(say: Say) -> None:
    """Name the channels that are on, and for each that was begun what is missing."""
    from bot.channels import registry

    say(f"channels on: {', '.join(registry.active()) or 'none'}")
    for name, missing in registry.incomplete().items():
        say(f"channel {name} is OFF, it still needs: {', '.join(missing)}")


def migrate(say: Say) -> None:
    """Bring the tables of the database to this version's."""
    from alembic import command
    from alembic.config import Config

    from bot import config

    begun = time.monotonic()
    setup = Config()
    setup.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    setup.set_main_option("sqlalchemy.url", config.load().database.replace("%", "%%"))
    config.load().data_dir.mkdir(parents=True, exist_ok=True)
    command.upgrade(setup, "head")
    say(f"database is up to date ({time.monotonic() - begun:.1f} s)")


def load_demo(settings: Settings, say: Say) -> str:
    """Load the demo shop into an empty database, move it to today, make its users.

    Returns the log-ins, one a line, when they were made just now; else an empty string.
    """
    from bot.accounts import service as accounts
    from bot.aftersales import demo

    begun = time.monotonic()
    demo.load_if_empty()
    demo.refresh()
    made = accounts.ensure_demo_users(settings.data_dir)
    say(f"demo shop is in place ({time.monotonic() - begun:.1f} s)")
    return "\n".join(f"{address}  {password}" for address, password in made)


def ensure_model(root: Path, settings: Settings, say: Say, show: Say) -> Path:
    """Train unless a model made from the present content exists; return the live model's path.

    `show` gets each line that the training prints.
    """
    data_dir = settings.data_dir.resolve()
    wanted = training.content_hash(root, training.labels_fingerprint(data_dir))
    if not training.chosen_for(data_dir, wanted):
        name = training.find(data_dir, wanted)
        if name is None:
            say("no model was trained from the present content: training one now")
            begun = time.monotonic()
            name = training.train(root, data_dir, wanted, show)
            say(f"model {name} is trained ({time.monotonic() - begun:.0f} s)")
        training.make_live(data_dir, name, wanted)
    say(f"live model: {training.live_name(data_dir)}")
    return training.live_model(data_dir)
