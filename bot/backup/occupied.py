"""Whether a restore may begin: nothing may run on the data, nor data be there that nobody named."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool

from bot.backup.picture import database_file, memory_file
from bot.backup.tables import VERSIONS
from bot.config import Settings
from bot.errors import Conflict


def refuse_while_used(settings: Settings) -> None:
    """Raise Conflict while another process works with the database, whoever started it."""
    file = database_file(settings)
    if file is None:
        with _connected(settings) as connection:
            others = _sessions(connection)
            if others:
                raise Conflict(
                    f"{others} other connections to the database are open: stop every process "
                    "of Destek, and whatever else is connected, before a restore"
                )
        return
    pid = _holder([file.resolve(), memory_file(settings).resolve()])
    if pid is not None:
        raise Conflict(f"process {pid} has the database open; stop it before a restore")


def found(settings: Settings) -> str:
    """Return what is there already, in words, or an empty text."""
    file = database_file(settings)
    if file is None:
        with _connected(settings) as connection:
            return "rows in the database" if _has_rows(connection) else ""
    if file.exists() and _file_has_rows(file):
        return f"rows in {file}"
    media = settings.data_dir / "media"
    if any(p.is_file() for p in media.rglob("*")):
        return f"files in {media}"
    return ""


@contextlib.contextmanager
def _connected(settings: Settings) -> Iterator[Connection]:
    engine = sa.create_engine(settings.database, future=True, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def _sessions(connection: Connection) -> int:
    sessions = sa.table("pg_stat_activity", sa.column("datname"), sa.column("pid"),
                        sa.column("backend_type"))
    query = sa.select(sa.func.count()).where(
        sessions.c.datname == sa.func.current_database(),
        sessions.c.pid != sa.func.pg_backend_pid(), sessions.c.backend_type == "client backend",
    )
    return int(connection.scalar(query) or 0)


def _has_rows(connection: Connection) -> bool:
    names = set(sa.inspect(connection).get_table_names()) - {VERSIONS}
    return any(
        connection.scalar(sa.select(sa.literal(1)).select_from(sa.table(name)).limit(1))
        for name in names
    )


def _file_has_rows(file: Path) -> bool:
    engine = sa.create_engine(f"sqlite:///{file}", future=True, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return _has_rows(connection)
    except (sa.exc.DatabaseError, sqlite3.Error):
        return True  # what can not be read may be what somebody wants to save


def _holder(paths: Sequence[Path]) -> int | None:
    """Return a process that has one of the files open, as far as this user may see."""
    wanted = {str(p) for p in paths}
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            for link in (process / "fd").iterdir():
                with contextlib.suppress(OSError):
                    if os.readlink(link) in wanted:
                        return int(process.name)
    return None
