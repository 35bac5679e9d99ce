"""Figures of a run: percentiles, and what processes used, from /proc."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.processes import tree

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_NAMES = {
    "actions_server": "actions", "bot up": "supervisor", "gunicorn": "web", "rasa run": "rasa",
    "redis-server": "redis", "scheduler": "clock",
}


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the values lie; 0.0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Return p50, p95, p99 and the longest, in milliseconds."""
    ordered = sorted(seconds)
    return {
        "p50": round(percentile(ordered, 0.5) * 1000, 1),
        "p95": round(percentile(ordered, 0.95) * 1000, 1),
        "p99": round(percentile(ordered, 0.99) * 1000, 1),
        "max": round(ordered[-1] * 1000, 1) if ordered else 0.0,
    }


def cpu_seconds(pid: int) -> float:
    """Return the processor seconds a process has used, 0.0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICK


def memory_mb(pid: int) -> float:
    """Return the memory that a process has to itself, plus its share of what it has with others.

    (PSS, in megabytes; 0.0 when it is gone.) Resident memory would count forked pages twice.
    """
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024 / 1e6
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0.0
    return 0.0


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process in megabytes, 0.0 when it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return pages * _PAGE / 1e6


def named(roots: Sequence[int]) -> dict[int, str]:
    """Return these processes and all below them, each with the name that a reader knows it by."""
    found: dict[int, str] = {}
    for root in roots:
        found |= {pid: _NAMES.get(name, name) for pid, name in tree(root).items()}
    for pid, name in found.items():
        if name == "rasa" and b"\0actions\0" in _command_line(pid):
            found[pid] = "actions"
    return found


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


class Used:
    """Processor time of processes and their descendants between two moments, by name."""

    def __init__(self, roots: Sequence[int]) -> None:
        self._roots = roots
        self._before = {pid: cpu_seconds(pid) for pid in named(roots)}

    def since(self) -> dict[str, float]:
        """Return the processor seconds used since, by the processes' short names."""
        found: dict[str, float] = {}
        for pid, name in named(self._roots).items():
            found[name] = found.get(name, 0.0) + cpu_seconds(pid) - self._before.get(pid, 0.0)
        return {name: round(value, 2) for name, value in sorted(found.items())}


def memory(roots: Sequence[int], measure: Callable[[int], float] = memory_mb) -> dict[str, float]:
    """Return the memory (megabytes) of processes and their descendants by their short names."""
    found: dict[str, float] = {}
    for pid, name in named(roots).items():
        found[name] = found.get(name, 0.0) + measure(pid)
    return {name: round(value, 1) for name, value in sorted(found.items())}
