"""Backup and restore on both databases, and from one to the other: nothing changes on the way."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import functools
import gzip
import io
import itertools
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot import clock, config, models, setup_steps
from bot.backup import making, migrating, restoring
from bot.backup.on_sqlite import Files
from bot.config import Settings
from bot.conversations.models import Message
from bot.errors import Conflict, InvalidInput, NotFound
from bot.nlu import dialogue
from bot.supervisor import run_info
from tests import databases
from tests.databases import Databases

NASTY = "ğüşıöç İ 🙂 \\N \\ \" ' ; \t tab \r\n line \\n \u2028 $1 {} %s"
# What processes held means nothing after a restore; everything else must be as it was.
FREED = {"conversation": {"lease_owner", "lease_until", "due_at"}, "lease": {"owner", "until"}}


@dataclasses.dataclass
class Shop:
    """One installation: a folder and a database."""

    settings: Settings

    @contextlib.contextmanager
    def connected(self, memory: bool = False) -> Iterator[Any]:
        """Give a connection to the database, or to the dialogue memory."""
        url = self.settings.database
        if memory and url.startswith("sqlite"):
            url = f"sqlite:///{self.settings.data_dir}/rasa/tracker.sqlite3"
        engine = sa.create_engine(url, future=True, poolclass=sa.pool.NullPool)
        with engine.begin() as connection:
            yield connection

    def rows(self, schema: str | None = None) -> dict[str, list[dict[str, Any]]]:
        """Return every row as Python values by table."""
        found = {}
        for metadata, memory in ((models.Base.metadata, False), (dialogue.Base.metadata, True)):
            with self.connected(memory) as connection:
                if schema:
                    connection.execute(sa.text(f"SET search_path TO {schema}"))
                for table in metadata.sorted_tables:
                    skipped = FREED.get(table.name, set())
                    columns = [c for c in table.columns if c.name not in skipped]
                    rows = connection.execute(sa.select(*columns)).mappings()
                    found[table.name] = sorted(map(dict, rows), key=repr)
        return found

    def backup(self, name: str = "backup.tar.gz", **options: Any) -> Path:
        target = self.settings.data_dir.parent / name
        making.make(self.settings, target, options.get("models", True), lambda _: None)
        return target

    def restore(self, archive: Path, **options: Any) -> restoring.Restored:
        return restoring.restore(
            self.settings, archive, replace=options.get("replace", False),
            catch_up=options.get("catch_up", True), say=lambda _: None,
        )

    def files(self) -> dict[str, bytes]:
        """Return every file below `DATA_DIR` but the databases, by its path."""
        top = self.settings.data_dir
        return {
            p.relative_to(top).as_posix(): p.read_bytes() for p in sorted(top.rglob("*"))
            if p.is_file() and ".sqlite3" not in p.name and p.name != "supervisor.lock"
        }


New = Callable[[str], Shop]


@pytest.fixture
def new(all_databases: Databases, tmp_path: Path) -> Iterator[New]:
    """Return a function that makes an installation without tables on a kind of database."""
    with contextlib.ExitStack() as stack:
        yield _maker(all_databases, tmp_path, stack)


@pytest.fixture(scope="module")
def saved(
    all_databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], tuple[Shop, Path]]]:
    """Return a function that gives a filled installation and its backup, for who changes neither."""
    with contextlib.ExitStack() as stack:
        make = _maker(all_databases, tmp_path_factory.mktemp("saved"), stack)

        @functools.cache
        def filled(kind: str) -> tuple[Shop, Path]:
            shop = make(kind)
            fill(shop)
            return shop, shop.backup()

        yield filled


def _maker(all_databases: Databases, top: Path, stack: contextlib.ExitStack) -> New:
    numbers = itertools.count()

    def make(kind: str) -> Shop:
        folder = top / f"shop{next(numbers)}" / "var"
        environment = {"DATA_DIR": str(folder)}
        if kind == "postgresql":
            url = stack.enter_context(all_databases.fresh(kind))
            environment["DATABASE_URL"] = url
            engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
            with engine.begin() as connection:
                connection.execute(sa.text("DROP SCHEMA public CASCADE"))
                connection.execute(sa.text("CREATE SCHEMA public"))
        return Shop(config.from_environment(environment))

    return make


def fill(shop: Shop) -> None:
    """Make all tables, put rows of every kind of value into each, and files beside them."""
    (shop.settings.data_dir / "rasa").mkdir(parents=True)
    with shop.connected() as connection:
        migrating.migrate(connection)
    with shop.connected(memory=True) as connection:
        dialogue.Base.metadata.create_all(connection)
    keys: dict[str, list[Any]] = {}
    for metadata, memory in ((models.Base.metadata, False), (dialogue.Base.metadata, True)):
        with shop.connected(memory) as connection:
            for table in metadata.sorted_tables:
                for i in range(3):
                    row = {c.name: value(c, i, keys) for c in table.columns}
                    connection.execute(table.insert().values(**row))
                    for column in table.primary_key.columns:
                        keys.setdefault(f"{table.name}.{column.name}", []).append(row[column.name])
    for name in ("media/ab/ab01", "models/m1.tar.gz", "models/live", "labels.yml", "demo-logins"):
        path = shop.settings.data_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(1000) + name.encode())
    (shop.settings.data_dir / "demo-logins").chmod(0o600)


def value(column: Any, i: int, keys: dict[str, list[Any]]) -> Any:
    """Return the value of a column in the i-th row: ordinary, nasty, absent."""
    for key in column.foreign_keys:
        return keys[key.target_fullname][i]
    if i == 2 and column.nullable:
        return sa.null()
    kind = getattr(column.type, "impl", column.type)  # what our own types and variants are made of
    if isinstance(kind, sa.Boolean):
        return i == 1
    if isinstance(kind, sa.JSON):
        return [{}, {"a": [1, 0.1, None, NASTY]}, None][i]  # the last one is JSON's own null
    if isinstance(kind, sa.Date):
        return dt.date(2026, 11, 1 + i)
    if isinstance(kind, sa.DateTime):
        return dt.datetime(2026, 11, 24, 8, 0, i, [0, 1, 999_999][i], tzinfo=dt.timezone.utc)
    if isinstance(kind, sa.Float):
        return [0.0, 1764000000.123457, 0.1][i]
    if isinstance(kind, sa.Integer):
        return 100 * (i + 1)
    assert isinstance(kind, sa.String), kind
    text = f"{i}" + [" ordinary", NASTY * 3, ""][i]
    return text[: kind.length] if kind.length else text


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


def _cut(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0x10]) + data[middle + 1 :]


def _rewritten(change: Callable[[str, bytes], bytes | None]) -> Callable[[bytes], bytes]:
    """Return a function that writes a sound tar anew, with other content."""

    def rewrite(data: bytes) -> bytes:
        out = io.BytesIO()
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as old:
            with tarfile.open(fileobj=out, mode="w:gz") as made:
                for entry in old:
                    content = change(entry.name, old.extractfile(entry).read())  # type: ignore[union-attr]
                    if content is not None:
                        entry.size = len(content)
                        made.addfile(entry, io.BytesIO(content))
        return out.getvalue()

    return rewrite


SPOILED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut off": (_cut, "damaged"),
    "a bit turned": (_flipped, "damaged"),
    "no archive": (lambda _: b"once upon a time", "no backup"),
    "another tar": (_rewritten(lambda n, d: None if n == "backup.json" else d), "no backup"),
    "a name altered": (
        _rewritten(lambda n, d: d.replace(b"ordinary", b"another1") if "customer" in n else d),
        "customer.*not what was written",
    ),
    "a file altered": (
        _rewritten(lambda n, d: d + b"!" if n.endswith("ab01") else d), "ab01 is not what",
    ),
    "a table left out": (
        _rewritten(lambda n, d: None if "/lease/" in n else d), "lease.*not what was written"),
    "no manifest": (_rewritten(lambda n, d: None if n == "manifest.json" else d), "end is missing"),
    "a later format": (
        _rewritten(lambda n, d: d.replace(b'"format": 1', b'"format": 2')), "format 2",
    ),
    "a later migration": (
        _rewritten(lambda n, d: d.replace(migrating.head().encode(), b"ffffffffffff")),
        "this version does not have",
    ),
}


@pytest.mark.parametrize(
    ("kind", "how"), [*(("sqlite", how) for how in SPOILED), ("postgresql", "a table left out")]
)
def test_what_is_not_sound_changes_nothing(
    saved: Callable[[str], tuple[Shop, Path]], tmp_path: Path, kind: str, how: str
) -> None:
    (spoil, says), (shop, archive) = SPOILED[how], saved(kind)
    spoiled = tmp_path / "spoiled.tar.gz"
    spoiled.write_bytes(spoil(archive.read_bytes()))
    before, files = shop.rows(), shop.files()
    with pytest.raises(InvalidInput, match=says):
        shop.restore(spoiled, replace=True)
    assert shop.rows() == before and shop.files() == files
    with pytest.raises(InvalidInput, match=says):
        restoring.check(spoiled, lambda _: None)
    assert restoring.check(archive, lambda _: None).rows == sum(map(len, before.values()))


def test_a_name_can_not_lead_out_of_the_folder(new: New) -> None:
    shop = new("sqlite")
    fill(shop)
    archive = shop.backup()
    out = io.BytesIO()
    with gzip.open(archive) as raw, tarfile.open(fileobj=io.BytesIO(raw.read())) as old:
        with tarfile.open(fileobj=out, mode="w:gz") as made:
            for entry in old:
                content = old.extractfile(entry)
                entry.name = entry.name.replace("files/media/ab", "files/media/../../../evil")
                made.addfile(entry, content)
    archive.write_bytes(out.getvalue())
    with pytest.raises(InvalidInput, match="which no backup does"):
        new("sqlite").restore(archive)
    assert not list(archive.parent.parent.rglob("evil*"))


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


def test_a_log_of_the_old_database_never_meets_the_new_one(new: New) -> None:
    """A write-ahead log beside a database that it does not belong to would be taken for its own."""
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
    shop.restore(archive, replace=True)
    assert shop.rows() == before
    [aside] = shop.settings.data_dir.glob("before-restore-*")
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
                "attempts": 0, "claim_owner": "host:1:2:3", "claim_until": 1e12, "attributes": {},
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


def test_files_on_sqlite_are_private_before_they_are_whole(tmp_path: Path) -> None:
    place = Files(tmp_path / "a.sqlite3", tmp_path / "b.sqlite3", tmp_path / "aside")
    place.open()
    assert {p.stat().st_mode & 0o777 for p in tmp_path.iterdir()} == {0o600}
    place.close()
    assert not list(tmp_path.iterdir())
