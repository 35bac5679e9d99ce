"""The baseline of acknowledgements: bare Flask and one SQLite insert, nothing verified or parsed.

Served by the same gunicorn with the same workers and threads as the product.
"""

from __future__ import annotations

import os
import sqlite3
import threading

from flask import Flask, request

app = Flask(__name__)
_local = threading.local()


def _connection() -> sqlite3.Connection:
    if not hasattr(_local, "connection"):
        _local.connection = sqlite3.connect(os.environ["BASELINE_FILE"], timeout=30)
        _local.connection.execute("PRAGMA journal_mode=WAL")
        _local.connection.execute("PRAGMA synchronous=FULL")
        _local.connection.execute("CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY, body)")
    connection: sqlite3.Connection = _local.connection
    return connection


@app.post("/webhook")
def webhook() -> tuple[str, int]:
    """Store the body and say 200."""
    with _connection() as connection:
        connection.execute("INSERT INTO message (body) VALUES (?)", (request.get_data(),))
    return "", 200
