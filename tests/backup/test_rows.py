"""Backup and restore on both databases, and from one to the other: nothing changes on the way."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
import subprocess
import sys
import tarfile

import pytest

from bot import clock, models
from bot.backup import making
from bot.errors import Conflict, NotFound
from tests import databases
from tests.backup.shops import New, Shop, fill

PAIRS = list(itertools.product(databases.KINDS, repeat=2))


@pytest.mark.parametrize(("source", "target"), PAIRS, ids=[f"{a}-{b}" for a, b in PAIRS])
def test_every_row_and_file_comes_back(new: New, source: str, target: str) -> None:
    old, fresh = new(source), new(target)
    fill(old)
    archive = old.backup()
    assert archive.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in archive.parent.iterdir() if p != archive] == ["var"], "left-overs"
    done = fresh.restore(archive)
    before, after = old.rows(), fresh.rows()
    assert sum(map(len, before.values())) == done.rows == 3 * len(before)
    assert after == before
    kept = {k: v for k, v in fresh.files().items() if not k.startswith("before-restore")}
    assert kept == old.files() and "secrets/secret_key" in kept
    assert (fresh.settings.data_dir / "demo-logins").stat().st_mode & 0o777 == 0o600
    # New rows get numbers of their own.
    customer = models.Base.metadata.tables["customer"]
    with fresh.connected() as connection:
        row = connection.execute(
            customer.insert().values(name="x", created_at=clock.now(), preferences={})
        )
        assert row.inserted_primary_key[0] > 300


def test_on_the_way_back_nothing_has_changed_either(new: New) -> None:
    """What grew from SQLite to PostgreSQL can go back: the tables are those of the migrations."""
    first, server, last = new("sqlite"), new("postgresql"), new("sqlite")
    fill(first)
    server.restore(first.backup())
    last.restore(server.backup())
    assert last.rows() == first.rows()

    def tables(shop: Shop) -> list[str]:
        with contextlib.closing(sqlite3.connect(shop.settings.data_dir / "destek.sqlite3")) as db:
            return sorted(sql for (sql,) in db.execute("SELECT sql FROM sqlite_master WHERE sql <> ''"))

    assert tables(last) == tables(first)


def test_models_may_stay_behind(new: New) -> None:
    old, fresh = new("sqlite"), new("sqlite")
    fill(old)
    own = fresh.settings.data_dir / "models" / "live"
    own.parent.mkdir(parents=True)
    own.write_text("its own")
    fresh.restore(old.backup(models=False))
    assert own.read_text() == "its own"
    assert "media/ab/ab01" in fresh.files() and "models/m1.tar.gz" not in fresh.files()


def test_a_backup_replaces_no_other_and_names_itself_in_a_folder(new: New) -> None:
    shop = new("sqlite")
    with pytest.raises(NotFound, match="no database"):
        shop.backup()
    fill(shop)
    archive = shop.backup()
    kept = archive.read_bytes()
    with pytest.raises(Conflict, match="already"):
        shop.backup()
    assert archive.read_bytes() == kept
    folder = archive.parent / "backups"
    folder.mkdir()
    made = making.make(shop.settings, folder, True, lambda _: None)
    assert made.path.parent == folder and made.path.name.startswith("destek-20")
    assert list(folder.iterdir()) == [made.path]


def test_a_picture_is_of_one_instant_while_others_write(new: New) -> None:
    """Two tables that are always written together are always found together."""
    shop = new("sqlite")
    fill(shop)
    path = shop.settings.data_dir / "destek.sqlite3"
    child = (
        "import sqlite3, sys, time\n"
        "db = sqlite3.connect(sys.argv[1], timeout=10)\n"
        "db.execute('PRAGMA journal_mode=WAL')\n"
        "db.execute('CREATE TABLE a (id INTEGER PRIMARY KEY, text TEXT)')\n"
        "db.execute('CREATE TABLE b (id INTEGER PRIMARY KEY, text TEXT)')\n"
        "print('there', flush=True)\n"
        "while True:\n"
        "    with db:\n"
        "        db.execute('INSERT INTO a (text) VALUES (?)', ('x' * 3000,))\n"
        "        db.execute('INSERT INTO b (text) VALUES (?)', ('x' * 3000,))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", child, str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"there\n"
    counts = []
    try:
        for i in range(5):
            archive = shop.backup(f"{i}.tar.gz")
            with tarfile.open(archive) as tar:
                held = {n: tar.extractfile(n).read().count(b"\n") if n in tar.getnames() else 0  # type: ignore[union-attr]
                        for n in ("database/a/000001.jsonl", "database/b/000001.jsonl")}
            assert len(set(held.values())) == 1, held
            counts.append(max(held.values()))
    finally:
        process.kill()
        process.wait()
    assert counts == sorted(counts) and counts[-1] > counts[0], "nothing was written meanwhile"
