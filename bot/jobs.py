"""The doorbell: background work is announced over Redis and found in the database.

Nothing depends on a job's arrival: every kind of work is also found by the sweep (`scheduler`).
So a Redis that is away costs seconds, never a message: `enqueue` gives up at once and says so.
"""

from __future__ import annotations

import threading
from typing import Any

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker

from bot import clock, config

TURN, SEND, MEDIA = "turn", "send", "fetch_media"
# Sends and files wait for providers; they have threads of their own, so that no turn waits for them.
QUEUES = {TURN: "turns", SEND: "out", MEDIA: "out"}
_RETRY_REDIS_AFTER = 2.0  # seconds of silence after a failed call, so that webhooks stay fast
_guard = threading.Lock()
_broker: RedisBroker | None = None
_away_until = 0.0


def connection(timeout: float = 0.5) -> redis.Redis[bytes]:
    """Return a client of the configured Redis with short time-outs (seconds)."""
    return redis.Redis.from_url(
        config.load().redis, socket_timeout=timeout, socket_connect_timeout=timeout
    )


def broker() -> RedisBroker:
    """Return the process's Dramatiq broker, made on first use."""
    global _broker
    with _guard:
        if _broker is None:
            # The default middleware retries and times jobs out; our work has its own rules for
            # both (leases, `next_attempt_at`), so only what a plain doorbell needs is used.
            _broker = RedisBroker(
                url=config.load().redis, middleware=[], socket_timeout=5.0,
                socket_connect_timeout=0.5, heartbeat_timeout=15_000,
            )
            for queue in sorted(set(QUEUES.values())):
                _broker.declare_queue(queue)
            dramatiq.set_broker(_broker)
        return _broker


def enqueue(actor: str, *args: Any, delay: float = 0.0) -> bool:
    """Announce work by actor name; `delay` in seconds. Tell whether Redis took it."""
    global _away_until
    if clock.real() < _away_until:
        return False
    message: dramatiq.Message[Any] = dramatiq.Message(
        queue_name=QUEUES[actor], actor_name=actor, args=args, kwargs={}, options={}
    )
    try:
        broker().enqueue(message, delay=int(delay * 1000) or None)
        return True
    except (redis.RedisError, dramatiq.errors.ConnectionError, OSError):
        _away_until = clock.real() + _RETRY_REDIS_AFTER
        return False


def ring(conversation_id: int, delay: float = 0.0) -> bool:
    """Announce that a conversation has something unanswered."""
    return enqueue(TURN, conversation_id, delay=delay)
