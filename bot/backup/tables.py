"""Rows as lines of JSON, the same for SQLite and PostgreSQL.

One line a row, a list of values in the order of the table's columns. Times are UTC without a zone
(`2026-11-24 08:00:00.000000`), JSON columns the very text that the database holds, truth values
`true` and `false`. So a shop that began on SQLite moves to PostgreSQL by a backup and a restore.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.backup.archive import Writer, damaged
from bot.errors import ConfigurationError
from bot.nlu import dialogue

VERSIONS = "alembic_version"
MEMORY = frozenset(dialogue.Base.metadata.tables)
"""Names of the dialogue memory's tables; on PostgreSQL they lie beside the others."""

_KINDS: tuple[tuple[Any, str], ...] = (
    (sa.Boolean, "boolean"), (sa.JSON, "json"), (sa.DateTime, "time"), (sa.Date, "date"),
    (sa.Integer, "integer"), (sa.Float, "number"), (sa.String, "text"),
)
_CHUNK = 4 * 1024 * 1024  # bytes of a member; a tar must know a size before the bytes
_ROWS = 500  # fetched at once
Columns = list[tuple[str, str]]


def kind_of(column: Any) -> str:
    """Return a column's kind in the archive; raise ConfigurationError for a type without one."""
    for known, kind in _KINDS:
        if isinstance(column.type, known):
            return kind
    raise ConfigurationError(
        f"column {column.table.name}.{column.name} has a type that backups do not know"
    )


def reflected(connection: Connection, memory: bool) -> list[sa.Table]:
    """Return the tables that a database has, or those of the dialogue memory, parents first.

    They are read from the database, not from our models: an older one can be saved, too.
    """
    metadata = sa.MetaData()
    names = set(sa.inspect(connection).get_table_names()) - {VERSIONS}
    metadata.reflect(bind=connection, only=sorted(names & MEMORY if memory else names - MEMORY))
    return list(metadata.sorted_tables)


def describe(connection: Connection, table: sa.Table) -> dict[str, Any]:
    """Return {columns, rows, last_id} of a table; `last_id` is null where ids are no numbers."""
    columns = [(c.name, kind_of(c)) for c in table.columns]
    rows = connection.scalar(sa.select(sa.func.count()).select_from(table))
    counted = dict(columns).get("id") == "integer"
    last = connection.scalar(sa.select(sa.func.max(table.c.id))) if counted else None
    return {"columns": columns, "rows": rows, "last_id": last}


def dump(
    connection: Connection, table: sa.Table, writer: Writer, folder: str,
    progress: Callable[[int], None],
) -> None:
    """Write all rows of a table as members `<folder>/<table>/<number>.jsonl`."""
    query = sa.select(*[_plain(c, connection.dialect.name) for c in table.columns])
    result = connection.execution_options(stream_results=True).execute(query)
    lines: list[bytes] = []
    size = number = count = 0
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

    def flush() -> None:
        nonlocal size, number
        number += 1
        writer.add(f"{folder}/{table.name}/{number:06d}.jsonl", b"".join(lines))
        lines.clear()
        size = 0

    for part in result.partitions(_ROWS):
        for row in part:
            line = encode(tuple(row)).encode() + b"\n"
            lines.append(line)
            size += len(line)
            if size >= _CHUNK:
                flush()
        count += len(part)
        progress(count)
    if lines:
        flush()


def rows_of(data: bytes, columns: Columns) -> Iterator[list[Any]]:
    """Yield the rows of a member; raise InvalidInput when it is none."""
    for line in data.splitlines():
        try:
            row = json.loads(line)
        except ValueError as error:
            raise damaged(error) from error
        if not isinstance(row, list) or len(row) != len(columns):
            raise damaged("a row has another number of values than its table")
        yield row


def check_columns(table: sa.Table, columns: Sequence[tuple[str, str]]) -> None:
    """Raise InvalidInput unless a table of the archive fits the one that the migrations made."""
    missing = [name for name, _ in columns if name not in table.columns]
    if missing:
        raise damaged(f"table {table.name} has no column {', '.join(missing)}")


def _plain(column: Any, dialect: str) -> Any:
    """Return the expression that gives a column's value as the archive writes it."""
    kind = kind_of(column)
    if kind not in ("json", "time", "date"):
        return column
    if dialect == "sqlite":
        return sa.type_coerce(column, sa.Text)  # that is how SQLite holds it
    if kind == "time":
        utc = sa.func.timezone("UTC", column)
        return sa.func.to_char(utc, "YYYY-MM-DD HH24:MI:SS.US", type_=sa.Text)
    return sa.cast(column, sa.Text)
