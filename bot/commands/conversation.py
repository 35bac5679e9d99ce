"""`conversation`: the desk's own services for scripts. Nothing here that a page could not do."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from bot.commands.messages import as_text
from bot.errors import Conflict, NotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from bot.accounts.models import User


def register(commands: Any) -> None:
    """Add the parsers."""
    group = commands.add_parser("conversation", help="read, take, answer and return conversations")
    actions = group.add_subparsers(metavar="ACTION", required=True)
    listing = _action(actions, "list", "the waiting conversations, or others", _list)
    listing.add_argument(
        "--which", choices=("waiting", "mine", "recent"), default="waiting",
        help="waiting for a person (default), taken by me, or the latest of all",
    )
    _on_one(_action(actions, "show", "one conversation with its messages", _show))
    _on_one(_action(actions, "take", "take it over from the bot or the queue", _take))
    reply = _action(actions, "reply", "answer as the person who has taken it", _reply)
    _on_one(reply)
    reply.add_argument("text", metavar="TEXT", help="the answer, or - to read standard input")
    _on_one(_action(actions, "hand-back", "give it back to the bot", _hand_back))
    _on_one(_action(actions, "resolve", "mark its case as resolved", _resolve))


def _action(actions: Any, name: str, text: str, run: Any) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = actions.add_parser(name, help=text)
    made.add_argument("--as", dest="email", metavar="EMAIL", required=True,
                      help="the person in whose name this is done")
    made.add_argument("--json", action="store_true", help="write JSON")
    made.set_defaults(run=run)
    return made


def _on_one(action: argparse.ArgumentParser) -> None:
    action.add_argument("conversation", metavar="ID", help="the conversation's id")


def _user(session: Session, email: str) -> User:
    from bot.accounts import queries

    user = queries.by_email(session, email)
    if user is None or not user.is_active:
        raise NotFound(f"there is no active user {email}")
    return user


def _print(options: argparse.Namespace, rows: Iterable[dict[str, Any]]) -> None:
    for row in rows:
        if options.json:
            print(json.dumps(row, ensure_ascii=False, default=as_text))
        else:
            shown = ((k, " ".join(as_text(v).split())) for k, v in row.items() if v is not None)
            print("  ".join(f"{name}={text}" for name, text in shown if text))


def _one(session: Session, uid: str) -> dict[str, Any]:
    from bot.conversations import queries

    found = queries.conversation(session, uid)
    if found is None:
        raise NotFound(f"there is no conversation {uid}")
    return found


def _list(options: argparse.Namespace) -> int:
    from bot import db
    from bot.conversations import queries

    with db.read() as session:
        user = _user(session, options.email)
        if options.which == "mine":
            rows = queries.mine(session, int(user.id))
        elif options.which == "recent":
            rows = queries.recent(session)
        else:
            rows = queries.waiting(session)
        _print(options, rows)
    return 0


def _show(options: argparse.Namespace) -> int:
    from bot import db
    from bot.conversations import queries

    with db.read() as session:
        _user(session, options.email)
        found = _one(session, options.conversation)
        thread = queries.thread(session, found["id"])
    if options.json:
        print(json.dumps({**found, "messages": thread}, ensure_ascii=False, default=as_text))
    else:
        _print(options, [found, *thread])
    return 0


def _change(options: argparse.Namespace, change: Callable[[Session, int, int], object]) -> int:
    """Do something in the name of a person, print the conversation as it is then."""
    from bot import db, wiring

    wiring.wire("command")
    try:
        with db.write() as session:
            user = _user(session, options.email)
            change(session, int(_one(session, options.conversation)["id"]), int(user.id))
    except Conflict as error:  # its message is the name of the one who has it
        holder = f"it is taken by {error}" if str(error) else "nobody has taken it: take it first"
        raise Conflict(holder) from error
    with db.read() as session:
        _print(options, [_one(session, options.conversation)])
    return 0


def _take(options: argparse.Namespace) -> int:
    from bot.conversations.handover import service

    return _change(options, service.claim)


def _reply(options: argparse.Namespace) -> int:
    from bot.conversations.handover import desk

    text = sys.stdin.read() if options.text == "-" else options.text
    return _change(
        options, lambda session, conversation, user: desk.reply(session, conversation, user, text)
    )


def _hand_back(options: argparse.Namespace) -> int:
    from bot.conversations.handover import service

    return _change(options, service.hand_back)


def _resolve(options: argparse.Namespace) -> int:
    from bot.conversations.handover import service

    return _change(options, service.resolve)
