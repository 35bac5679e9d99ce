"""Migrations on a connection that is not the application's: a database under construction."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine import Connection

from bot import setup_steps


def _setup() -> Config:
    setup = Config()
    setup.set_main_option("script_location", str(setup_steps.MIGRATIONS).replace("%", "%%"))
    return setup


def knows(revision: str) -> bool:
    """Tell whether this version of the product has a migration."""
    try:
        return ScriptDirectory.from_config(_setup()).get_revision(revision) is not None
    except CommandError:
        return False


def head() -> str:
    """Return this version's last migration."""
    return str(ScriptDirectory.from_config(_setup()).get_current_head())


def migrate(connection: Connection, revision: str = "head") -> None:
    """Bring the tables behind a connection up to a migration; the caller commits."""
    setup = _setup()
    setup.attributes["connection"] = connection
    command.upgrade(setup, revision)
