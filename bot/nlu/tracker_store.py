"""Dialogue memory: the events of each conversation in SQLite or PostgreSQL.

Differs from Rasa's own SQL store in four ways. Errors are raised: Rasa wraps every store in one
that falls back to memory and loses the turn unseen. At most `MAX_EVENTS` events are read back, so
that a turn costs the same after a thousand messages; what older events left behind (slots, an open
form) is kept in snapshots and put in front of them. Sessions are told apart by the order of rows,
not by clock. And no call blocks the event loop while the database is busy.

`endpoints.yml`: `type: bot.nlu.tracker_store.DestekTrackerStore` with `db: <path of the file>`, or
with `url: postgresql://...`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rasa.core.agent import Agent
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore, TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SessionStarted
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy import event as sa_event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import QueuePool

from bot.nlu import statements
from bot.nlu.dialogue import Base, DialogueEvent
from bot.nlu.snapshots import condensed_state

MAX_EVENTS = 100
"""Events of the newest that are read back; a turn adds about six to fifteen."""

SNAPSHOT_EVERY = 20
"""A snapshot is due after so many events, so that a cut is never far from one."""

SNAPSHOTS_KEPT = 12
"""Per conversation; more than fit between the newest event and the oldest that is read."""

_STORED = "_destek_stored"  # set on events that came from, or went to, the database


class DestekTrackerStore(SQLTrackerStore):
    """Tracker store with bounded reads and honest errors (see the module)."""

    Base = Base
    SQLEvent = DialogueEvent

    def __init__(
        self,
        domain: Domain | None = None,
        dialect: str = "sqlite",
        host: str | None = None,
        db: str = "var/dialogue.sqlite3",
        event_broker: EventBroker | None = None,
        **kwargs: Any,
    ) -> None:
        """Open the database and make the tables; raise when that can not be done.

        `host` is where Rasa hands on `url` of endpoints.yml; a whole PostgreSQL address there wins
        over `db`. Rasa's own constructor is left out on purpose: it waits for ever.
        """
        _keep_errors()
        url = _address(host or db) if (host or dialect == "sqlite") else _address(db)
        self.engine = _engine(url)
        try:
            Base.metadata.create_all(self.engine)
        except sa.exc.DatabaseError:
            # Two processes that start together may both make a table; the second look tells.
            Base.metadata.create_all(self.engine)
        # On SQLite a transaction that reads first and writes later fails at once when another
        # process writes in between, whatever the timeout; one that opens as a writer waits.
        self._writer = self.engine.execution_options(begin="IMMEDIATE")
        TrackerStore.__init__(self, domain, event_broker, **kwargs)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Return the tracker of the conversation's latest session, or None."""
        return (await asyncio.to_thread(self._load, sender_id, False))[0]

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """Return the tracker with the newest events of all sessions, or None."""
        return (await asyncio.to_thread(self._load, conversation_id, True))[0]

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Append the tracker's new events in one transaction, with a snapshot when one is due."""
        new = [event for event in tracker.events if not getattr(event, _STORED, False)]
        if not new:
            return
        if self.event_broker is not None:
            await self._stream_new_events(self.event_broker, new, tracker.sender_id)
        await asyncio.to_thread(self._append, tracker, new)
        for event in new:
            setattr(event, _STORED, True)

    async def keys(self) -> Iterable[str]:
        """Return the ids of all conversations."""

        def read() -> list[str]:
            with self.engine.connect() as connection:
                return [row.sender_id for row in statements.SENDERS(connection)]

        return await asyncio.to_thread(read)

    async def open_turn(self, sender_id: str, turn_id: str) -> tuple[DialogueStateTracker, bool]:
        """Return the tracker of the latest session, and whether the turn's id has been seen.

        The tracker is new when there is none. What is looked at are the newest events of all
        sessions, as `retrieve_full_tracker` gives them; an id that was seen may be that of an
        earlier step of the same turn.
        """
        tracker, seen = await asyncio.to_thread(self._load, sender_id, False, turn_id)
        return tracker or self.init_tracker(sender_id), seen

    def _load(
        self, sender_id: str, all_sessions: bool, turn_id: str = ""
    ) -> tuple[DialogueStateTracker | None, bool]:
        with self.engine.connect() as connection:
            rows = _newest(connection, sender_id, MAX_EVENTS)
            if not rows:
                return None, False
            written = json.dumps(turn_id)[1:-1]  # as it stands within the data
            seen = bool(written) and any(written in row.data for row in rows)
            condensed: list[dict[str, Any]] = []
            start = None if all_sessions else _session_start(rows)
            if start is not None:
                rows = rows[start:]
            elif len(rows) == MAX_EVENTS:
                condensed, rows = self._cut(connection, sender_id, rows)
        known = {slot.name for slot in self.domain.slots}
        condensed = [e for e in condensed if e["event"] != "slot" or e["name"] in known]
        events = condensed + [json.loads(row.data) for row in rows]
        tracker = DialogueStateTracker.from_dict(sender_id, events, self.domain.slots)
        for event in tracker.events:
            setattr(event, _STORED, True)
        return tracker, seen

    @staticmethod
    def _cut(
        connection: Connection, sender_id: str, rows: Sequence[Any]
    ) -> tuple[list[dict[str, Any]], Sequence[Any]]:
        """Return the state at the cut and the rows after it, never a cut without its state."""
        first = rows[0].id
        snapshot = statements.FIRST_SNAPSHOT_FROM(connection, sender=sender_id, id=first).first()
        if snapshot is not None:
            return json.loads(snapshot.data), [r for r in rows if r.id > snapshot.event_id]
        # No turn ended cleanly among the newest events: rather read more than lose the state.
        snapshot = statements.LAST_SNAPSHOT_BEFORE(connection, sender=sender_id, id=first).first()
        since = snapshot.event_id if snapshot is not None else 0
        rows = statements.SINCE(connection, sender=sender_id, id=since).all()
        return (json.loads(snapshot.data) if snapshot is not None else []), rows

    def _append(self, tracker: DialogueStateTracker, new: list[Event]) -> None:
        sender = tracker.sender_id
        rows = [
            {
                "sender": sender, "kind": event.type_name, "at": event.timestamp,
                "data": json.dumps(event.as_dict()),
            }
            for event in new
        ]  # fmt: skip
        with self._writer.begin() as connection:
            # One by one: a bulk insert would leave the order of ids to the database.
            statements.ADD_EVENT.each(connection, rows)
            if tracker.latest_action_name == ACTION_LISTEN_NAME and not tracker.followup_action:
                _keep_snapshot(connection, tracker)


def _keep_snapshot(connection: Connection, tracker: DialogueStateTracker) -> None:
    """Store the state at the end of a turn when a snapshot is due, and drop those too old."""
    sender = tracker.sender_id
    since, last = statements.SINCE_SNAPSHOT(connection, sender=sender).one()
    if since < SNAPSHOT_EVERY:
        return
    kept = [row.event_id for row in statements.SNAPSHOTS(connection, sender=sender)]
    data = json.dumps(condensed_state(tracker))
    statements.ADD_SNAPSHOT(connection, sender=sender, id=last, data=data)
    for old in kept[SNAPSHOTS_KEPT - 1 :]:
        statements.DROP_SNAPSHOT(connection, sender=sender, id=old)


def _newest(connection: Connection, sender_id: str, most: int) -> Sequence[Any]:
    """Return the newest rows of a conversation, oldest first."""
    rows = statements.NEWEST(connection, sender=sender_id, most=most).all()
    rows.reverse()
    return rows  # type: ignore[no-any-return]


def _session_start(rows: Sequence[Any]) -> int | None:
    """Return the index of the last session start; nothing before it counts any more."""
    for index in range(len(rows) - 1, -1, -1):
        if rows[index].type_name == SessionStarted.type_name:
            return index
    return None


def _address(where: str) -> str:
    if "://" in where:
        return where.replace("postgres://", "postgresql://", 1)
    path = Path(where).resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{path}"


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return sa.create_engine(url, future=True, pool_pre_ping=True, pool_size=10)
    engine = sa.create_engine(
        url,
        future=True,
        poolclass=QueuePool,
        connect_args={"timeout": 10, "check_same_thread": False},
    )

    @sa_event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA busy_timeout=10000")
        # A crash of a process loses nothing. A power cut may lose the last turns of the dialogue
        # memory only: what was said and promised is kept by the application's own database, and a
        # turn that comes again changes nothing twice. That is worth no disk flush in every turn.
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.close()

    @sa_event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        kind = connection.get_execution_options().get("begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {kind}")

    return engine


def _keep_errors() -> None:
    """Make agents take this store as it is, not inside Rasa's wrapper that swallows errors."""
    wrapped = Agent._create_tracker_store
    if getattr(wrapped, "_destek", False):
        return

    def create(store: TrackerStore | None, domain: Domain) -> TrackerStore:
        if isinstance(store, DestekTrackerStore):
            store.domain = domain
            return store
        return wrapped(store, domain)

    create._destek = True  # type: ignore[attr-defined]
    Agent._create_tracker_store = staticmethod(create)  # type: ignore[method-assign,assignment]
