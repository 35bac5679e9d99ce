"""The database: the one way to it for all rooms.

`read()` and `write()` are the two ways in. On SQLite every writing transaction opens with BEGIN
IMMEDIATE: a deferred one that upgrades its lock fails under several processes with "database is
locked", whatever the busy timeout. `after_commit` runs what may only happen once the rows are there.
"""

from __future__ import annotations

from bot.db.engines import dispose, engine
from bot.db.grouping import together
from bot.db.sessions import after_commit, read, write
from bot.db.statements import (
    Prepared,
    conditional_update,
    insert_once,
    insert_once_id,
    load,
    prepared,
)
from bot.db.types import Base, BigId, UTCDateTime

__all__ = [
    "Base", "BigId", "Prepared", "UTCDateTime", "after_commit", "conditional_update", "dispose",
    "engine", "insert_once", "insert_once_id", "load", "prepared", "read", "together", "write",
]
