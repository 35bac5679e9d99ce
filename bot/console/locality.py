"""Who is on this very machine: the rule behind pages that need no log-in.

A reverse proxy on the same machine also connects from loopback; it gives itself away by a
forwarding header, or by a Host that is not loopback. A page opened through DNS rebinding carries
the attacker's name as Host. Only a request that shows none of these counts as local.
"""

from __future__ import annotations

import ipaddress

from flask import Request

_FORWARDING_HEADERS = (
    "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via",
    "CF-Connecting-IP", "True-Client-IP",
)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def from_this_machine(request: Request) -> bool:
    """Tell whether the connection comes from loopback and no proxy says it stands for another."""
    if not _is_loopback(request.remote_addr or ""):
        return False
    return not any(name in request.headers for name in _FORWARDING_HEADERS)


def with_local_host(request: Request) -> bool:
    """Tell whether the request also names a loopback Host, so that no rebound name reaches it."""
    host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    host = host.strip("[]").lower()
    return from_this_machine(request) and (host == "localhost" or _is_loopback(host))
