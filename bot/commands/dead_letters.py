"""`dead-letters`: what could not be taken in or sent, with the reason, and another try."""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import Any

from bot.commands.messages import as_text
from bot.errors import DestekError, InvalidInput


def register(commands: Any) -> None:
    """Add the parsers."""
    group = commands.add_parser("dead-letters", help="what could not be taken in or sent")
    actions = group.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list them, oldest first")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    listing.add_argument("--all", action="store_true", help="also those that were tried again")
    listing.set_defaults(run=_list)
    retry = actions.add_parser(
        "retry", help="try one, or all, again",
        description="What fails again leaves a letter of its own. The exit status is 1 if any was not done.",
    )
    retry.add_argument("id", metavar="ID|all")
    retry.set_defaults(run=_retry)


def _list(options: argparse.Namespace) -> int:
    from bot.gateway import dead_letters

    for letter in dead_letters.list_all(options.all):
        row = dataclasses.asdict(letter)
        if options.json:
            print(json.dumps(row, ensure_ascii=False, default=as_text))
        else:
            print("  ".join(f"{k}={as_text(v)}" for k, v in row.items() if v is not None))
    return 0


def _retry(options: argparse.Namespace) -> int:
    from bot import wiring
    from bot.gateway import dead_letters

    wiring.wire("command")
    if options.id != "all" and not options.id.isdigit():
        raise InvalidInput(f"{options.id!r} is neither an id nor the word all")
    every = options.id == "all"
    ids = [letter.id for letter in dead_letters.list_all()] if every else [int(options.id)]
    failed = 0
    for letter_id in ids:
        try:
            print(f"{letter_id}: {dead_letters.retry(letter_id)}")
        except DestekError as error:
            failed += 1
            print(f"{letter_id}: {error}")
        except Exception as error:  # one that can not be stored must not hold up the others
            failed += 1
            print(f"{letter_id}: not taken in again ({type(error).__name__}); kept")
    left = {letter.id for letter in dead_letters.list_all()}.intersection(ids)
    return 1 if failed or left else 0
