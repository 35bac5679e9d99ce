"""`import shop` and `import orders`: the shop's own data from files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def register(commands: Any) -> None:
    """Add the parsers."""
    group = commands.add_parser("import", help="load the shop's own data from files")
    kinds = group.add_subparsers(metavar="WHAT", required=True)
    shop = kinds.add_parser(
        "shop", help="profile, working hours, policies, carriers, products, templates (YAML)",
        description="docs/shop.example.yml explains each key.",
    )
    shop.add_argument("file", metavar="FILE.yml", type=Path)
    shop.set_defaults(run=_shop)
    orders = kinds.add_parser(
        "orders", help="orders and their shipments, one line an item (CSV)",
        description="Unknown columns are named and skipped.",
    )
    orders.add_argument("file", metavar="FILE.csv", type=Path)
    orders.set_defaults(run=_orders)


def _shop(options: argparse.Namespace) -> int:
    from bot import setup_steps
    from bot.aftersales import importing

    setup_steps.migrate(lambda text: None)
    print(importing.import_shop(options.file))
    return 0


def _orders(options: argparse.Namespace) -> int:
    from bot import setup_steps
    from bot.aftersales import importing

    setup_steps.migrate(lambda text: None)
    print(importing.import_orders(options.file))
    return 0
