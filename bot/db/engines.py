"""Engines: one for each database URL of a process, with what SQLite and PostgreSQL need."""

from __future__ import annotations

import sqlite3
import threading
import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import QueuePool

from bot import config
from bot.admission import PATIENCE

_engines: dict[str, Engine] = {}
_ASK_AGAIN, _USUAL = 0.001, 0.25  # seconds; so long other processes of ours have the file at most
_ASK_SELDOM = 0.01  # and when somebody else has it
_guard = threading.Lock()
# A server that died without a word is noticed before a provider hangs up.
_POSTGRESQL = {
    "connect_timeout": 5, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA busy_timeout={_milliseconds(PATIENCE)}")
        cursor.execute("PRAGMA synchronous=FULL")  # an acknowledged message survives a power cut
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        kind = options.get("begin", "DEFERRED")
        if kind == "DEFERRED":
            _set(connection, "busy_timeout", _milliseconds(PATIENCE))
            connection.exec_driver_sql("BEGIN DEFERRED")
            return
        _set(connection, "synchronous", options.get("synchronous", "FULL"))
        _set(connection, "busy_timeout", 0)
        _begin_writing(connection, options.get("patience", PATIENCE))


def _begin_writing(connection: Connection, patience: float) -> None:
    """Become the one writer of the file; ask often, or raise after so many seconds.

    SQLite's own waiting sleeps longer and longer, up to 100 ms, while other processes that write all
    the time take the file again and again in between.
    """
    began = time.monotonic()
    # By the driver: each refusal would cost SQLAlchemy ten times as much to put into words.
    cursor = connection.connection.cursor()
    try:
        while time.monotonic() - began < patience:
            try:
                cursor.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    break
            waited = time.monotonic() - began
            time.sleep(_ASK_AGAIN if waited < _USUAL else _ASK_SELDOM)
    finally:
        cursor.close()
    connection.exec_driver_sql("BEGIN IMMEDIATE")  # once more, so that it fails as all else does


def _set(connection: Connection, pragma: str, value: object) -> None:
    """Set what a connection does not have set already; it remembers its settings."""
    if connection.info.get(pragma) != value:
        connection.exec_driver_sql(f"PRAGMA {pragma}={value}")
        connection.info[pragma] = value


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)


def _prepare_postgresql(engine: Engine) -> None:
    @event.listens_for(engine, "handle_error")
    def _name_it(context: Any) -> Exception | None:
        """Whatever the driver calls a connection that broke: the database is away."""
        known = context.sqlalchemy_exception
        if not context.is_disconnect or isinstance(known, sa.exc.OperationalError):
            return None
        return sa.exc.OperationalError(
            context.statement, None, context.original_exception, hide_parameters=True,
            connection_invalidated=True,
        )


def engine(url: str | None = None) -> Engine:
    """Return the process's engine for a database URL (default: the settings'), made once."""
    address = url or config.load().database
    with _guard:
        if address not in _engines:
            if address.startswith("sqlite"):
                config.load().data_dir.mkdir(parents=True, exist_ok=True)
                made = sa.create_engine(
                    address, future=True, hide_parameters=True,
                    connect_args={"timeout": 10, "check_same_thread": False},
                    poolclass=QueuePool, pool_size=64, max_overflow=400,
                )
                _prepare_sqlite(made)
            else:
                made = sa.create_engine(
                    address, future=True, hide_parameters=True, pool_size=20, max_overflow=20,
                    pool_pre_ping=True, pool_timeout=PATIENCE, connect_args=_POSTGRESQL,
                )
                _prepare_postgresql(made)
            _engines[address] = made
        return _engines[address]


def dispose() -> None:
    """Close every connection (after a fork, and at the end of a test)."""
    with _guard:
        for made in _engines.values():
            made.dispose()
        _engines.clear()
