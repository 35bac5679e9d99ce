"""The database: engine, sessions, column types.

`read()` and `write()` are the two ways in. On SQLite every writing transaction opens with BEGIN
IMMEDIATE: a deferred one that upgrades its lock fails under several processes with "database is
locked", whatever the busy timeout. `after_commit` runs what may only happen once the rows are there.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session, declarative_base
from sqlalchemy.pool import QueuePool

from bot import clock, config

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
Base: Any = declarative_base(metadata=sa.MetaData(naming_convention=_NAMING))
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_engines: dict[str, Engine] = {}
_guard = threading.Lock()
_writers = threading.Lock()


class UTCDateTime(sa.types.TypeDecorator):  # type: ignore[type-arg]
    """An aware instant; refuses naive ones, returns UTC."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone can not be stored")
        value = value.astimezone(clock.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=clock.UTC) if value.tzinfo is None else value.astimezone(clock.UTC)


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA busy_timeout=10000")
        cursor.execute("PRAGMA synchronous=FULL")  # an acknowledged message survives a power cut
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        kind = options.get("begin", "DEFERRED")
        if kind != "DEFERRED":
            connection.exec_driver_sql(f"PRAGMA synchronous={options.get('synchronous', 'FULL')}")
        connection.exec_driver_sql(f"BEGIN {kind}")


def engine(url: str | None = None) -> Engine:
    """Return the process's engine for a database URL (default: the settings'), made once."""
    address = url or config.load().database
    with _guard:
        if address not in _engines:
            if address.startswith("sqlite"):
                config.load().data_dir.mkdir(parents=True, exist_ok=True)
                made = sa.create_engine(
                    address, future=True, connect_args={"timeout": 10, "check_same_thread": False},
                    poolclass=QueuePool, pool_size=64, max_overflow=400,
                )
                _prepare_sqlite(made)
            else:
                made = sa.create_engine(
                    address, future=True, pool_size=20, max_overflow=20, pool_pre_ping=True
                )
            _engines[address] = made
        return _engines[address]


def dispose() -> None:
    """Close every connection (after a fork, and at the end of a test)."""
    with _guard:
        for made in _engines.values():
            made.dispose()
        _engines.clear()


@contextlib.contextmanager
def read() -> Iterator[Session]:
    """Give a session that sees one consistent state and writes nothing."""
    with Session(engine(), future=True, expire_on_commit=False) as session:
        yield session


@contextlib.contextmanager
def write(durable: bool = True) -> Iterator[Session]:
    """Give a session whose transaction commits at the end, or rolls back on any exception.

    `durable=False` is for what a power cut may take back: leases, claims, receipts, outcomes that
    can be looked up again. On SQLite it saves the wait for the disk; nothing that is killed alone
    loses it, and the next durable commit carries everything before it to the disk.
    """
    base = engine()
    sqlite_file = base.dialect.name == "sqlite"
    bound = base.execution_options(
        begin="IMMEDIATE", synchronous="FULL" if durable else "NORMAL"
    )
    hooks: list[Callable[[], object]] = []
    # SQLite lets one writer in and lets the others sleep and try again; within a process a plain
    # lock hands over at once.
    with _writers if sqlite_file else contextlib.nullcontext():
        with Session(bound, future=True, expire_on_commit=False) as session:
            session.info["after_commit"] = hooks
            with session.begin():
                yield session
    for hook in hooks:
        hook()


def after_commit(session: Session, hook: Callable[[], object]) -> None:
    """Run `hook` once the transaction of `session` (from `write()`) has committed, in order."""
    session.info["after_commit"].append(hook)


def insert_once(session: Session, table: Any, **values: Any) -> bool:
    """Insert a row unless a unique constraint already holds one; tell whether it was inserted.

    One statement, so that two processes at once can not both believe that they were first.
    """
    target = table.__table__ if hasattr(table, "__table__") else table
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    outcome: Any = session.execute(insert(target).values(**values).on_conflict_do_nothing())
    return bool(outcome.rowcount == 1)


def conditional_update(session: Session, statement: Any) -> bool:
    """Run an UPDATE that claims one row; tell whether this caller got it."""
    outcome: Any = session.execute(statement.execution_options(synchronize_session=False))
    return bool(outcome.rowcount == 1)
