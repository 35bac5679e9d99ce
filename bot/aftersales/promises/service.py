"""The ledger of promises: drafts travel with a reply and are stored in the reply's transaction."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db
from bot.aftersales.promises.models import Promise

_PER_MESSAGE = 100  # promises that one message may hold: room between two messages' numbers


@dataclasses.dataclass(frozen=True)
class PromiseDraft:
    """A promise that is said but not stored yet.

    `due_from` and `due_at` are aware instants in UTC; `due_at` means "at the latest". `basis` says
    what it was computed from: {source, record and/or version, as_of (ISO instant), ...}. `wording`
    is the date or time as the customer reads it. `own` is false for what a carrier or bank keeps.
    """

    kind: str
    due_from: dt.datetime | None
    due_at: dt.datetime | None
    basis: dict[str, Any]
    own: bool = True
    wording: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return the draft as JSON values; `from_data` is the way back."""
        return {
            "kind": self.kind, "basis": self.basis, "own": self.own, "wording": self.wording,
            "due_from": self.due_from.isoformat() if self.due_from else None,
            "due_at": self.due_at.isoformat() if self.due_at else None,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> PromiseDraft:
        """Return the draft that `as_data` described; ValueError or KeyError on anything else."""
        due_from, due_at = data["due_from"], data["due_at"]
        return cls(
            kind=str(data["kind"]), basis=dict(data["basis"]), own=bool(data["own"]),
            wording=str(data["wording"]),
            due_from=dt.datetime.fromisoformat(due_from) if due_from else None,
            due_at=dt.datetime.fromisoformat(due_at) if due_at else None,
        )


def basis(source: str, as_of: dt.datetime, **facts: Any) -> dict[str, Any]:
    """Return a basis: where a promise comes from, as of when, and the facts it rests on."""
    return {"source": source, "as_of": as_of.isoformat(), **facts}


def store(
    session: Session,
    conversation_id: int,
    turn_id: str | None,
    message_id: int | None,
    ordinal: int,
    drafts: Iterable[PromiseDraft],
    *,
    made_by: str = "bot",
) -> int:
    """Write the promises of one message and return how many were new.

    `ordinal` is the message's place in its turn. Storing the same message of a turn again adds
    nothing, so a turn may be repeated.
    """
    stored = 0
    for index, draft in enumerate(drafts):
        stored += db.insert_once(
            session, Promise,
            conversation_id=conversation_id, turn_id=turn_id, message_id=message_id,
            ordinal=ordinal * _PER_MESSAGE + index, kind=draft.kind, due_from=draft.due_from,
            due_at=draft.due_at, basis=draft.basis, wording=draft.wording, made_by=made_by,
            own=draft.own, state="open", created_at=clock.now(),
        )
    return stored


def keep(session: Session, conversation_id: int, kind: str, since: dt.datetime) -> None:
    """Note that what was promised in a conversation since then has been done now."""
    session.execute(
        sa.update(Promise)
        .where(
            Promise.conversation_id == conversation_id, Promise.kind == kind,
            Promise.state == "open", Promise.created_at >= since,
        )
        .values(state="kept", closed_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def open_promises(session: Session, conversation_id: int) -> list[Promise]:
    """Return the promises of a conversation that are neither kept nor broken, soonest first."""
    found = sa.select(Promise).where(
        Promise.conversation_id == conversation_id, Promise.state == "open"
    )
    return list(session.scalars(found.order_by(Promise.due_at, Promise.id)))
