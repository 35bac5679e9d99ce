"""Looking at processes of this machine through /proc."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

_NAMES = (
    "bot.actions_server", "bot.worker", "bot.scheduler", "gunicorn", "rasa run", "redis-server",
    "bot.supervisor.lifeline", "bot up",
)


def tree(root: int) -> dict[int, str]:
    """Return a process and all its descendants by id, each with a short name."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found: dict[int, str] = {}
    todo = [root]
    while todo:
        pid = todo.pop()
        found[pid] = _name(pid)
        todo += children.get(pid, [])
    return found


def _name(pid: int) -> str:
    try:
        line = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return "gone"
    return next((name.split(".")[-1] for name in _NAMES if name in line), "other")


def alive(pids: Sequence[int]) -> list[int]:
    """Return which of these processes still run."""
    found = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z":
            found.append(pid)
    return found
