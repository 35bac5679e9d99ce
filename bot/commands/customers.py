"""`customer export` and `customer erase`: what a person may ask of us by law (KVKK art. 11)."""

from __future__ import annotations

import argparse
import json
from typing import Any

from bot.commands.messages import as_text
from bot.errors import InvalidInput


def register(commands: Any) -> None:
    """Add the parsers."""
    group = commands.add_parser("customer", help="a customer's own data")
    actions = group.add_subparsers(metavar="ACTION", required=True)
    export = actions.add_parser("export", help="everything about one customer, as JSON")
    export.add_argument("id", metavar="ID", type=int)
    export.set_defaults(run=_export)
    erase = actions.add_parser("erase", help="erase what identifies one customer")
    erase.add_argument("id", metavar="ID", type=int)
    erase.add_argument("--yes", action="store_true", help="do not ask")
    erase.set_defaults(run=_erase)


def _export(options: argparse.Namespace) -> int:
    from bot import db
    from bot.aftersales.customers import privacy

    with db.read() as session:
        record = privacy.export(session, options.id)
    print(json.dumps(record, ensure_ascii=False, indent=2, default=as_text))
    return 0


def _erase(options: argparse.Namespace) -> int:
    if not options.yes and input(f"Erase customer {options.id} for good? [yes/no] ") != "yes":
        raise InvalidInput("nothing was erased")
    from bot import db
    from bot.aftersales.customers import privacy

    with db.write() as session:
        privacy.erase(session, options.id)
    print(f"customer {options.id} is erased")
    return 0
