"""One consistent picture of the database and the dialogue memory, taken while both are written to.

The database is seen at one instant, and the memory at the same or a later one. That order matters: a
turn that the memory knows and the database holds as open is asked again and answered from the
memory; one that the database holds as answered and the memory never saw would be forgotten.

SQLite: a reader keeps the write-ahead log from starting anew, so it must not stay for long. Both
files are therefore copied first (no writer waits for that), and the rows are read from the copies.
PostgreSQL: both lie in one database, and one repeatable-read transaction sees them at one instant.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool, StaticPool

from bot.backup import scratch
from bot.backup.tables import MEMORY, VERSIONS
from bot.config import Settings
from bot.errors import ConfigurationError, NotFound

# A turn takes longer than this from its row in the database to its events in the memory, so that no
# turn fits between two views that were opened within it.
_TOGETHER = 0.005  # seconds
_TRIES = 50


@dataclasses.dataclass(frozen=True)
class Picture:
    """What is read from; `memory` is None where nobody has talked yet."""

    database: Connection
    memory: Connection | None
    head: str  # the migration that the tables are at


def memory_file(settings: Settings) -> Path:
    """Return where the dialogue memory lies beside SQLite."""
    return settings.data_dir / "rasa" / "tracker.sqlite3"


def database_file(settings: Settings) -> Path | None:
    """Return the file of a SQLite database, or None for another kind."""
    url = sa.engine.make_url(settings.database)
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


@contextlib.contextmanager
def taken(settings: Settings, folder: Path) -> Iterator[Picture]:
    """Give the picture; `folder` is one with room for a copy of the SQLite files."""
    file = database_file(settings)
    taking = _of_files(file, memory_file(settings), folder) if file else _of_server(settings)
    with taking as picture:
        yield picture


@contextlib.contextmanager
def _of_files(file: Path, memory: Path, folder: Path) -> Iterator[Picture]:
    if not file.exists():
        raise NotFound(f"there is no database at {file}")
    paths = [file, *([memory] if memory.exists() else [])]
    with contextlib.ExitStack() as stack:
        views = _views(paths)
        try:
            copies = [stack.enter_context(_copied(view, folder)) for view in views]
        finally:
            for view in views:
                view.close()
        yield Picture(copies[0], copies[1] if len(copies) > 1 else None, _head(copies[0]))


def _views(paths: Sequence[Path]) -> list[sqlite3.Connection]:
    """Open a transaction that reads on each file, so close together that no turn fits between."""
    views = [sqlite3.connect(p, timeout=10, isolation_level=None) for p in paths]
    for view in views:
        view.execute("PRAGMA query_only=ON")
    for _ in range(_TRIES):
        began = time.monotonic()
        for view in views:
            view.execute("BEGIN")
            view.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if time.monotonic() - began < _TOGETHER:
            break
        for view in views:
            view.execute("ROLLBACK")
    else:  # a machine too busy for that: then in the right order, and that must do
        for view in views:
            view.execute("BEGIN")
            view.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return views


@contextlib.contextmanager
def _copied(view: sqlite3.Connection, folder: Path) -> Iterator[Connection]:
    # It has a name while it is written; from then on it lives until it is closed, and goes with us
    # however we end. What is left by who was killed before is swept by the next backup.
    with scratch.named(folder, scratch.COPY) as (_, path):
        target = sqlite3.connect(path)
        target.execute("PRAGMA synchronous=OFF")
        target.execute("PRAGMA journal_mode=OFF")
        view.backup(target)
        target.close()
        copy = sqlite3.connect(
            f"file:{quote(str(path))}?immutable=1", uri=True, check_same_thread=False
        )
        copy.execute("SELECT count(*) FROM sqlite_master").fetchone()
    engine = sa.create_engine("sqlite://", creator=lambda: copy, poolclass=StaticPool, future=True)
    with engine.connect() as connection:
        yield connection
    copy.close()


@contextlib.contextmanager
def _of_server(settings: Settings) -> Iterator[Picture]:
    engine = sa.create_engine(settings.database, future=True, poolclass=NullPool)
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection:
        remembers = not MEMORY - set(sa.inspect(connection).get_table_names())
        yield Picture(connection, connection if remembers else None, _head(connection))


def _head(connection: Connection) -> str:
    if not sa.inspect(connection).has_table(VERSIONS):
        raise ConfigurationError("the database has no tables of ours: there is nothing to save")
    versions = sa.table(VERSIONS, sa.column("version_num"))
    return str(connection.scalar(sa.select(versions.c.version_num)))
