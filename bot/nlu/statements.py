"""SQL of the dialogue memory, built and compiled once for each kind of database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.nlu.dialogue import DialogueEvent, DialogueSnapshot

_event, _snapshot = DialogueEvent.__table__, DialogueSnapshot.__table__
_sender = sa.bindparam("sender", type_=sa.String)
_id = sa.bindparam("id", type_=sa.BigInteger)


class Statement:
    """A statement with named parameters (`sender`, `id`, ...). Compiling it anew would cost more
    than running it.
    """

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._compiled: dict[str, Any] = {}

    def __call__(self, connection: Connection, **values: Any) -> Any:
        """Run it; return SQLAlchemy's result."""
        compiled = self._for(connection)
        return connection.exec_driver_sql(compiled.string, _ordered(compiled, values))

    def each(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it for each set of values, one after the other."""
        compiled = self._for(connection)
        connection.exec_driver_sql(compiled.string, [_ordered(compiled, row) for row in rows])

    def _for(self, connection: Connection) -> Any:
        name = connection.dialect.name
        if name not in self._compiled:
            self._compiled[name] = self._statement.compile(dialect=connection.dialect)
        return self._compiled[name]


def _ordered(compiled: Any, values: Mapping[str, Any]) -> Any:
    every = {**compiled.params, **values}
    return tuple(every[name] for name in compiled.positiontup) if compiled.positional else every


NEWEST = Statement(  # the newest first
    sa.select(_event.c.id, _event.c.type_name, _event.c.data)
    .where(_event.c.sender_id == _sender)
    .order_by(_event.c.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)
SINCE = Statement(
    sa.select(_event.c.id, _event.c.type_name, _event.c.data)
    .where(_event.c.sender_id == _sender, _event.c.id > _id)
    .order_by(_event.c.id)
)
FIRST_SNAPSHOT_FROM = Statement(
    sa.select(_snapshot.c.event_id, _snapshot.c.data)
    .where(_snapshot.c.sender_id == _sender, _snapshot.c.event_id >= _id)
    .order_by(_snapshot.c.event_id)
    .limit(1)
)
LAST_SNAPSHOT_BEFORE = Statement(
    sa.select(_snapshot.c.event_id, _snapshot.c.data)
    .where(_snapshot.c.sender_id == _sender, _snapshot.c.event_id < _id)
    .order_by(_snapshot.c.event_id.desc())
    .limit(1)
)
ADD_EVENT = Statement(
    sa.insert(_event)
    .values(
        sender_id=_sender, type_name=sa.bindparam("kind"), timestamp=sa.bindparam("at"),
        data=sa.bindparam("data"),
    )
    .inline()
)  # fmt: skip
SINCE_SNAPSHOT = Statement(  # how many events have no snapshot yet, and the last of them
    sa.select(sa.func.count(), sa.func.max(_event.c.id)).where(
        _event.c.sender_id == _sender,
        _event.c.id > sa.func.coalesce(
            sa.select(sa.func.max(_snapshot.c.event_id))
            .where(_snapshot.c.sender_id == _sender)
            .scalar_subquery(),
            0,
        ),
    )
)  # fmt: skip
SNAPSHOTS = Statement(  # the newest first
    sa.select(_snapshot.c.event_id)
    .where(_snapshot.c.sender_id == _sender)
    .order_by(_snapshot.c.event_id.desc())
)
ADD_SNAPSHOT = Statement(
    sa.insert(_snapshot)
    .values(sender_id=_sender, event_id=_id, data=sa.bindparam("data"))
    .inline()
)
DROP_SNAPSHOT = Statement(
    sa.delete(_snapshot).where(_snapshot.c.sender_id == _sender, _snapshot.c.event_id == _id)
)
SENDERS = Statement(sa.select(_event.c.sender_id).distinct())
