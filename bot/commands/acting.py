"""What the commands share that are done in a person's name: parsers, the person, the output."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from bot.commands.messages import as_text
from bot.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from bot.accounts.models import User


def action(actions: Any, name: str, text: str, run: Any) -> argparse.ArgumentParser:
    """Add the parser of an action that needs a person and may write JSON."""
    made: argparse.ArgumentParser = actions.add_parser(name, help=text)
    made.add_argument("--as", dest="email", metavar="EMAIL", required=True,
                      help="the person in whose name this is done")
    made.add_argument("--json", action="store_true", help="write JSON")
    made.set_defaults(run=run)
    return made


def user(session: Session, email: str) -> User:
    """Return the active user with an e-mail address; NotFound without one."""
    from bot.accounts import queries

    found = queries.by_email(session, email)
    if found is None or not found.is_active:
        raise NotFound(f"there is no active user {email}")
    return found


def write(options: argparse.Namespace, rows: Iterable[dict[str, Any]]) -> None:
    """Write rows to standard output, one a line: JSON if asked for, else name=value."""
    for row in rows:
        if options.json:
            print(json.dumps(row, ensure_ascii=False, default=as_text))
        else:
            shown = ((k, " ".join(as_text(v).split())) for k, v in row.items() if v is not None)
            print("  ".join(f"{name}={text}" for name, text in shown if text))
