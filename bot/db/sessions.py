"""Reading and writing: sessions with one transaction each."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from bot import admission, config
from bot.admission import PATIENCE
from bot.db.engines import engine

log = structlog.get_logger("db")

# SQLite lets one writer in and lets the others sleep and try again; within a process a plain line
# hands over at once.
writers = admission.Door(
    busy=lambda: sa.exc.OperationalError(
        "BEGIN IMMEDIATE", None, sqlite3.OperationalError("database is locked")
    ),
    most_waiting=lambda: config.load().web_threads // 4,
)


@contextlib.contextmanager
def read() -> Iterator[Session]:
    """Give a session that sees one consistent state and writes nothing."""
    with Session(engine(), future=True, expire_on_commit=False) as session:
        yield session


@contextlib.contextmanager
def write(durable: bool = True) -> Iterator[Session]:
    """Give a session whose transaction commits at the end, or rolls back on any exception.

    `durable=False` is for what a power cut may take back: leases, receipts, outcomes that can be
    looked up again. On SQLite it saves the wait for the disk; nothing that is killed alone
    loses it, and the next durable commit carries everything before it to the disk.
    """
    base = engine()
    sqlite_file = base.dialect.name == "sqlite"
    hooks: list[Callable[[], object]] = []
    with writers.line() if sqlite_file else contextlib.nullcontext(PATIENCE) as patience:
        bound = base.execution_options(
            begin="IMMEDIATE", synchronous="FULL" if durable else "NORMAL", patience=patience
        )
        with Session(bound, future=True, expire_on_commit=False) as session:
            session.info["after_commit"] = hooks
            with session.begin():
                if sqlite_file:
                    _enter(session)
                yield session
    follow_up(hooks)


def follow_up(hooks: Sequence[Callable[[], object]]) -> None:
    """Do what was to follow a commit. It has happened: a hook that fails is logged and no more."""
    for hook in hooks:
        try:
            hook()
        except Exception:
            log.exception("after_commit_failed")


def _enter(session: Session) -> None:
    """Begin the transaction now: whoever must wait for the file waits here, at the door."""
    try:
        session.connection()
    except sa.exc.OperationalError:
        writers.stayed_shut()
        raise
    writers.opened()


def after_commit(session: Session, hook: Callable[[], object]) -> None:
    """Run `hook` once the transaction of `session` (from `write()`) has committed, in order."""
    session.info["after_commit"].append(hook)
