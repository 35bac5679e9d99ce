"""`backup` and `restore`: everything that can not be made anew, in one file and back."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

_NICE = 10  # who answers customers goes first


def register(commands: Any) -> None:
    """Add the parsers."""
    backup = commands.add_parser(
        "backup", help="save database, dialogue memory, files, models and secrets in one file",
        description="Works while the stack runs and does not stop it. The file has mode 600: it "
        "holds what customers wrote and the secrets that were generated for this DATA_DIR.",
    )
    backup.add_argument("file", metavar="FILE", type=Path,
                        help="the file to write, or a folder in which it is named by the time")
    backup.add_argument("--without-models", action="store_true",
                        help="leave the trained models out; the next start trains one")
    backup.set_defaults(run=_backup)
    restore = commands.add_parser(
        "restore", help="put a backup in place, on the database that the settings name",
        description="Refuses while a stack runs on this DATA_DIR. The backup may come from SQLite "
        "and go to PostgreSQL, or the other way round.",
    )
    restore.add_argument("file", metavar="FILE", type=Path)
    restore.add_argument("--replace", action="store_true",
                         help="move data that is there aside (it is never deleted)")
    restore.add_argument("--no-catch-up", action="store_true",
                         help="do not ask providers for what came in since the backup")
    restore.add_argument("--check", action="store_true",
                         help="only read the whole backup and say whether it is sound")
    restore.set_defaults(run=_restore)


def _say(text: str) -> None:
    print(text, flush=True)


def _backup(options: argparse.Namespace) -> int:
    from bot import config
    from bot.backup import making

    os.nice(_NICE)
    try:
        made = making.make(config.load(), options.file, not options.without_models, _say)
    except OSError as error:
        raise _unwritable(error) from error
    _say(
        f"{made.path}: {made.rows} rows, {made.files} files, {made.size / 1e6:.1f} MB, "
        f"{made.seconds:.1f} s"
    )
    return 0


def _restore(options: argparse.Namespace) -> int:
    from bot import config
    from bot.backup import restoring

    if options.check:
        held = restoring.check(options.file, _say)
        _say(f"sound: made {held.made_at}, {held.rows} rows, {held.files} files")
        return 0
    try:
        done = restoring.restore(
            config.load(), options.file, replace=options.replace,
            catch_up=not options.no_catch_up, say=_say,
        )
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _unwritable(error) from error
    _say(f"restored what was saved {done.made_at}: {done.rows} rows, {done.files} files")
    for place in done.kept:
        _say(f"what was there before is in {place}")
    assert done.settled is not None
    if done.settled.looked_up:
        _say(f"{done.settled.looked_up} messages that were about to leave are looked up first")
    if done.settled.unanswered:
        _say(f"{done.settled.unanswered} conversations wait for an answer and get one")
    return 0


def _unwritable(error: OSError) -> Exception:
    from bot.errors import DestekError

    return DestekError(f"{error.strerror or error}: {error.filename or 'the disk'}")
