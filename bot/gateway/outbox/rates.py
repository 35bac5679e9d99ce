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


def take_pair(identity: Identity, limits: Limits) -> float:
    """Take one token of the person's bucket; return 0.0, or the seconds until there is one."""
    if not limits.pair_seconds:
        return 0.0
    settings = config.load()
    burst, every = float(settings.pair_burst), settings.pair_seconds_per_message
    now = clock.real()
    tokens = burst if identity.rate_tokens < 0 else float(identity.rate_tokens)
    tokens = min(burst, tokens + (now - float(identity.rate_at)) / every) if every else burst
    if tokens < 1.0:
        return (1.0 - tokens) * every
    identity.rate_tokens, identity.rate_at = tokens - 1.0, now
    return 0.0


def take_sender(channel: str, account: str) -> float:
    """Take one token of this process's share of a sender's bucket; return seconds to wait or 0.0."""
    with _guard:
        now = clock.real()
        tokens, at = _senders.get((channel, account), (_SENDER_PER_SECOND, now))
        tokens = min(_SENDER_PER_SECOND, tokens + (now - at) * _SENDER_PER_SECOND)
        if tokens < 1.0:
            _senders[channel, account] = (tokens, now)
            return (1.0 - tokens) / _SENDER_PER_SECOND
        _senders[channel, account] = (tokens - 1.0, now)
        return 0.0
