"""Restoring a backup: read once, checked to its end, and only then put in place of what is there.

Nothing is deleted: what was there before is moved aside, and it is said where, before and afterwards.
Until the last step the old data stays as it is, so that a damaged archive, a full disk or a Ctrl-C
changes nothing. That step is a few renames and PostgreSQL's commit: it can not be interrupted, and what
fails in it is taken back. Only a power cut or `kill -9` within it leaves part of both.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from bot import clock
from bot.backup import archive, files, migrating, occupied, swapping, tables
from bot.backup.making import speaking
from bot.backup.on_postgresql import Server
from bot.backup.on_sqlite import Files
from bot.backup.picture import database_file, memory_file
from bot.backup.places import Place
from bot.backup.settling import Settled, settle
from bot.config import Settings
from bot.errors import Conflict, InvalidInput
from bot.supervisor import run_info

Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Restored:
    """What a backup held and what was done with it; `kept` says where the old data is, if any."""

    made_at: str
    rows: int
    files: int
    settled: Settled | None
    kept: tuple[str, ...] = ()


def check(path: Path, say: Say) -> Restored:
    """Read a whole backup without touching anything; raise InvalidInput unless it can be restored."""
    with archive.opened(path) as reader:
        return _read(reader, _Nowhere(), None, say)


def restore(
    settings: Settings, path: Path, *, replace: bool, catch_up: bool, say: Say
) -> Restored:
    """Put a backup in place on these settings' `DATA_DIR` and database; return what was done.

    Raises Conflict while a stack runs there, or when data is there and `replace` is not given;
    InvalidInput when the archive is damaged, or made by a later version. Without `catch_up` the
    providers are not asked for messages that came in since the backup.
    """
    with archive.opened(path) as reader:
        _require_known(reader.about)
        lock = run_info.take_lock(settings.data_dir)
        try:
            occupied.refuse_while_used(settings)
            there = occupied.found(settings)
            if there and not replace:
                raise Conflict(
                    f"there are {there}; with --replace they are moved aside, never deleted"
                )
            return _replace(settings, reader, catch_up, say)
        finally:
            os.close(lock)


def _replace(settings: Settings, reader: archive.Reader, catch_up: bool, say: Say) -> Restored:
    now = clock.real()
    name = time.strftime("before-restore-%Y%m%d-%H%M%S", time.gmtime(now)) + f"-{int(now % 1 * 1000):03d}"
    aside = settings.data_dir.resolve() / name
    with _staging(settings.data_dir) as staged, _place(settings, aside) as place:
        names = [name for name in reader.about["files"] if name in files.kept(True)]
        kept = _planned(aside, names, place)
        place.prepare(str(reader.about["head"]))
        done = _read(reader, place, staged, say)
        place.finish()
        if reader.about["head"] != migrating.head():
            say("bringing the tables to this version's")
            migrating.migrate(place.database)
        with Session(bind=place.database, future=True) as session:
            settled = settle(session, catch_up)
            session.flush()
        place.seal()
        os.sync()
        for where in kept:
            say(f"what is there now goes to {where}")
        say("putting everything in place")
        with swapping.together(say) as swap:
            _put_files(swap, staged, aside, names)
            place.commit(swap)  # last: of PostgreSQL's nothing can be taken back
    return dataclasses.replace(done, settled=settled, kept=kept)


def _planned(aside: Path, names: list[str], place: Place) -> tuple[str, ...]:
    """Return where what is there goes, in words; raise Conflict if some of it can not be moved."""
    for name in names:
        swapping.require_movable(aside.parent / name, aside.parent)
    there = any(os.path.lexists(aside.parent / name) for name in names)
    return tuple(dict.fromkeys([*place.kept, *([str(aside)] if there else [])]))


def _require_known(about: dict[str, Any]) -> None:
    if not migrating.knows(str(about.get("head"))):
        raise InvalidInput(
            f"the backup was made at migration {about.get('head')}, which this version does not "
            "have: restore it with the version that made it, or a later one"
        )


class _Nowhere:
    """Takes rows and keeps none, for a check."""

    def load(self, name: str, columns: tables.Columns, rows: Iterator[list[Any]]) -> int:
        """Count rows."""
        return sum(1 for _ in rows)


def _read(
    reader: archive.Reader, place: Place | _Nowhere, staged: Path | None, say: Say
) -> Restored:
    """Read the archive to its end into a place; raise InvalidInput if it is not what was written."""
    _require_known(reader.about)
    about = {**reader.about["database"], **reader.about["memory"]}
    counts = dict.fromkeys(about, 0)
    progress = {name: speaking(say, name, about[name]["rows"]) for name in about}
    file_count = 0
    for name, stream, mode in reader.members():
        top, _, inside = name.partition("/")
        if top == "files" and inside.partition("/")[0] in reader.about["files"]:
            file_count += 1
            if staged is not None:
                _write(staged / inside, stream, mode)
            continue
        table = inside.partition("/")[0]
        if top not in ("database", "memory") or table not in reader.about[top]:
            raise InvalidInput(f"the archive holds {name!r}, which no backup does")
        columns = [(c, kind) for c, kind in about[table]["columns"]]
        counts[table] += place.load(table, columns, tables.rows_of(stream.read(), columns))
        progress[table](counts[table])
    for table, count in counts.items():
        if count != about[table]["rows"]:
            raise archive.damaged(f"{count} of {about[table]['rows']} rows of {table}")
    return Restored(str(reader.about["made_at"]), sum(counts.values()), file_count, None)


def _write(path: Path, stream: archive.Hashing, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 | (mode & 0o700))
    with os.fdopen(descriptor, "wb") as file:
        while data := stream.read(1024 * 1024):
            file.write(data)


@contextlib.contextmanager
def _staging(data_dir: Path) -> Iterator[Path]:
    """Give an empty folder on the file system of `DATA_DIR`, and take it away afterwards."""
    folder = data_dir.resolve() / ".restoring"
    shutil.rmtree(folder, ignore_errors=True)  # of a restore that was killed
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _place(settings: Settings, aside: Path) -> Iterator[Place]:
    file = database_file(settings)
    place: Place
    if file is not None:
        place = Files(file, memory_file(settings), aside)
    else:
        place = Server(settings.database, aside.name.replace("-", "_"))
    try:
        place.open()
        yield place
    finally:
        place.close()


def _put_files(swap: swapping.Swap, staged: Path, aside: Path, names: list[str]) -> None:
    """Move what the archive held to its place, and what is there aside."""
    for name in names:
        target = aside.parent / name
        if os.path.lexists(target):
            swap.move(target, aside / name)
        if (staged / name).exists():
            swap.move(staged / name, target)
