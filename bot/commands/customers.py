"""`customer export` and `customer erase`: what a person may ask of us under KVKK art. 11."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from bot.commands.messages import as_text
from bot.config import Settings
from bot.errors import InvalidInput


def register(commands: Any) -> None:
    """Add the parsers."""
    group = commands.add_parser("customer", help="what is kept about a customer")
    actions = group.add_subparsers(metavar="ACTION", required=True)
    export = actions.add_parser("export", help="everything about one customer, as JSON")
    export.add_argument("id", metavar="ID", type=int)
    export.set_defaults(run=_export)
    erase = actions.add_parser(
        "erase", help="erase a customer's chat, profile and addresses",
        description="Orders stay, because the law asks for them; what stays is said.",
    )
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


def _confirm(customer: int) -> None:
    if not sys.stdin.isatty():
        raise InvalidInput("nothing was erased: add --yes where nobody can be asked")
    if input(f"Erase customer {customer} for good? Type yes: ").strip() != "yes":
        raise InvalidInput("nothing was erased")


def _forget_dialogue(url: str, conversation: str) -> None:
    """Take a conversation out of Rasa's memory: its own file, or tables beside ours in PostgreSQL."""
    import sqlalchemy as sa

    engine = sa.create_engine(url, future=True, hide_parameters=True)
    with engine.begin() as connection:
        known = set(sa.inspect(connection).get_table_names())
        for name in known & {"dialogue_event", "dialogue_snapshot"}:
            table = sa.table(name, sa.column("sender_id"))
            connection.execute(sa.delete(table).where(table.c.sender_id == conversation))
    engine.dispose()


def _dialogue_memory(settings: Settings) -> str:
    """Return the URL of Rasa's memory, or an empty text when there is none yet."""
    if settings.database_url.startswith("postgres"):
        return settings.database
    path = settings.data_dir.resolve() / "rasa" / "tracker.sqlite3"
    return f"sqlite:///{path}" if path.exists() else ""


def _erase(options: argparse.Namespace) -> int:
    if not options.yes:
        _confirm(options.id)
    from bot import config, db
    from bot.aftersales.customers import privacy

    with db.write() as session:
        done = privacy.erase(session, options.id)
    data_dir = config.load().data_dir
    for name in done.files:
        (data_dir / "media" / name).unlink(missing_ok=True)
    memory = _dialogue_memory(config.load())
    if done.conversation and memory:
        _forget_dialogue(memory, done.conversation)
    print(f"customer {options.id}: chat, profile, addresses and points are erased")
    if done.orders_kept:
        print(f"kept: {done.orders_kept} orders, for the years the law asks for (TTK art. 82)")
    if done.consents_kept:
        print(f"kept: {done.consents_kept} consent statements without an address, as proof")
    return 0
