"""Alembic's entry: the same migrations for SQLite (batch mode) and PostgreSQL."""

from __future__ import annotations

import contextlib
from typing import Any

from alembic import context

from bot import db
from bot.models import Base


def _render(kind: str, item: Any, _context: Any) -> str | bool:
    """Write our own column type as the plain one, so that old migrations never import new code."""
    if kind == "type" and isinstance(item, db.UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """Apply migrations on the configured database, or on a connection that the caller gave.

    A caller's transaction stays open: what is built in it appears as a whole or not at all.
    """
    given = context.config.attributes.get("connection")
    with contextlib.nullcontext(given) if given is not None else db.engine().connect() as connection:
        context.configure(
            connection=connection, target_metadata=Base.metadata, render_as_batch=True,
            compare_type=True, render_item=_render,
        )
        with context.begin_transaction():
            context.run_migrations()
        if given is None and connection.in_transaction():
            connection.commit()


run()
