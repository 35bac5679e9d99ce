"""`dead-letters`: what could not be taken in or sent, with the reason, and another try."""

from __future__ import annotations

import argparse
import json
from typing import Any


def register(commands: Any) -> None:
    """Add the parsers."""
    group = commands.add_parser("dead-letters", help="what could not be taken in or sent")
    actions = group.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list them, oldest first")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    listing.set_defaults(run=_list)
    retry = actions.add_parser("retry", help="try one, or all, again")
    retry.add_argument("id", metavar="ID|all")
    retry.set_defaults(run=_retry)


def _list(options: argparse.Namespace) -> int:
    from bot.gateway import dead_letters

    for row in dead_letters.list_all():
        if options.json:
            print(json.dumps(row, ensure_ascii=False, default=str))
        else:
            print("  ".join(f"{key}={value}" for key, value in row.items() if value is not None))
    return 0


def _retry(options: argparse.Namespace) -> int:
    from bot.gateway import dead_letters

    print(dead_letters.retry(options.id))
    return 0
