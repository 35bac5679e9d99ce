"""`user add`: people who log in at the desk."""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import Any

from bot.errors import InvalidInput

ROLES = ("admin", "supervisor", "agent")


def register(commands: Any) -> None:
    """Add the parsers."""
    user = commands.add_parser("user", help="people who log in at the desk")
    actions = user.add_subparsers(metavar="ACTION", required=True)
    add = actions.add_parser("add", help="add a person")
    add.add_argument("email", metavar="EMAIL")
    add.add_argument("--name", required=True, help="as customers and colleagues read it")
    add.add_argument("--role", required=True, choices=ROLES)
    add.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )
    add.set_defaults(run=_add)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != password:
            raise InvalidInput("the two passwords differ")
    else:
        raise InvalidInput("give the password on standard input with --password-stdin")
    if not password:
        raise InvalidInput("the password is empty")
    return password


def _add(options: argparse.Namespace) -> int:
    password = _password(options.password_stdin)
    from bot import setup_steps
    from bot.accounts import service

    setup_steps.migrate(lambda text: None)
    user = service.add_user(options.email, options.name, options.role, password)
    print(f"added {user.email} ({user.role})")
    return 0
