"""Installations without processes: a folder and a database, filled with rows of every kind."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot import config, models
from bot.backup import making, migrating, restoring
from bot.config import Settings
from bot.nlu import dialogue
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
            catch_up=options.get("catch_up", True), say=options.get("say", lambda _: None),
        )

    def files(self) -> dict[str, bytes]:
        """Return every file below `DATA_DIR` but the databases, by its path."""
        top = self.settings.data_dir
        return {
            p.relative_to(top).as_posix(): p.read_bytes() for p in sorted(top.rglob("*"))
            if p.is_file() and ".sqlite3" not in p.name and p.name != "supervisor.lock"
        }


New = Callable[[str], Shop]


def maker(all_databases: Databases, top: Path, stack: contextlib.ExitStack) -> New:
    """Return a function that makes an installation without tables on a kind of database."""
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
