"""`conversation`: the desk's own services for scripts. Nothing here that a page could not do."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bot.commands import acting
from bot.commands.messages import as_text
from bot.errors import Conflict, NotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def register(commands: Any) -> None:
    """Add the parsers."""
    group = commands.add_parser("conversation", help="read, take, answer and return conversations")
    actions = group.add_subparsers(metavar="ACTION", required=True)
    listing = acting.action(actions, "list", "the waiting conversations, or others", _list)
    listing.add_argument(
        "--which", choices=("waiting", "mine", "recent"), default="waiting",
        help="waiting for a person (default), taken by me, or the latest of all",
    )
    _on_one(acting.action(actions, "show", "one conversation with its messages", _show))
    _on_one(acting.action(actions, "take", "take it over from the bot or the queue", _take))
    reply = acting.action(actions, "reply", "answer as the person who has taken it", _reply)
    _on_one(reply)
    reply.add_argument("text", metavar="TEXT", help="the answer, or - to read standard input")
    _on_one(acting.action(actions, "hand-back", "give it back to the bot", _hand_back))
    _on_one(acting.action(actions, "leave", "put it back into the queue", _leave))
    resolve = acting.action(actions, "resolve", "mark its case as resolved", _resolve)
    _on_one(resolve)
    resolve.add_argument(
        "--solve-tickets", action="store_true", help="and the open tickets of the case as solved"
    )


def _on_one(action: argparse.ArgumentParser) -> None:
    action.add_argument("conversation", metavar="ID", help="the conversation's id")


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
        user = acting.user(session, options.email)
        if options.which == "mine":
            rows = queries.mine(session, int(user.id))
        elif options.which == "recent":
            rows = queries.recent(session)
        else:
            rows = queries.waiting(session)
        acting.write(options, rows)
    return 0


def _show(options: argparse.Namespace) -> int:
    from bot import db
    from bot.conversations import queries

    with db.read() as session:
        acting.user(session, options.email)
        found = _one(session, options.conversation)
        thread = queries.thread(session, found["id"])
    if options.json:
        print(json.dumps({**found, "messages": thread}, ensure_ascii=False, default=as_text))
    else:
        acting.write(options, [found, *thread])
    return 0


def _change(options: argparse.Namespace, change: Callable[[Session, int, int], object]) -> int:
    """Do something in the name of a person, print the conversation as it is then."""
    from bot import db, wiring

    wiring.wire("command")
    try:
        with db.write() as session:
            user = acting.user(session, options.email)
            change(session, int(_one(session, options.conversation)["id"]), int(user.id))
    except Conflict as error:  # its message is the name of the one who has it
        holder = f"it is taken by {error}" if str(error) else "nobody has taken it: take it first"
        raise Conflict(holder) from error
    with db.read() as session:
        acting.write(options, [_one(session, options.conversation)])
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


def _leave(options: argparse.Namespace) -> int:
    from bot.aftersales.waiting import back
    from bot.conversations.states import WaitReason

    def leave(session: Session, conversation: int, user: int) -> None:
        if not back.put_back(session, conversation, user, WaitReason.AGENT_LEFT):
            raise Conflict("")

    return _change(options, leave)


def _resolve(options: argparse.Namespace) -> int:
    from bot.conversations.handover import service
    from bot.conversations.tickets import queries as tickets
    from bot.conversations.tickets.service import solve

    def resolve(session: Session, conversation: int, user: int) -> None:
        found = tickets.open_of_case(session, conversation) if options.solve_tickets else []
        service.resolve(session, conversation, user)
        for ticket in found:
            solve(session, int(ticket.id), user)

    return _change(options, resolve)
