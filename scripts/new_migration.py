"""Write a migration from the difference between the models and an up-to-date scratch database.

    .venv/bin/python scripts/new_migration.py "what changes"
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config

ROOT = Path(__file__).resolve().parents[1]


def main(message: str) -> None:
    """Migrate an empty SQLite database, compare it with the models, write the next revision."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATA_DIR"] = folder
        os.environ.pop("DATABASE_URL", None)
        setup = Config()
        setup.set_main_option("script_location", str(ROOT / "bot" / "migrations"))
        setup.set_main_option(
            "file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s"
        )
        command.upgrade(setup, "head")
        command.revision(setup, message, autogenerate=True)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main(sys.argv[1])
