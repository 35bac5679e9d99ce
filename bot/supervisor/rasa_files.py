"""The endpoints and credentials that a supervised Rasa reads: this run's ports and secret.

The pair in the repository's root serves the `rasa` command line and knows neither.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from bot.supervisor.run_info import write_private

INPUT_CHANNEL = "bot.nlu.channel.DestekInput"
TRACKER_STORE = "bot.nlu.tracker_store.DestekTrackerStore"
HEADER = "X-Destek-Secret"


def write(
    data_dir: Path, actions_url: str, secret: str, database_url: str = ""
) -> tuple[Path, Path]:
    """Write both files below `DATA_DIR/rasa` with mode 600; return their paths.

    The dialogue memory is a file of its own beside SQLite, and lives in PostgreSQL where that is
    the database, so that Rasa processes of several machines share it.
    """
    folder = (data_dir / "rasa").resolve()
    endpoints = {
        "action_endpoint": {"url": f"{actions_url}/webhook", "headers": {HEADER: secret}},
        "tracker_store": _tracker_store(folder, database_url),
    }
    credentials = {INPUT_CHANNEL: {"secret": secret}}
    paths = folder / "endpoints.yml", folder / "credentials.yml"
    for path, content in zip(paths, (endpoints, credentials), strict=True):
        write_private(path, yaml.safe_dump(content))
    return paths


def _tracker_store(folder: Path, database_url: str) -> dict[str, str]:
    if database_url.startswith("postgres"):
        return {"type": TRACKER_STORE, "url": database_url}
    return {"type": TRACKER_STORE, "dialect": "sqlite", "db": str(folder / "tracker.sqlite3")}
