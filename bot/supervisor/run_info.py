"""`DATA_DIR/run.json` and the lock that keeps two stacks from sharing one `DATA_DIR`."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.errors import Conflict

_LOCK = "supervisor.lock"
_WAIT_FOR_DEAD = 15.0  # seconds for the processes of a supervisor that was killed to end


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def take_lock(data_dir: Path) -> int:
    """Return the file descriptor that holds the lock; raise Conflict while a stack runs here."""
    data_dir.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(data_dir / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + _WAIT_FOR_DEAD
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError:
            owner = os.pread(descriptor, 32, 0).decode().strip()
            if (owner.isdigit() and _alive(int(owner))) or time.monotonic() > deadline:
                os.close(descriptor)
                raise Conflict(
                    f"a stack is already running on {data_dir} (process {owner or 'unknown'}); "
                    "stop it, or set another DATA_DIR and PORT"
                ) from None
            time.sleep(0.1)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def running(data_dir: Path) -> bool:
    """Tell whether a stack runs on this `DATA_DIR`."""
    with contextlib.suppress(FileNotFoundError), open(data_dir / _LOCK) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def write_private(path: Path, text: str) -> None:
    """Write a file with mode 600 in one step, so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    os.replace(temporary, path)


def write(data_dir: Path, info: Mapping[str, Any]) -> None:
    """Write what this run chose: ports, addresses, process ids."""
    write_private(data_dir / "run.json", json.dumps(info, indent=2) + "\n")


def remove(data_dir: Path) -> None:
    """Take the file away after the stack has stopped."""
    (data_dir / "run.json").unlink(missing_ok=True)
