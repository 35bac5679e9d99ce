"""Making a backup: everything that can not be made anew, in one file, while the stack runs."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import errno
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from bot import clock
from bot.backup import files, picture, scratch, tables
from bot.backup.archive import Writer
from bot.config import Settings
from bot.errors import Conflict

Say = Callable[[str], None]
_SPEAK_EVERY = 3.0  # seconds
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS)  # a file system of one name a file, as FAT


@dataclasses.dataclass(frozen=True)
class Made:
    """What was written: the file, its size in bytes, how many rows and files it holds."""

    path: Path
    size: int
    rows: int
    files: int
    seconds: float


def make(settings: Settings, target: Path, with_models: bool, say: Say) -> Made:
    """Write a backup to `target`, or into it under a name of the time when it is a folder.

    The file has mode 600, since it holds what customers wrote and the generated secrets, and
    appears only when it is whole. Raises Conflict when there is a file of this name.
    """
    begun = time.monotonic()
    if target.is_dir():
        target = target / time.strftime("destek-%Y%m%d-%H%M%S.tar.gz", time.gmtime(clock.real()))
    if target.exists():
        raise _taken(target)
    folder = target.resolve().parent
    scratch.sweep(folder)
    with _appearing(target) as file, picture.taken(settings, folder) as seen:
        about, rows = _describe(settings, seen, with_models)
        say(f"{rows} rows at migration {seen.head}")
        writer = Writer(file, about)
        _dump(seen, about, writer, say)
        count = 0
        for name, path in files.walk(settings.data_dir, files.kept(with_models)):
            count += writer.add_file(f"files/{name}", path)
        writer.finish()
    return Made(target, target.stat().st_size, rows, count, time.monotonic() - begun)


def _describe(
    settings: Settings, seen: picture.Picture, with_models: bool
) -> tuple[dict[str, Any], int]:
    def described(connection: Any, memory: bool) -> dict[str, Any]:
        if connection is None:
            return {}
        return {
            t.name: tables.describe(connection, t) for t in tables.reflected(connection, memory)
        }

    about: dict[str, Any] = {
        "product": "destek", "head": seen.head,
        "made_at": dt.datetime.fromtimestamp(clock.real(), clock.UTC).isoformat(),
        "shop_time": clock.now().isoformat(),
        "made_from": "sqlite" if picture.database_file(settings) else "postgresql",
        "files": files.kept(with_models),
        "database": described(seen.database, False), "memory": described(seen.memory, True),
    }
    rows = sum(t["rows"] for part in ("database", "memory") for t in about[part].values())
    return about, rows


def _dump(seen: picture.Picture, about: dict[str, Any], writer: Writer, say: Say) -> None:
    for folder, connection in (("database", seen.database), ("memory", seen.memory)):
        if connection is None:
            continue
        for table in tables.reflected(connection, folder == "memory"):
            total = about[folder][table.name]["rows"]
            tables.dump(connection, table, writer, folder, speaking(say, table.name, total))


def speaking(say: Say, name: str, total: int) -> Callable[[int], None]:
    """Return a function that says how far a table is, every few seconds."""
    spoke = time.monotonic()

    def progress(count: int) -> None:
        nonlocal spoke
        if time.monotonic() - spoke > _SPEAK_EVERY:
            spoke = time.monotonic()
            say(f"{name}: {count} of {total} rows")

    return progress


@contextlib.contextmanager
def _appearing(target: Path) -> Iterator[IO[bytes]]:
    """Give a file of mode 600 that gets its name once it is whole and on the disk."""
    with scratch.named(target.resolve().parent, scratch.PART) as (handle, path):
        with os.fdopen(handle, "wb", closefd=False) as file:
            yield file
            file.flush()
            os.fsync(handle)
        _give_name(path, target)
        scratch.sync(path.parent)


def _give_name(path: Path, target: Path) -> None:
    """Let a whole file appear, unless something has got the name meanwhile."""
    try:
        try:
            os.link(path, target)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            path.rename(target)
    except FileExistsError as error:
        raise _taken(target) from error


def _taken(target: Path) -> Conflict:
    return Conflict(f"{target} is there already; a backup never replaces another one")
