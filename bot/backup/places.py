"""What a backup is loaded into: tables that nobody sees until all of them are in place."""

from __future__ import annotations

import abc
from collections.abc import Iterable
from typing import Any

from sqlalchemy.engine import Connection

from bot.backup import tables
from bot.backup.migrating import migrate
from bot.backup.swapping import Swap
from bot.backup.tables import Columns
from bot.errors import InvalidInput
from bot.nlu import dialogue


class Place(abc.ABC):
    """A database under construction, and the dialogue memory beside it or in it."""

    database: Connection
    memory: Connection

    def __init__(self) -> None:
        self.kept: list[str] = []  # where what is there now is after `commit`, in words
        self._known: dict[str, Any] = {}

    @abc.abstractmethod
    def open(self) -> None:
        """Begin with no tables; from here on `kept` is known."""

    def prepare(self, head: str) -> None:
        """Make the tables as they were when the backup was made."""
        migrate(self.database, head)
        dialogue.Base.metadata.create_all(self.memory)
        for connection, memory in ((self.database, False), (self.memory, True)):
            self._known.update((t.name, t) for t in tables.reflected(connection, memory))

    def load(self, name: str, columns: Columns, rows: Iterable[list[Any]]) -> int:
        """Add rows to a table; return how many. Raises InvalidInput when they do not fit."""
        if name not in self._known:
            raise InvalidInput(f"the archive has a table {name} that its migration does not make")
        tables.check_columns(self._known[name], columns)
        values = [tuple(row) for row in rows]
        self._insert(self._known[name], columns, values)
        return len(values)

    @abc.abstractmethod
    def _insert(self, table: Any, columns: Columns, rows: list[tuple[Any, ...]]) -> None:
        """Add rows to a table."""

    @abc.abstractmethod
    def finish(self) -> None:
        """Check what was loaded; let new rows get numbers after the loaded ones."""

    @abc.abstractmethod
    def seal(self) -> None:
        """Have all of it written, so that what is left to do is short and does not need room."""

    @abc.abstractmethod
    def commit(self, swap: Swap) -> None:
        """Put it in place and what was there aside."""

    @abc.abstractmethod
    def close(self) -> None:
        """Undo what was not committed."""
