"""The shop's catalogue for the extractor of values: a snapshot out of the database.

Read in a thread of its own, at most once in `AGE` seconds, and never waited for: a message is
understood with the snapshot that there is. Without a database, or with one that does not answer,
the last snapshot stays, at first an empty one. What runs inside Rasa knows no room of the
application, so the two tables are read by plain SQL.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from bot.text import Catalogue, Product

logger = logging.getLogger(__name__)

AGE = 60.0
"""Seconds of machine time for which a snapshot is good."""

MOST_PRODUCTS = 20_000
_SECONDS_TO_WAIT = 3

_PRODUCTS = sa.text("SELECT sku, name, name_en FROM product ORDER BY id LIMIT :most")
_SETTINGS = sa.text("SELECT value FROM shop_setting WHERE key = 'profile'")


class Shelf:
    """Keeps one catalogue and renews it behind the messages."""

    def __init__(self, url: str | None = None, age: float = AGE) -> None:
        self._url, self._age = url, age
        self._catalogue = Catalogue()
        self._lock = threading.Lock()
        self._tried_at = float("-inf")
        self._rows: list[Any] = []
        self._thread: threading.Thread | None = None

    def catalogue(self, wait: bool = False) -> Catalogue:
        """Return the snapshot, and have it renewed when it is old; `wait` for that only in tests."""
        with self._lock:
            due = time.monotonic() - self._tried_at >= self._age
            # A database that does not answer holds one thread, not one a minute.
            if due and not (self._thread and self._thread.is_alive()):
                self._tried_at = time.monotonic()
                self._thread = threading.Thread(target=self._renew, name="catalogue", daemon=True)
                self._thread.start()
        if wait and self._thread:
            self._thread.join()
        return self._catalogue

    def _renew(self) -> None:
        try:
            rows, shop = _read(self._url or database_url(os.environ))
        except Exception as error:  # whatever it is: no message may fail for the catalogue
            logger.debug("the catalogue can not be read (%s)", type(error).__name__)
            return
        if rows != self._rows:
            products = (Product(sku, tuple(n for n in names if n)) for sku, *names in rows)
            self._catalogue = Catalogue(products, shop)
            self._rows = rows


def database_url(environment: Mapping[str, str]) -> str:
    """Return the SQLAlchemy URL of the application's database, as its settings name it."""
    given = environment.get("DATABASE_URL") or ""
    if not given and (path := environment.get("DATABASE_URL_FILE")):
        given = Path(path).read_text(encoding="utf-8").strip()
    if given:
        return given.replace("postgres://", "postgresql://", 1)
    data_dir = Path(environment.get("DATA_DIR") or "var").resolve()
    return f"sqlite:///{data_dir / 'destek.sqlite3'}"


def _read(url: str) -> tuple[list[Any], str]:
    """Return the rows of the products, and the shop's name."""
    arguments: dict[str, Any]
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///").partition("?")[0])
        if not path.exists():
            raise FileNotFoundError(path)  # to look must not make an empty database
        # Read-only: this process never writes there.
        file = f"file:{quote(str(path))}?mode=ro"
        arguments = {"creator": lambda: sqlite3.connect(file, uri=True, timeout=_SECONDS_TO_WAIT)}
        url = "sqlite://"
    else:
        arguments = {"connect_args": {"connect_timeout": _SECONDS_TO_WAIT}}
    engine = sa.create_engine(url, poolclass=NullPool, **arguments)
    try:
        with engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(_PRODUCTS, {"most": MOST_PRODUCTS})]
            profile = connection.execute(_SETTINGS).scalar()
    finally:
        engine.dispose()
    return rows, _shop_name(profile)


def _shop_name(profile: Any) -> str:
    """Return the name in the shop's profile; SQLite gives JSON as text, PostgreSQL as data."""
    if isinstance(profile, str):
        profile = json.loads(profile)
    return str(profile.get("name") or "") if isinstance(profile, dict) else ""


shelf = Shelf()
"""The one of this process."""
