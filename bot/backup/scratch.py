"""Files that have a name while they are written, and what becomes of those of a killed process.

Each is locked for as long as it is written, and the system lets go of the lock of whoever dies. A
process id would not tell: a folder of backups may be shared with other machines and containers, and
theirs are not known here.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

COPY, PART = "copy", "part"
_RANDOM = "?" * 8  # how `mkstemp` ends a name


@contextlib.contextmanager
def named(folder: Path, what: str) -> Iterator[tuple[int, Path]]:
    """Give an empty file of mode 600, as (descriptor, path); its name is gone afterwards.

    `what` is COPY or PART, for who finds it.
    """
    handle, path = _made(folder, what)
    try:
        yield handle, path
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def sweep(folder: Path) -> None:
    """Remove what killed processes left in a folder. Where nothing can be locked, all of it stays."""
    for what in (COPY, PART):
        for path in folder.glob(f".destek-{what}-{_RANDOM}"):
            with contextlib.suppress(OSError):  # locked, gone by now, or another user's
                _remove_unlocked(path)


def sync(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _made(folder: Path, what: str) -> tuple[int, Path]:
    while True:
        handle, name = tempfile.mkstemp(prefix=f".destek-{what}-", dir=folder)
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.path.exists(name):
            return handle, Path(name)
        os.close(handle)  # swept before it was locked


def _remove_unlocked(path: Path) -> None:
    handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    finally:
        os.close(handle)
