"""Free loopback ports for the processes that only we talk to."""

from __future__ import annotations

import errno
import random
import socket

from bot.errors import ConfigurationError

# Below the range from which systems number outgoing connections (32768 on): a process that is
# restarted must find its port still free.
_LOWEST, _HIGHEST = 20_000, 32_000


def _free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise ConfigurationError(f"HOST={host} is no address of this machine") from error
    return True


def pick(count: int, but: int = 0) -> list[int]:
    """Return that many different ports, none of them `but`, on which nobody listens on 127.0.0.1."""
    found: set[int] = set()
    for _ in range(1000):
        if len(found) == count:
            break
        port = random.randint(_LOWEST, _HIGHEST)
        if port != but and _free("127.0.0.1", port):
            found.add(port)
    else:
        raise ConfigurationError("no free port was found on 127.0.0.1")
    return sorted(found)


def require_free(host: str, port: int) -> None:
    """Raise ConfigurationError, with the mend, when the public port is taken."""
    if not _free(host, port):
        raise ConfigurationError(
            f"port {port} on {host} is in use by another program; stop it or set PORT to another"
        )
