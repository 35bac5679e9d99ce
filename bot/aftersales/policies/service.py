"""The shop's policies: read the version that holds now, publish a new one."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db
from bot.aftersales.policies.models import Policy
from bot.errors import NotFound


@dataclasses.dataclass(frozen=True)
class PolicyView:
    """One version of one policy; `version` 0 means that the shop has set none."""

    key: str
    version: int
    values: dict[str, Any]

    def basis(self, as_of: dt.datetime, **facts: Any) -> dict[str, Any]:
        """Return the basis of a promise or answer that follows from this policy."""
        return {
            "source": "policy", "record": self.key, "version": self.version,
            "as_of": as_of.isoformat(), **facts,
        }


def find(session: Session, key: str, at: dt.datetime | None = None) -> PolicyView | None:
    """Return the version of a policy that holds at an instant (default: now), or None."""
    holds = sa.select(Policy).where(Policy.key == key, Policy.valid_from <= (at or clock.now()))
    row = session.scalars(
        holds.order_by(Policy.valid_from.desc(), Policy.version.desc()).limit(1)
    ).first()
    return PolicyView(row.key, row.version, dict(row.values)) if row else None


def current(session: Session, key: str, at: dt.datetime | None = None) -> PolicyView:
    """Return the version of a policy that holds; NotFound when the shop has set none."""
    view = find(session, key, at)
    if view is None:
        raise NotFound(f"the shop has no policy named {key}")
    return view


def setting(session: Session, key: str, name: str, default: Any) -> tuple[Any, PolicyView]:
    """Return one value of a policy, or the default, and the policy that it comes from."""
    view = find(session, key) or PolicyView(key, 0, {})
    return view.values.get(name, default), view


def publish(
    session: Session, key: str, values: dict[str, Any], *,
    valid_from: dt.datetime | None = None, source: str = "",
) -> bool:
    """Add a version unless it is there already; tell whether it was added.

    `valid_from` (aware) may lie ahead: until then the version before it holds. Without it the
    version holds from now on, unless the newest one says the same.
    """
    while True:
        versions = sa.select(Policy).where(Policy.key == key).order_by(Policy.version.desc())
        newest = session.scalars(versions.limit(1)).first()
        same = newest
        if valid_from is not None:
            same = session.scalars(versions.where(Policy.valid_from == valid_from).limit(1)).first()
        if same is not None and same.values == values:
            return False
        if db.insert_once(
            session, Policy, key=key, version=newest.version + 1 if newest else 1, values=values,
            source=source, valid_from=valid_from or clock.now(),
        ):
            return True
        session.expire_all()  # another process took the number: look again
