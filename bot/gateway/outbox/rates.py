"""How fast messages may leave: a bucket per person, and one per sender.

Providers count real seconds, so these buckets do too, whatever the shop's clock says.
"""

from __future__ import annotations

import threading

from bot import clock, config
from bot.channels.base import Limits
from bot.conversations.models import Identity

_SENDER_PER_SECOND = 80.0  # Twilio's and Meta's default for one WhatsApp number
_guard = threading.Lock()
_senders: dict[tuple[str, str], tuple[float, float]] = {}  # tokens, at


def take(identity: Identity, limits: Limits, channel: str, account: str) -> float:
    """Take one token of the person's bucket and one of the sender's, or none of either.

    Returns 0.0, or the real seconds until there may be one.
    """
    return _pair(identity, limits, take=False) or _sender(channel, account) or _pair(
        identity, limits, take=True
    )


def _pair(identity: Identity, limits: Limits, take: bool) -> float:
    if not limits.pair_seconds:
        return 0.0
    settings = config.load()
    burst, every = float(settings.pair_burst), settings.pair_seconds_per_message
    now = clock.real()
    passed = now - float(identity.rate_at)  # below zero: the machine's clock was set back
    tokens = burst if identity.rate_tokens < 0 or passed < 0 else float(identity.rate_tokens)
    tokens = min(burst, tokens + max(0.0, passed) / every) if every else burst
    if tokens < 1.0:
        return (1.0 - tokens) * every
    if take:
        identity.rate_tokens, identity.rate_at = tokens - 1.0, now
    return 0.0


def _sender(channel: str, account: str) -> float:
    """Take one token of this process's share of a sender's bucket; return seconds to wait or 0.0."""
    share = _SENDER_PER_SECOND / max(1, config.load().worker_count)
    with _guard:
        now = clock.real()
        tokens, at = _senders.get((channel, account), (share, now))
        tokens = share if at > now else min(share, tokens + (now - at) * share)
        if tokens < 1.0:
            _senders[channel, account] = (tokens, now)
            return (1.0 - tokens) / share
        _senders[channel, account] = (tokens - 1.0, now)
        return 0.0
