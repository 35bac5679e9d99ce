"""Restoring into SQLite: new files beside the old ones, which are renamed at the end."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool

from bot.backup import swapping, tables
from bot.backup.places import Place
from bot.backup.swapping import Swap
from bot.backup.tables import Columns
from bot.errors import InvalidInput

_WITH = ("-shm", "-wal", "-journal", "")  # a database with its log, itself last


class Files(Place):
    """The database's file and that of the dialogue memory."""

    def __init__(self, database: Path, memory: Path, aside: Path) -> None:
        super().__init__()
        self._targets = (database.resolve(), memory.resolve())
        # Beside what they are to be: a rename works within one file system only.
        self._new = tuple(t.with_name(f".{t.name}.restoring") for t in self._targets)
        self._aside = aside
        self._old: list[tuple[Path, Path]] = []  # (what is there, where it goes)
        self._open: list[Connection] = []

    def open(self) -> None:
        for target in self._targets:
            self._plan(target)
        for new in self._new:
            new.parent.mkdir(parents=True, exist_ok=True)
            new.unlink(missing_ok=True)
            os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            engine = sa.create_engine(f"sqlite:///{new}", future=True, poolclass=NullPool)
            connection = engine.connect()
            # What is lost in a crash here is made again from the archive.
            connection.exec_driver_sql("PRAGMA journal_mode=OFF")
            connection.exec_driver_sql("PRAGMA synchronous=OFF")
            self._open.append(connection)
        self.database, self.memory = self._open

    def close(self) -> None:
        for connection in self._open:
            connection.close()
        for new in self._new:
            new.unlink(missing_ok=True)

    def _insert(self, table: Any, columns: Columns, rows: list[tuple[Any, ...]]) -> None:
        connection = self.memory if table.name in tables.MEMORY else self.database
        plain = sa.table(table.name, *[sa.column(name) for name, _ in columns])
        statement = str(sa.insert(plain).compile(dialect=sqlite.dialect()))
        try:
            connection.exec_driver_sql(statement, rows)
        except sa.exc.DBAPIError as error:
            raise InvalidInput(f"table {table.name} can not be loaded: {error.orig}") from error

    def finish(self) -> None:
        broken = self.database.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise InvalidInput(f"rows of {broken[0][0]} refer to rows that are not in the archive")

    def _plan(self, target: Path) -> None:
        """Find out where the old files go: a log beside another database would spoil that one."""
        aside = self._aside
        if not swapping.is_movable(target, aside.parent):
            aside = target.parent / aside.name  # a database elsewhere than in `DATA_DIR`
        for suffix in _WITH:
            file = target.with_name(target.name + suffix)
            swapping.require_movable(file, aside.parent)
            self._old.append((file, aside / file.name))
            if file.exists() and str(aside) not in self.kept:
                self.kept.append(str(aside))

    def seal(self) -> None:
        for connection in self._open:
            connection.commit()
            connection.close()
        for target in filter(Path.exists, self._targets):
            with contextlib.suppress(sqlite3.Error):  # a damaged one is moved as it is
                with contextlib.closing(sqlite3.connect(target)) as old:
                    old.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def commit(self, swap: Swap) -> None:
        for file, aside in self._old:
            if file.exists():
                swap.move(file, aside)
        for new, target in zip(self._new, self._targets, strict=True):
            swap.move(new, target)
