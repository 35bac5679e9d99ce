"""The web process's entry point: `gunicorn webhook_server:app`.

Every route is made in `bot.app`: provider webhooks, console and simulator. Nothing of the
language understanding is imported here, so a web process starts in about a second.
"""

from __future__ import annotations

from bot import wiring
from bot.app import create_app

wiring.wire("web")
app = create_app()
