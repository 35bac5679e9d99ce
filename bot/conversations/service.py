"""Writes to conversations that any room below the brain may need: cases and leases."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db
from bot.conversations.models import Case, Conversation, Lease
from bot.conversations.states import Handling

CASE_SILENCE = dt.timedelta(hours=24)  # an answered case this quiet is over
LEASE_SECONDS = 15.0


class OpenCase(NamedTuple):
    """A running case, as far as who adds to it needs to know."""

    id: int
    answered: bool
    last_activity_at: dt.datetime


_case = Case.__table__
_NEW_CASE = sa.insert(_case)
_RUNNING = db.prepared(
    lambda conversation: sa.select(_case.c.id, _case.c.answered, _case.c.last_activity_at)
    .where(_case.c.conversation_id == conversation, _case.c.closed_at.is_(None))
    .order_by(_case.c.id.desc())
    .limit(1)
)
_CLOSE = db.prepared(
    lambda case, at: sa.update(_case)
    .where(_case.c.id == case)
    .values(closed_at=at, closed_by="silence")
)
_STATE = db.prepared(
    lambda conversation: sa.select(Conversation.state).where(Conversation.id == conversation)
)
_WITH_PEOPLE = (Handling.WAITING.value, Handling.AGENT.value)


def open_case(session: Session, conversation_id: int, now: dt.datetime) -> OpenCase:
    """Return the conversation's running case; opens one when the last is closed or gone quiet.

    Silence closes nothing while the conversation waits for a person or a person has it.
    """
    row = _RUNNING(session, conversation=conversation_id).first()
    if row is not None:
        quiet = row.answered and now - row.last_activity_at > CASE_SILENCE
        if not quiet or _STATE(session, conversation=conversation_id).scalar() in _WITH_PEOPLE:
            return OpenCase(*row)
        _CLOSE(session, case=row.id, at=row.last_activity_at + CASE_SILENCE)
    return OpenCase(new_case(session, conversation_id, now), False, now)


def new_case(session: Session, conversation_id: int, now: dt.datetime) -> int:
    """Open a case of a conversation that has none running; return its id."""
    outcome = session.execute(
        _NEW_CASE, {"conversation_id": conversation_id, "opened_at": now, "last_activity_at": now}
    )
    return int(outcome.inserted_primary_key[0])


def close_quiet_cases(session: Session) -> int:
    """Close cases that were answered and then stayed silent for a day; return how many.

    Not those whose conversation waits for a person or is with one: there an answer is still owed.
    """
    limit = clock.now() - CASE_SILENCE
    owed = sa.select(Conversation.id).where(Conversation.state.in_(_WITH_PEOPLE))
    outcome: Any = session.execute(
        sa.update(Case)
        .where(
            Case.closed_at.is_(None), Case.answered.is_(True), Case.last_activity_at < limit,
            Case.conversation_id.not_in(owed),
        )
        .values(closed_at=clock.now(), closed_by="silence")
        .execution_options(synchronize_session=False)
    )
    return int(outcome.rowcount)


_talk = Conversation.__table__
_TAKE_LEASE = db.prepared(
    lambda conversation, now, owner, until: sa.update(_talk)
    .where(
        _talk.c.id == conversation, sa.or_(_talk.c.lease_until < now, _talk.c.lease_owner == owner)
    )
    .values(lease_owner=owner, lease_until=until)
)
_RELEASE_LEASE = db.prepared(
    lambda conversation, owner: sa.update(_talk)
    .where(_talk.c.id == conversation, _talk.c.lease_owner == owner)
    .values(lease_owner=None, lease_until=0.0)
)


def take_lease(session: Session, conversation_id: int, owner: str) -> bool:
    """Become the one worker of a conversation for `LEASE_SECONDS`; False when another is."""
    now = clock.real()
    got = _TAKE_LEASE(
        session, conversation=conversation_id, now=now, owner=owner, until=now + LEASE_SECONDS
    )
    return bool(got.rowcount == 1)


def release_lease(session: Session, conversation_id: int, owner: str) -> None:
    """Give the conversation back; harmless when the lease was lost meanwhile."""
    _RELEASE_LEASE(session, conversation=conversation_id, owner=owner)


def take_named_lease(session: Session, name: str, owner: str, seconds: float) -> bool:
    """Become the one process that does `name` for so many real seconds."""
    db.insert_once(session, Lease, name=name)
    now = clock.real()
    return db.conditional_update(
        session,
        sa.update(Lease)
        .where(Lease.name == name, sa.or_(Lease.until < now, Lease.owner == owner))
        .values(owner=owner, until=now + seconds),
    )
