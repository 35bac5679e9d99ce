"""Notices that the `make` above us was told to stop.

On Ctrl-C the terminal tells the whole foreground group. A script that interrupts `make run` tells
`make` alone, and make, told so, tells its children of SIGTERM but not of SIGINT: it waits for them.
What can be seen is that it took its handler down.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path


def _catches_interrupt(pid: int) -> bool:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return False
    caught = next((line.split()[1] for line in lines if line.startswith("SigCgt:")), "0")
    return bool(int(caught, 16) >> (signal.SIGINT - 1) & 1)


def gave_up() -> Callable[[], bool]:
    """Return a check: our parent has ended, or caught SIGINT and no longer does."""
    parent = os.getppid()
    caught = _catches_interrupt(parent)

    def check() -> bool:
        return os.getppid() != parent or (caught and not _catches_interrupt(parent))

    return check


def watch() -> None:
    """Send ourselves SIGHUP once our parent gave up; returns at once."""
    check = gave_up()

    def wait() -> None:
        while not check():
            time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGHUP)

    threading.Thread(target=wait, name="parent", daemon=True).start()
