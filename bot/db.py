"""The database: engine, sessions, column types.

`read()` and `write()` are the two ways in. On SQLite every writing transaction opens with BEGIN
IMMEDIATE: a deferred one that upgrades its lock fails under several processes with "database is
locked", whatever the busy timeout. `after_commit` runs what may only happen once the rows are there.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import datetime as dt
import inspect
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session, declarative_base
from sqlalchemy.pool import QueuePool

from bot import admission, clock, config
from bot.admission import PATIENCE

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
T = TypeVar("T")
Base: Any = declarative_base(metadata=sa.MetaData(naming_convention=_NAMING))
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_engines: dict[str, Engine] = {}
_guard = threading.Lock()
# SQLite lets one writer in and lets the others sleep and try again; within a process a plain line
# hands over at once.
_writers = admission.Door(
    busy=lambda: sa.exc.OperationalError(
        "BEGIN IMMEDIATE", None, sqlite3.OperationalError("database is locked")
    ),
    most_waiting=lambda: config.load().web_threads // 4,
)
# A server that died without a word is noticed before a provider hangs up.
_POSTGRESQL = {
    "connect_timeout": 5, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


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
        cursor.execute(f"PRAGMA busy_timeout={_milliseconds(PATIENCE)}")
        cursor.execute("PRAGMA synchronous=FULL")  # an acknowledged message survives a power cut
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        kind = options.get("begin", "DEFERRED")
        if kind != "DEFERRED":
            _set(connection, "synchronous", options.get("synchronous", "FULL"))
        _set(connection, "busy_timeout", _milliseconds(options.get("patience", PATIENCE)))
        connection.exec_driver_sql(f"BEGIN {kind}")


def _set(connection: Connection, pragma: str, value: object) -> None:
    """Set what a connection does not have set already; it remembers its settings."""
    if connection.info.get(pragma) != value:
        connection.exec_driver_sql(f"PRAGMA {pragma}={value}")
        connection.info[pragma] = value


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)


def _prepare_postgresql(engine: Engine) -> None:
    @event.listens_for(engine, "handle_error")
    def _name_it(context: Any) -> None:
        """Whatever the driver calls a connection that broke: the database is away."""
        known = context.sqlalchemy_exception
        if context.is_disconnect and not isinstance(known, sa.exc.OperationalError):
            context.chained_exception = sa.exc.OperationalError(
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
    hooks: list[Callable[[], object]] = []
    with _writers.line() if sqlite_file else contextlib.nullcontext(PATIENCE) as patience:
        bound = base.execution_options(
            begin="IMMEDIATE", synchronous="FULL" if durable else "NORMAL", patience=patience
        )
        with Session(bound, future=True, expire_on_commit=False) as session:
            session.info["after_commit"] = hooks
            with session.begin():
                if sqlite_file:
                    _enter(session)
                yield session
    for hook in hooks:
        hook()


def _enter(session: Session) -> None:
    """Begin the transaction now: whoever must wait for the file waits here, at the door."""
    try:
        session.connection()
    except sa.exc.OperationalError:
        _writers.stayed_shut()
        raise
    _writers.opened()


@dataclasses.dataclass(eq=False)
class _Piece:
    """A piece of work that waits to be written together with others."""

    work: Callable[[Session], Any]
    durable: bool
    woken: threading.Event = dataclasses.field(default_factory=threading.Event)
    leads: bool = False
    result: Any = None
    error: BaseException | None = None


_MOST_TOGETHER = 50  # pieces in one transaction, so that nobody waits long for the others
_pieces: collections.deque[_Piece] = collections.deque()
_somebody_leads = False


def together(work: Callable[[Session], T], durable: bool = True) -> T:
    """Run short database work, on SQLite in one transaction with what other threads bring.

    A transaction on SQLite costs a lock between processes and, when durable, a wait for the disk;
    threads that come at the same time share both. Each piece has its savepoint: one that raises is
    undone alone, and its exception comes out here. Returns once the transaction has committed.
    """
    global _somebody_leads
    if engine().dialect.name != "sqlite":
        with write() as session:
            return work(session)
    piece = _Piece(work, durable)
    _writers.check(len(_pieces))
    with _guard:
        _pieces.append(piece)
        piece.leads, _somebody_leads = not _somebody_leads, True
    if not piece.leads:
        _wait(piece)
    if piece.leads:  # from the start, or handed on by the leader before
        _lead()
    if piece.error is not None:
        raise piece.error
    return piece.result  # type: ignore[no-any-return]


def _wait(piece: _Piece) -> None:
    """Wait until a piece is written or leads; raise when it stands in a line that does not move."""
    while not piece.woken.wait(admission.STUCK):
        with _guard:
            if piece in _pieces and not piece.woken.is_set():
                try:
                    _writers.check(_pieces.index(piece))
                except sa.exc.OperationalError:
                    _pieces.remove(piece)
                    raise


def _lead() -> None:
    """Write one batch, and hand the lead on to the first who came meanwhile."""
    global _somebody_leads
    with _guard:
        batch = [_pieces.popleft() for _ in range(min(len(_pieces), _MOST_TOGETHER))]
    try:
        _write_batch(batch)
    finally:
        with _guard:
            if _pieces:
                _pieces[0].leads = True
                _pieces[0].woken.set()
            else:
                _somebody_leads = False
        for piece in batch:
            piece.woken.set()


class _Broken(Exception):
    """A piece took the whole transaction with it; the others begin again, each for itself."""


def _write_batch(batch: Sequence[_Piece]) -> None:
    try:
        try:
            _write_pieces(batch)
        except _Broken:
            for piece in batch:
                if piece.error is None:
                    _write_batch([piece])
    except BaseException as error:
        for piece in batch:
            piece.error = piece.error or error


def _write_pieces(batch: Sequence[_Piece]) -> None:
    with write(durable=any(p.durable for p in batch)) as session:
        if len(batch) == 1:  # its failure is the transaction's
            batch[0].result = batch[0].work(session)
            return
        hooks: list[Callable[[], object]] = session.info["after_commit"]
        # The driver's own savepoints: SQLAlchemy's cost as much as a piece's statements.
        savepoint = session.connection().connection.cursor()
        for piece in batch:
            before = len(hooks)
            savepoint.execute("SAVEPOINT piece")
            try:
                piece.result = piece.work(session)
                session.flush()
            except Exception as error:
                del hooks[before:]
                piece.error = error
                if not session.is_active:  # a failed flush ends the session's transaction
                    raise _Broken from error
                savepoint.execute("ROLLBACK TO piece")
            savepoint.execute("RELEASE piece")
            session.expunge_all()  # the next piece reads what is there, not what this one knew


def after_commit(session: Session, hook: Callable[[], object]) -> None:
    """Run `hook` once the transaction of `session` (from `write()`) has committed, in order."""
    session.info["after_commit"].append(hook)


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
