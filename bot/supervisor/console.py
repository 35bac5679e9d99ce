"""What people see: one line each, with the name of the process before it."""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import TextIO

_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92)
_WIDTH = 8


class Console:
    """Prefixes lines; may be used from many threads."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._colour = self._stream.isatty()
        self._names: list[str] = []
        self._guard = threading.Lock()

    def line(self, name: str, text: str) -> None:
        """Write one line of a process. A reader who went away does not stop the stack."""
        with self._guard:
            if name not in self._names:
                self._names.append(name)
            prefix = f"{name:<{_WIDTH}} |"
            if self._colour:
                colour = _COLOURS[self._names.index(name) % len(_COLOURS)]
                prefix = f"\033[{colour}m{prefix}\033[0m"
            with contextlib.suppress(OSError, ValueError):
                self._stream.write(f"{prefix} {text}\n")
                self._stream.flush()

    def plain(self, text: str) -> None:
        """Write text without a prefix."""
        with self._guard, contextlib.suppress(OSError, ValueError):
            self._stream.write(text + "\n")
            self._stream.flush()
