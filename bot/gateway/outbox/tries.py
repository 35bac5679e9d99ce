"""The tries of one message: each has the provider's id, and only the present one counts."""

from __future__ import annotations

from bot import clock
from bot.conversations.models import Message
from bot.conversations.states import Outbound


def superseded(message: Message) -> list[str]:
    """Return the provider's ids of earlier tries of a message, whose receipts count no more."""
    return list((message.attributes or {}).get("superseded") or ())


def supersede(message: Message) -> None:
    """Forget the present try of a message before another one is queued."""
    if message.provider_message_id:
        ids = [*superseded(message), message.provider_message_id]
        message.attributes = {**(message.attributes or {}), "superseded": ids, "look_ups": 0}
    message.provider_message_id = None
    message.status_rank = -1
    message.claim_owner = None
    message.state = Outbound.QUEUED.value
    message.next_attempt_at = clock.now()
