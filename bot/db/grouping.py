"""Short work that threads bring at the same time shares one transaction."""

from __future__ import annotations

import collections
import dataclasses
import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import admission
from bot.db.engines import engine
from bot.db.sessions import follow_up, write, writers

T = TypeVar("T")
_guard = threading.Lock()


@dataclasses.dataclass(eq=False)
class _Piece:
    """A piece of work that waits to be written together with others."""

    work: Callable[[Session], Any]
    durable: bool
    woken: threading.Event = dataclasses.field(default_factory=threading.Event)
    leads: bool = False
    result: Any = None
    error: BaseException | None = None
    hooks: list[Callable[[], object]] = dataclasses.field(default_factory=list)


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
    writers.check(len(_pieces))
    with _guard:
        _pieces.append(piece)
        piece.leads, _somebody_leads = not _somebody_leads, True
    if not piece.leads:
        _wait(piece)
    if piece.leads:  # from the start, or handed on by the leader before
        _lead()
    if piece.error is not None:
        raise piece.error
    follow_up(piece.hooks)  # here: what one piece leads to must not hold up the others
    return piece.result  # type: ignore[no-any-return]


def _wait(piece: _Piece) -> None:
    """Wait until a piece is written or leads; raise when it stands in a line that does not move."""
    while not piece.woken.wait(admission.STUCK):
        with _guard:
            if piece in _pieces and not piece.woken.is_set():
                try:
                    writers.check(_pieces.index(piece))
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
            session.info["after_commit"] = batch[0].hooks = []
            batch[0].result = batch[0].work(session)
            return
        # The driver's own savepoints: SQLAlchemy's cost as much as a piece's statements.
        savepoint = session.connection().connection.cursor()
        for piece in batch:
            session.info["after_commit"] = piece.hooks = []
            savepoint.execute("SAVEPOINT piece")
            try:
                piece.result = piece.work(session)
                session.flush()
            except Exception as error:
                piece.error = error
                if not session.is_active:  # a failed flush ends the session's transaction
                    raise _Broken from error
                try:
                    savepoint.execute("ROLLBACK TO piece")
                except sqlite3.Error:  # SQLite has rolled everything back (no room, bad disk)
                    raise _Broken from error
            savepoint.execute("RELEASE piece")
            session.expunge_all()  # the next piece reads what is there, not what this one knew
