"""Which processes a stack has: by the tree of its supervisor, and by what they were started with."""

from __future__ import annotations

import collections
from pathlib import Path

from tests.processes import alive

_NAMES = (
    ("lifeline", "supervisor/lifeline.py"), ("actions", "bot.actions_server"),
    ("worker", "bot.worker"), ("clock", "bot.scheduler"), ("web", "gunicorn"), ("rasa", "rasa run"),
    ("redis", "redis-server"), ("supervisor", "bot up"),
)


def name_of(pid: int) -> str:
    """Return what a process is called here; `gone` and `other` for what is none of ours."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return "gone"
    return next((name for name, words in _NAMES if words in line), "other")


def family(supervisor: int) -> dict[int, str]:
    """Return the supervisor and all below it, by id; below its own children `NAME child`."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if fields[0] != "Z":
                children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = {supervisor: "supervisor"}
    todo = [(pid, "") for pid in children.get(supervisor, [])]
    while todo:
        pid, above = todo.pop()
        found[pid] = f"{above} child" if above else name_of(pid)
        todo += [(child, found[pid]) for child in children.get(pid, [])]
    return found


def of_folder(data_dir: Path) -> dict[int, str]:
    """Return every process of this machine that was started for a DATA_DIR, wherever it hangs."""
    wanted = f"DATA_DIR={data_dir}".encode()
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                found[int(entry.name)] = name_of(int(entry.name))
        except OSError:
            continue
    return {pid: name for pid, name in found.items() if alive([pid])}


def expected(web_workers: int, each: int = 1) -> dict[str, int]:
    """Return how often each process of a stack must run that has `each` of those that may be many.

    `web_workers` are the children of one web process.
    """
    return {
        "supervisor": 1, "lifeline": 1, "redis": 1, "actions": 1, "web": each,
        "web child": each * web_workers, "rasa": each, "worker": each, "clock": each,
    }


def wrong(supervisor: int, data_dir: Path, web_workers: int, each: int = 1) -> list[str]:
    """Return what is wrong with the processes of a stack; nothing when it has what is expected."""
    tree, wanted = family(supervisor), expected(web_workers, each)
    counts = dict(collections.Counter(tree.values()))
    problems = []
    if counts != wanted:
        problems.append(f"the supervisor's tree is {counts}, not {wanted}")
    strays = {pid: name for pid, name in of_folder(data_dir).items() if pid not in tree}
    if strays:
        problems.append(f"processes run beside the supervisor's tree: {strays}")
    return problems


def memory_mb(pid: int) -> float:
    """Return a process's memory with its share of what it has with others (PSS), 0.0 when gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return next(
        (int(line.split()[1]) / 1000 for line in text.splitlines() if line.startswith("Pss:")), 0.0
    )


def memory(supervisor: int) -> dict[str, float]:
    """Return the memory of a stack's processes by name, in megabytes."""
    found: dict[str, float] = {}
    for pid, name in family(supervisor).items():
        found[name] = found.get(name, 0.0) + memory_mb(pid)
    return {name: round(value, 1) for name, value in sorted(found.items())}
