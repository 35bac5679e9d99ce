"""`export messages`: a line for every message, in and out. What it does not list does not exist."""

from __future__ import annotations

import argparse
import datetime as dt
import json
from typing import Any

from bot.errors import InvalidInput


def register(commands: Any) -> None:
    """Add the parsers."""
    group = commands.add_parser("export", help="write records out")
    kinds = group.add_subparsers(metavar="WHAT", required=True)
    messages = kinds.add_parser("messages", help="every inbound and outbound message")
    messages.add_argument("--since", metavar="T", help="ISO 8601 instant with zone")
    messages.add_argument("--json", action="store_true", help="one JSON object a line")
    messages.set_defaults(run=_messages)


def instant(text: str | None) -> dt.datetime | None:
    """Return an aware instant from ISO 8601 text; raise InvalidInput without a zone."""
    if not text:
        return None
    try:
        found = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise InvalidInput(f"{text!r} is no ISO 8601 time") from error
    if found.tzinfo is None:
        raise InvalidInput(f"{text!r} has no zone; write for example 2027-03-08T12:59:00+03:00")
    return found


def as_text(value: Any) -> str:
    """Return how a value that JSON does not know is written (times in ISO 8601)."""
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)


def _messages(options: argparse.Namespace) -> int:
    since = instant(options.since)
    from bot import db
    from bot.conversations import queries

    with db.read() as session:
        for row in queries.export_messages(session, since):
            if options.json:
                print(json.dumps(row, ensure_ascii=False, default=as_text))
            else:
                print("  ".join(f"{k}={as_text(v)}" for k, v in row.items() if v is not None))
    return 0
