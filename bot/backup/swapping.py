"""The moment in which restored data takes the place of the old: renames, done all or none."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from bot.backup import scratch
from bot.errors import Conflict

MOUNTS = Path("/proc/self/mountinfo")  # https://www.kernel.org/doc/html/latest/filesystems/proc.html
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Say = Callable[[str], None]


class Swap:
    """Renames that can be taken back."""

    def __init__(self) -> None:
        self._moved: list[tuple[Path, Path]] = []
        self._made: list[Path] = []

    def move(self, source: Path, target: Path) -> None:
        """Rename a file or folder, within one mount; the folder of the target is made if missing."""
        if not target.parent.exists():
            target.parent.mkdir(parents=True, mode=0o700)
            self._made.append(target.parent)
        os.rename(source, target)
        self._moved.append((source, target))

    def undo(self, say: Say) -> None:
        """Put everything back; say what could not be, and where it lies."""
        for source, target in reversed(self._moved):
            try:
                os.rename(target, source)
            except OSError as error:
                say(f"{target} could not be put back as {source}: {error.strerror}")
        for folder in self._made:
            with contextlib.suppress(OSError):  # what could not be put back lies there
                folder.rmdir()

    def sync(self) -> None:
        """Have the new names on the disk."""
        for folder in {path.parent for pair in self._moved for path in pair}:
            with contextlib.suppress(OSError):
                scratch.sync(folder)


@contextlib.contextmanager
def together(say: Say) -> Iterator[Swap]:
    """Give a Swap that is taken back when anything fails; nobody's Ctrl-C comes between."""
    swap = Swap()
    with _undisturbed():
        try:
            yield swap
        except BaseException:
            swap.undo(say)
            raise
        swap.sync()


def is_movable(path: Path, folder: Path) -> bool:
    """Tell whether a path can be renamed into a folder: both on one mount, and it no mount itself."""
    return _mount_of(path) == _mount_of(folder / "x")


def require_movable(path: Path, folder: Path) -> None:
    """Raise Conflict unless what is there can be renamed into a folder."""
    if os.path.lexists(path) and not is_movable(path, folder):
        raise Conflict(
            f"{path} is a mount of its own and can not be moved aside; nothing was changed. Restore "
            "into a DATA_DIR without mounts in it, and copy from there what belongs on this one"
        )


def _mount_of(path: Path) -> Path:
    """Return the mount point that a path lies on; the path need not exist, nor is its end followed."""
    real = path.parent.resolve() / path.name
    points = {Path(_unescaped(line.split(" ")[4])) for line in MOUNTS.read_text().splitlines()}
    return next((p for p in (real, *real.parents) if p in points), Path("/"))


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # signals come to the main thread, and only that may say what they do
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
