"""Statements that are built once, and those that tell whether they did anything."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


class Prepared:
    """A statement that is built once. Its parameters are named after the builder's arguments.

        _STATE = db.prepared(
            lambda conversation: sa.select(Conversation.state).where(Conversation.id == conversation)
        )
        state = _STATE(session, conversation=7).scalar()

    Putting a statement together and finding its compiled form costs SQLAlchemy more than SQLite needs
    to run it; on the way of a message both are spared. Values that no argument is named after are
    columns to set (of an UPDATE) or to fill (of an INSERT). Plain tables (`Message.__table__`) are
    the fastest, but do not make the session write what it holds back: `session.flush()` before them.
    """

    def __init__(self, build: Callable[..., Any]) -> None:
        self._build = build
        self._names: dict[str, str] = {}
        self._statement: Any = None

    def __call__(self, session: Session, **values: Any) -> Any:
        """Run it; return SQLAlchemy's result (rows, `scalars()`, `scalar()`, `rowcount`)."""
        if self._statement is None:
            # Prefixed: in an UPDATE a parameter must not be called like a column.
            self._names = {name: f"p_{name}" for name in inspect.signature(self._build).parameters}
            self._statement = self._build(*map(sa.bindparam, self._names.values()))
        names = self._names
        return session.execute(self._statement, {names.get(k, k): v for k, v in values.items()})


_by_key: dict[Any, Prepared] = {}


def load(session: Session, model: Any, key: Any) -> Any:
    """Return the object with this primary key, or None: `session.get` by a prepared statement."""
    known = session.identity_map.get((model, (key,), None))
    if known is not None and not sa.inspect(known).expired:
        return known
    statement = _by_key.get(model)
    if statement is None:
        [column] = model.__table__.primary_key.columns
        statement = _by_key[model] = prepared(lambda value: sa.select(model).where(column == value))
    return statement(session, value=key).scalars().first()


def prepared(build: Callable[..., Any]) -> Prepared:
    """Return a statement that `build` puts together on first use (see `Prepared`)."""
    return Prepared(build)


def insert_once(session: Session, table: Any, **values: Any) -> bool:
    """Insert a row unless a unique constraint already holds one; tell whether it was inserted.

    One statement, so that two processes at once can not both believe that they were first.
    """
    return _insert(session, table, values).rowcount == 1  # type: ignore[no-any-return]


def insert_once_id(session: Session, table: Any, **values: Any) -> int | None:
    """Do as `insert_once`; return the new row's number, or None when there was one already."""
    outcome = _insert(session, table, values)
    return int(outcome.inserted_primary_key[0]) if outcome.rowcount == 1 else None


class _SqliteDoNothing(sqlite.dml.OnConflictDoNothing):
    """"On conflict do nothing" without a target, whose SQL SQLAlchemy may keep.

    It compiles its own anew each time: the addition's contents have no place in its cache key. This
    one has no contents.
    """

    inherit_cache = True
    _traverse_internals: Sequence[Any] = ()


class _PostgresqlDoNothing(postgresql.dml.OnConflictDoNothing):
    """The same for PostgreSQL."""

    inherit_cache = True
    _traverse_internals: Sequence[Any] = ()


class _SqliteInsert(sqlite.Insert):
    inherit_cache = True
    _post_values_clause = _SqliteDoNothing()


class _PostgresqlInsert(postgresql.Insert):
    inherit_cache = True
    _post_values_clause = _PostgresqlDoNothing()


_inserts: dict[tuple[Any, str], Any] = {}  # statements, built once


def _insert(session: Session, table: Any, values: dict[str, Any]) -> Any:
    target = table.__table__ if hasattr(table, "__table__") else table
    dialect = session.get_bind().dialect.name
    statement = _inserts.get((target, dialect))
    if statement is None:
        insert = _PostgresqlInsert if dialect == "postgresql" else _SqliteInsert
        statement = _inserts[target, dialect] = insert(target)
    return session.execute(statement, values)


def conditional_update(session: Session, statement: Any) -> bool:
    """Run an UPDATE that claims one row; tell whether this caller got it."""
    outcome: Any = session.execute(statement.execution_options(synchronize_session=False))
    return bool(outcome.rowcount == 1)
