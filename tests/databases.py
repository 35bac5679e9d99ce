"""Databases for tests: SQLite and a PostgreSQL out of a wheel, a fresh one for each test.

The tables are made once, in a template that each test's database is copied from.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pgserver
import pytest
import sqlalchemy as sa

from bot import clock, config, db

KINDS = ("sqlite", "postgresql")
_counter = itertools.count(1)


class Databases:
    """Where fresh databases come from; PostgreSQL is started when the first test needs it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: Any = None
        self._templates: set[str] = set()

    @contextlib.contextmanager
    def fresh(self, kind: str) -> Iterator[str]:
        """Give the URL of a database with all tables and no rows; remove it afterwards."""
        name = f"test_{next(_counter)}"
        if kind == "sqlite":
            path = self._folder / f"{name}.sqlite3"
            shutil.copyfile(self._sqlite_template(), path)
            yield f"sqlite:///{path}"
            db.dispose()
            for left in self._folder.glob(f"{name}.sqlite3*"):
                left.unlink()
            return
        self._postgresql_template()
        self._run(f"CREATE DATABASE {name} TEMPLATE template_tables")
        yield self._url(name)
        db.dispose()
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self) -> None:
        """Stop the PostgreSQL server, if one was started."""
        if self._server is not None:
            self._server.cleanup()

    def _sqlite_template(self) -> Path:
        path = self._folder / "template.sqlite3"
        if "sqlite" not in self._templates:
            _make_tables(f"sqlite:///{path}")
            self._templates.add("sqlite")
        return path

    def _postgresql_template(self) -> None:
        if self._server is None:
            # Not below pytest's folders: a second run at the same time may tidy those away.
            self._server = pgserver.get_server(
                tempfile.mkdtemp(prefix="destek-pg-"), cleanup_mode="delete"
            )
        if "postgresql" not in self._templates:
            self._run("CREATE DATABASE template_tables")
            _make_tables(self._url("template_tables"))
            self._templates.add("postgresql")

    def _url(self, name: str) -> str:
        return str(self._server.get_uri(database=name))

    def _run(self, statement: str) -> None:
        engine = sa.create_engine(
            self._url("postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool
        )
        with engine.connect() as connection:
            connection.execute(sa.text(statement))


def _make_tables(url: str) -> None:
    from bot import models

    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    models.Base.metadata.create_all(engine)
    engine.dispose()


@contextlib.contextmanager
def used(monkeypatch: pytest.MonkeyPatch, url: str, data_dir: Path) -> Iterator[None]:
    """Make a database and a data folder the settings of this process, and undo it afterwards."""
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    monkeypatch.setenv("DEMO", "1")
    for name in ("CLOCK", "CLOCK_SPEED", "DESTEK_CLOCK_ORIGIN", "SHOP_TIME_ZONE"):
        monkeypatch.delenv(name, raising=False)
    forget()
    yield
    monkeypatch.undo()
    forget()


def forget() -> None:
    """Let go of settings, connections and the clock, so that the environment is read again."""
    config.load.cache_clear()
    db.dispose()
    clock.reload()


def clock_setter(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that sets the shop's clock to an ISO time, from which it runs on."""

    def set_clock(moment: str) -> None:
        monkeypatch.setenv("CLOCK", moment)
        monkeypatch.setenv("DESTEK_CLOCK_ORIGIN", repr(time.time()))
        clock.reload()

    return set_clock
