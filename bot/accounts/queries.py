"""Looking people up."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.accounts.models import User


def by_email(session: Session, email: str) -> User | None:
    """Return the user with an e-mail address, whatever its case; also an inactive one."""
    user: User | None = session.scalar(sa.select(User).where(User.email == email.strip().lower()))
    return user


def by_id(session: Session, user_id: int) -> User | None:
    """Return a user by id; also an inactive one."""
    user: User | None = session.get(User, user_id)
    return user


def names(session: Session, user_ids: set[int]) -> dict[int, str]:
    """Return the names of users by id, for those that exist."""
    rows = session.execute(sa.select(User.id, User.name).where(User.id.in_(user_ids)))
    return {int(user_id): str(name) for user_id, name in rows}
