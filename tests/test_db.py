"""Work that threads bring at the same time shares a transaction, and fails each for itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psycopg2
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from bot import db
from bot.conversations.models import Customer

Work = Callable[[Session], Any]


def _makes(name: str) -> Work:
    def work(session: Session) -> str:
        session.add(Customer(name=name))
        session.flush()
        return name

    return work


def _raises(session: Session) -> None:
    _makes("gone")(session)
    raise LookupError("changed its mind")


def _breaks(session: Session) -> None:
    """Fail in a flush, which ends the transaction of the session."""
    _makes("broken")(session)
    for _ in range(2):
        session.add(Customer(uid="same", name="broken"))
        session.flush()


def _recovers(session: Session) -> str:
    try:
        with session.begin_nested():
            _breaks(session)
    except sa.exc.IntegrityError:
        return str(_makes("recovered")(session))
    return "not reached"


def _rolled_back_by_sqlite(session: Session) -> None:
    """Fail after SQLite has undone the whole transaction, as it does when the disk is full."""
    if session.get_bind().dialect.name == "sqlite":
        session.connection().connection.cursor().execute("ROLLBACK")
    raise LookupError("no room")


def _follow_up_fails(session: Session) -> str:
    db.after_commit(session, lambda: 1 / 0)
    return "stored"


@pytest.mark.parametrize(
    ("special", "comes_out"),
    [(_raises, LookupError), (_breaks, sa.exc.IntegrityError), (_recovers, "recovered"),
     (_rolled_back_by_sqlite, LookupError), (_follow_up_fails, "stored")],
)
def test_of_those_who_write_together_each_fails_alone(
    database: str, special: Work, comes_out: Any
) -> None:
    came, go = threading.Event(), threading.Event()
    outcomes: dict[int, Any] = {}

    def hold_up(session: Session) -> None:
        came.set()
        assert go.wait(10)

    def bring(place: int, work: Work) -> None:
        try:
            outcomes[place] = db.together(work)
        except Exception as error:
            outcomes[place] = type(error)

    first = threading.Thread(target=bring, args=(0, hold_up))
    first.start()
    assert came.wait(10)
    rest = [_makes("one"), special, _makes("two"), _makes("three")]
    threads = [threading.Thread(target=bring, args=(i, w)) for i, w in enumerate(rest, start=1)]
    with capture_logs():
        for thread in threads:
            thread.start()
        go.set()
        for thread in (first, *threads):
            thread.join(20)
    assert outcomes == {0: None, 1: "one", 2: comes_out, 3: "two", 4: "three"}
    with db.read() as session:
        names = sorted(session.scalars(sa.select(Customer.name)))
    assert names == sorted(["one", "two", "three", *(["recovered"] if special is _recovers else [])])


def test_a_failed_commit_is_told_to_everybody(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_commit(self: Session) -> None:
        raise sa.exc.OperationalError("COMMIT", None, Exception("disk is full"))

    monkeypatch.setattr(Session, "commit", no_commit)
    monkeypatch.setattr("sqlalchemy.orm.session.SessionTransaction.commit", no_commit)
    with pytest.raises(sa.exc.OperationalError):
        db.together(_makes("lost"))
    monkeypatch.undo()
    with db.read() as session:
        assert list(session.scalars(sa.select(Customer.name))) == []


def test_what_follows_a_commit_is_not_done_for_a_piece_that_failed(database: str) -> None:
    done: list[str] = []

    def fails(session: Session) -> None:
        db.after_commit(session, lambda: done.append("failed"))
        raise LookupError

    def works(session: Session) -> None:
        db.after_commit(session, lambda: done.append("worked"))

    with pytest.raises(LookupError):
        db.together(fails)
    db.together(works)
    assert done == ["worked"]


def test_what_one_piece_leads_to_holds_up_nobody_else(database: str) -> None:
    came, hangs, go_on = threading.Event(), threading.Event(), threading.Event()

    def slow(session: Session) -> None:
        came.set()
        db.after_commit(session, lambda: (hangs.set(), go_on.wait(10)))

    def bring() -> None:
        db.together(slow)

    thread = threading.Thread(target=bring)
    thread.start()
    assert came.wait(10) and hangs.wait(10)
    assert db.together(_makes("meanwhile")) == "meanwhile", "the line has moved on"
    assert thread.is_alive()
    go_on.set()
    thread.join(10)


def test_a_row_is_inserted_once_and_says_its_number(database: str) -> None:
    with db.write() as session:
        number = db.insert_once_id(session, Customer, uid="a", name="first")
        assert number is not None
        assert db.insert_once_id(session, Customer, uid="a", name="second") is None
        assert not db.insert_once(session, Customer, uid="a", name="third")
        assert db.load(session, Customer, number).name == "first"
        assert db.load(session, Customer, number + 1) is None


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_connection_that_breaks_says_that_the_database_is_away(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver calls it a DatabaseError when the server goes in the middle of an answer (seen)."""

    def break_off(*_: object) -> None:
        raise psycopg2.DatabaseError("server closed the connection unexpectedly")

    with db.read() as session, monkeypatch.context() as patch:
        session.connection()
        patch.setattr(db.engine().dialect, "do_execute", break_off)
        with pytest.raises(sa.exc.OperationalError) as caught:
            session.execute(sa.text("SELECT 1"))
    assert caught.value.connection_invalidated
    with db.read() as session:
        assert session.scalar(sa.text("SELECT 1")) == 1
