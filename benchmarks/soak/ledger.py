"""What the provider holds, in a file: a hundred thousand messages are not kept in memory."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from pathlib import Path
from typing import NamedTuple

_COMMIT_EVERY = 500  # rows; the file is of this run alone, so nothing is lost with the rest


class Held(NamedTuple):
    """A message. `number` counts in the order of acceptance, `at` is in whole seconds since 1970."""

    number: int
    sid: str
    direction: str  # in, out
    address: str  # the customer's, with its prefix
    our_id: str
    body: str
    at: int


class Ledger:
    """Every message in either direction. For one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._base = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=MEMORY", "synchronous=OFF"):
            self._base.execute(f"PRAGMA {pragma}")
        self._base.execute(
            "CREATE TABLE IF NOT EXISTS held (number INTEGER PRIMARY KEY, sid TEXT UNIQUE, direction TEXT, "
            "address TEXT, our_id TEXT, body TEXT, at INTEGER)"
        )
        self._base.execute("CREATE INDEX IF NOT EXISTS by_address ON held (address, direction)")
        self._base.execute("BEGIN")
        self._unsaved = 0

    def keep(self, direction: str, address: str, sid: str, body: str, our_id: str = "") -> Held:
        """Keep a message; one with a known sid is kept once."""
        at = int(time.time())
        number = self._base.execute(
            "INSERT OR IGNORE INTO held (sid, direction, address, our_id, body, at) "
            "VALUES (?, ?, ?, ?, ?, ?)", (sid, direction, address, our_id, body, at),
        ).lastrowid
        self._unsaved += 1
        if self._unsaved >= _COMMIT_EVERY:
            self._base.execute("COMMIT")
            self._base.execute("BEGIN")
            self._unsaved = 0
        return Held(int(number or 0), sid, direction, address, our_id, body, at)

    def one(self, sid: str) -> Held | None:
        """Return a message by its sid."""
        row = self._base.execute("SELECT * FROM held WHERE sid = ?", (sid,)).fetchone()
        return Held(*row) if row else None

    def listed(
        self, direction: str | None, address: str | None, since: int, before: int, size: int
    ) -> list[Held]:
        """Return up to `size` messages since an instant, the newest first, below a number."""
        conditions = ["number < ?", "at >= ?"]
        values: list[object] = [before, since]
        for name, value in (("direction", direction), ("address", address)):
            if value is not None:
                conditions.append(f"{name} = ?")
                values.append(value)
        rows = self._base.execute(
            f"SELECT * FROM held WHERE {' AND '.join(conditions)} ORDER BY number DESC LIMIT ?",
            (*values, size),
        ).fetchall()
        return [Held(*row) for row in rows]

    def sent_to(self, address: str) -> list[Held]:
        """Return what a customer got, in the order of acceptance."""
        rows = self._base.execute(
            "SELECT * FROM held WHERE address = ? AND direction = 'out' ORDER BY number", (address,)
        ).fetchall()
        return [Held(*row) for row in rows]

    def count(self, direction: str) -> int:
        """Return how many messages there are in a direction."""
        query = "SELECT count(*) FROM held WHERE direction = ?"
        return int(self._base.execute(query, (direction,)).fetchone()[0])

    def copy(self, path: Path) -> None:
        """Write everything to another file."""
        self._base.execute("COMMIT")
        self._base.execute("BEGIN")
        with contextlib.closing(sqlite3.connect(path)) as other:
            self._base.backup(other)

    def close(self) -> None:
        """Close the file."""
        self._base.execute("COMMIT")
        self._base.close()
