"""Restoring into PostgreSQL: one transaction, in which the old tables get a schema of their own."""

from __future__ import annotations

import io
from typing import Any

import psycopg2
import sqlalchemy as sa
from psycopg2 import sql
from sqlalchemy.pool import NullPool

from bot.backup.places import Place
from bot.backup.swapping import Swap
from bot.backup.tables import Columns
from bot.errors import InvalidInput


class Server(Place):
    """The schema that the settings lead to. All of its tables are ours."""

    def __init__(self, url: str, schema: str) -> None:
        super().__init__()
        self._schema = schema
        self._engine = sa.create_engine(url, future=True, poolclass=NullPool)

    def open(self) -> None:
        self.database = self.memory = self._engine.connect()
        self.database.begin()
        names = sa.inspect(self.database).get_table_names()
        if not names:
            return
        self.database.execute(sa.schema.CreateSchema(self._schema))
        for name in names:  # with their indexes and sequences
            self._run("ALTER TABLE {} SET SCHEMA {}", name, self._schema)
        self.kept.append(f"the schema {self._schema}")

    def close(self) -> None:
        if hasattr(self, "database"):
            self.database.close()

    def _run(self, statement: str, *names: str, file: io.StringIO | None = None) -> None:
        cursor = self.database.connection.cursor()
        text = sql.SQL(statement).format(*map(sql.Identifier, names)).as_string(cursor)
        if file is None:
            cursor.execute(text)
        else:
            cursor.copy_expert(text, file)

    def _insert(self, table: Any, columns: Columns, rows: list[tuple[Any, ...]]) -> None:
        zone = [kind == "time" for _, kind in columns]
        text = "".join(
            "\t".join(map(_copied, row, zone)) + "\n" for row in rows
        )
        places = ", ".join(["{}"] * len(columns))
        try:
            self._run(
                f"COPY {{}} ({places}) FROM STDIN", table.name, *[name for name, _ in columns],
                file=io.StringIO(text),
            )
        except psycopg2.Error as error:
            # The whole of its text quotes the row, and customers' words are shown to nobody.
            why = error.diag.message_primary or type(error).__name__
            raise InvalidInput(f"table {table.name} can not be loaded: {why}") from error

    def finish(self) -> None:
        for table in self._known.values():
            for column in table.primary_key.columns:
                if isinstance(column.type, sa.Integer):
                    self._number_from(table.name, column)

    def _number_from(self, name: str, column: Any) -> None:
        quoted = self._engine.dialect.identifier_preparer.quote(name)
        sequence = sa.func.pg_get_serial_sequence(quoted, column.name)
        highest = self.database.scalar(sa.select(sa.func.max(column)))
        if highest is not None and self.database.scalar(sa.select(sequence)) is not None:
            self.database.execute(sa.select(sa.func.setval(sequence, highest)))

    def seal(self) -> None:
        """Nothing: the server writes it."""

    def commit(self, swap: Swap) -> None:
        self.database.commit()


def _copied(value: Any, is_time: bool) -> str:
    """Return a value as COPY's text format writes it."""
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if not isinstance(value, str):
        return repr(value)
    if is_time:
        return value + "+00"
    return (
        value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    )
