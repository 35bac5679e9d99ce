"""The product's own web application, served in this process for a real browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.serving import WSGIRequestHandler, make_server

from bot import config
from bot.app import create_app


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the application writes its own lines."""


@contextmanager
def served() -> Iterator[str]:
    """Serve the application of the present settings on a free port; give its address."""
    server = make_server(
        "127.0.0.1", 0, create_app(config.load()), threaded=True, request_handler=_Quiet
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
