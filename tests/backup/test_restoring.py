"""What a restore does with what is there, with what runs there, and with what was under way."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import clock, models, setup_steps
from bot.backup import migrating, restoring
from bot.conversations.models import Message
from bot.errors import Conflict, InvalidInput
from bot.supervisor import run_info
from tests import databases
from tests.backup.shops import New, Shop, fill


@pytest.mark.parametrize("kind", databases.KINDS)
def test_an_older_backup_is_brought_up(
    new: New, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, fresh = new(kind), new(kind)
    fill(shop)
    archive, head = shop.backup(), migrating.head()
    later = tmp_path / "migrations"
    shutil.copytree(setup_steps.MIGRATIONS, later)
    (later / "versions" / "later.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f"revision = 'fffffffffff0'\ndown_revision = '{head}'\n"
        "def upgrade():\n"
        "    with op.batch_alter_table('customer') as batch:\n"
        "        batch.add_column(sa.Column('shoe_size', sa.Integer, server_default='42'))\n"
    )
    monkeypatch.setattr(setup_steps, "MIGRATIONS", later)
    fresh.restore(archive)
    with fresh.connected() as connection:
        sizes = connection.execute(sa.text("SELECT shoe_size FROM customer")).scalars().all()
        version = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    assert (sizes, version) == ([42, 42, 42], "fffffffffff0")
    assert fresh.rows() == shop.rows()
    # Made by the later version, it is too new for this one.
    archive = fresh.backup()
    monkeypatch.undo()
    with pytest.raises(InvalidInput, match="fffffffffff0"):
        new(kind).restore(archive)


@pytest.mark.parametrize("kind", databases.KINDS)
def test_what_is_there_is_replaced_on_demand_only_and_kept(new: New, kind: str) -> None:
    shop = new(kind)
    fill(shop)
    archive = shop.backup()
    with shop.connected() as connection:
        connection.execute(sa.text("UPDATE customer SET name = 'since'"))
    changed, secret = shop.rows(), shop.files()["secrets/secret_key"]
    (shop.settings.data_dir / "secrets" / "secret_key").write_text("another")
    with pytest.raises(Conflict, match="--replace"):
        shop.restore(archive)
    assert shop.rows() == changed
    done = shop.restore(archive, replace=True)
    assert {c["name"] for c in shop.rows()["customer"]} != {"since"}
    assert shop.files()["secrets/secret_key"] == secret
    [aside] = shop.settings.data_dir.glob("before-restore-*")
    assert (aside / "secrets" / "secret_key").read_text() == "another"
    assert (aside / "media" / "ab" / "ab01").exists() and str(aside) in done.kept
    if kind == "postgresql":
        schema = aside.name.replace("-", "_")
        assert shop.rows(schema) == changed and f"the schema {schema}" in done.kept
        return
    (aside / "rasa").mkdir()
    (aside / "tracker.sqlite3").rename(aside / "rasa" / "tracker.sqlite3")
    kept = Shop(dataclasses.replace(shop.settings, data_dir=aside))
    assert kept.rows() == changed


@pytest.mark.parametrize("by_itself", [False, True])
def test_a_log_of_the_old_database_never_meets_the_new_one(new: New, by_itself: bool) -> None:
    """A write-ahead log beside a database that it does not belong to would be taken for its own.

    It may lie there by itself, where somebody has removed the database and not thought of the log.
    """
    shop = new("sqlite")
    fill(shop)
    archive, before = shop.backup(), shop.rows()
    path = shop.settings.data_dir / "destek.sqlite3"
    child = (  # ends without closing, as a killed process does
        "import os, sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1])\n"
        "db.execute('PRAGMA journal_mode=WAL')\n"
        "db.execute(\"UPDATE customer SET name = 'in the log'\")\n"
        "db.commit()\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", child, str(path)], check=True, timeout=20)
    assert path.with_name(path.name + "-wal").stat().st_size > 0
    if by_itself:
        path.unlink()
    shop.restore(archive, replace=True)
    assert shop.rows() == before
    [aside] = shop.settings.data_dir.glob("before-restore-*")
    if by_itself:
        assert (aside / f"{path.name}-wal").stat().st_size > 0
        return
    with contextlib.closing(sqlite3.connect(aside / path.name)) as old:
        assert old.execute("SELECT DISTINCT name FROM customer").fetchall() == [("in the log",)]


@pytest.mark.parametrize("kind", databases.KINDS)
def test_nothing_is_restored_under_running_processes(new: New, kind: str) -> None:
    old, shop = new(kind), new(kind)
    fill(old)
    archive = old.backup()
    lock = run_info.take_lock(shop.settings.data_dir)
    with pytest.raises(Conflict, match="already running"):
        shop.restore(archive)
    os.close(lock)
    # A process that another supervisor started has no lock, but the database open.
    shop.restore(archive)
    with _somebody_connected(shop):
        with pytest.raises(Conflict, match="stop"):
            shop.restore(archive, replace=True)
    shop.restore(archive, replace=True)
    assert shop.rows() == old.rows()


@contextlib.contextmanager
def _somebody_connected(shop: Shop) -> Iterator[None]:
    code = (
        "import sys, sqlalchemy as sa\n"
        "connection = sa.create_engine(sys.argv[1]).connect()\n"
        "connection.execute(sa.text('SELECT count(*) FROM customer'))\n"
        "print('there', flush=True)\n"
        "sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, shop.settings.database], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None and process.stdin is not None
    assert process.stdout.readline() == b"there\n"
    yield
    process.stdin.close()
    process.wait(10)


@pytest.mark.parametrize("kind", databases.KINDS)
def test_a_failure_at_the_last_moment_leaves_the_old_data(
    new: New, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = new(kind)
    fill(shop)
    archive = shop.backup()
    with shop.connected() as connection:
        connection.execute(sa.text("UPDATE customer SET name = 'since'"))
    before, files = shop.rows(), shop.files()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(restoring, "settle", full)
    with pytest.raises(OSError, match="No space"):
        shop.restore(archive, replace=True)
    assert shop.rows() == before and shop.files() == files
    assert not list(shop.settings.data_dir.rglob("*restoring*"))


@pytest.mark.parametrize("kind", databases.KINDS)
def test_what_was_about_to_leave_is_looked_up_first(new: New, kind: str) -> None:
    shop, fresh = new(kind), new(kind)
    fill(shop)
    now = clock.now()
    states = ["queued", "sending", "unknown", "queued", "sent", "failed"]
    message = Message.__table__
    with shop.connected() as connection:
        pattern = dict(connection.execute(sa.select(message).limit(1)).mappings().one())
        for i, state in enumerate(states):
            due = now + dt.timedelta(hours=2) if i == 3 else now - dt.timedelta(seconds=1)
            connection.execute(message.insert().values(**{
                **pattern, "id": 1000 + i, "uid": f"u{i}", "provider_message_id": f"p{i}",
                "direction": "out", "state": state, "next_attempt_at": due, "ordinal": i,
                "attempts": 0, "claim_owner": "host:1:2:3", "claim_until": 1e12, "attributes": {
                    "look_ups": 4, "media_url": "x", "asked_since": "2026-11-20T08:00:00+00:00",
                },
            }))
    done = fresh.restore(shop.backup())
    assert done.settled is not None and done.settled.looked_up == 3
    with fresh.connected() as connection:
        rows = connection.execute(
            sa.select(message).where(message.c.id >= 1000).order_by(message.c.id)
        ).mappings().all()
    assert [r["state"] for r in rows] == ["unknown"] * 3 + ["queued", "sent", "failed"]
    assert all(r["next_attempt_at"] <= now and r["attempts"] == 1 for r in rows[:3])
    assert all(r["claim_owner"] is None for r in rows[:3])
    for row in rows[:3]:  # a day without an answer begins with the first question after this
        assert "asked_since" not in row["attributes"]
        assert (row["attributes"]["look_ups"], row["attributes"]["media_url"]) == (0, "x")
    assert rows[3]["next_attempt_at"] > now, "what leaves later can not have left"


def test_what_came_in_since_is_asked_for_unless_told_otherwise(new: New) -> None:
    shop = new("sqlite")
    fill(shop)
    lease = models.Base.metadata.tables["lease"]
    with shop.connected() as connection:
        connection.execute(lease.insert().values(
            name="missed:twilio_whatsapp", state={"polled_until": "2026-11-24T08:00:00+00:00"},
        ))
    archive = shop.backup()
    for catch_up, state in ((True, {"polled_until": "2026-11-24T08:00:00+00:00"}), (False, {})):
        fresh = new("sqlite")
        fresh.restore(archive, catch_up=catch_up)
        [row] = [r for r in fresh.rows()["lease"] if r["name"].startswith("missed")]
        assert row["state"] == state
