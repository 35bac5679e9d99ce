"""`ticket`: what people have to do, for scripts. Nothing here that a page could not do."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from bot.commands import acting
from bot.errors import Conflict, NotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def register(commands: Any) -> None:
    """Add the parsers."""
    group = commands.add_parser("ticket", help="read and solve tickets")
    actions = group.add_subparsers(metavar="ACTION", required=True)
    listing = acting.action(actions, "list", "the open tickets, what is due first", _list)
    listing.add_argument("--state", choices=("open", "solved"), default="open")
    for name, text, run in (
        ("show", "one ticket with all that is known", _show),
        ("solve", "mark it as solved", _solve),
    ):
        one = acting.action(actions, name, text, run)
        one.add_argument("ticket", metavar="NUMBER", help="the ticket's number, like T-10001")


def _one(session: Session, number: str) -> dict[str, Any]:
    from bot.conversations.tickets import queries

    found = queries.find(session, number)
    if found is None:
        raise NotFound(f"there is no ticket {number}")
    return found


def _list(options: argparse.Namespace) -> int:
    from bot import db
    from bot.conversations.tickets import queries

    with db.read() as session:
        acting.user(session, options.email)
        acting.write(options, queries.listing(session, options.state))
    return 0


def _show(options: argparse.Namespace) -> int:
    from bot import db

    with db.read() as session:
        acting.user(session, options.email)
        acting.write(options, [_one(session, options.ticket)])
    return 0


def _solve(options: argparse.Namespace) -> int:
    from bot import db, wiring
    from bot.conversations.tickets import service

    wiring.wire("command")
    with db.write() as session:
        user = acting.user(session, options.email)
        found = _one(session, options.ticket)
        if not service.solve(session, found["id"], int(user.id)):
            raise Conflict(f"{found['number']} is solved already")
    with db.read() as session:
        acting.write(options, [_one(session, options.ticket)])
    return 0
