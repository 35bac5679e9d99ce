"""Child processes that can not outlive us.

`start` runs a command in a session (and so a process group) of its own and asks the kernel to kill
it when we die. The kernel's promise holds for the child alone, not for what the child starts: the
supervisor's lifeline covers the rest of the group. This file is also the little program between
fork and exec that asks for the promise: doing so after the fork of a process with threads, in
Python, may lock up.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

_PR_SET_PDEATHSIG = 1
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def start(
    command: Sequence[str], environment: Mapping[str, str], cwd: str,
    stdin: int | IO[str] | None = None, pass_fds: Sequence[int] = (), outlives_us: bool = False,
) -> subprocess.Popen[str]:
    """Start a command; its output (both streams) is to be read from `.stdout`, line by line.

    Must be called from a thread that lives as long as the child: the kernel watches the thread.
    """
    import subprocess

    if not outlives_us:
        command = [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]
    return subprocess.Popen(
        list(command), env=dict(environment), cwd=cwd, text=True, errors="replace", bufsize=1,
        stdin=subprocess.DEVNULL if stdin is None else stdin, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True, pass_fds=tuple(pass_fds),
    )


def readable(lines: Iterable[str], hidden: Sequence[str] = ()) -> Iterator[str]:
    """Yield the lines worth showing: no colours, no blank ones, none that holds a hidden word.

    Lines that are set in after a hidden one (the source that a warning quotes) are hidden with it.
    """
    after_hidden = False
    for line in lines:
        text = _COLOUR.sub("", line).rstrip()
        if after_hidden and text.startswith(" "):
            continue
        after_hidden = any(word in text for word in hidden)
        if text and not after_hidden:
            yield text


def signal_group(group: int, number: int) -> bool:
    """Send a signal to every process of a group; tell whether there was one."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Ask the kernel to send this process a signal when its parent dies (Linux; else nothing)."""
    import ctypes

    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    except (OSError, AttributeError):
        return


def _main(arguments: list[str]) -> None:
    parent, command = int(arguments[0]), arguments[1:]
    die_with_parent()
    if os.getppid() != parent:  # it died before we asked
        sys.exit(1)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit(f"can not start {command[0]}: {error.strerror}")


if __name__ == "__main__":
    _main(sys.argv[1:])
