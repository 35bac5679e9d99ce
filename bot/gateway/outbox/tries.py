"""The tries of one message: each has the provider's id, and only the present one counts.

What did not go straight is kept with the message (`attributes["history"]`), so that anybody can see how
it came to its state: entries of {at, what, ...}, at most the last `_MOST`. `what` is one of

- unknown: whether the provider took it was not known (`code`: why);
- receipt: a receipt settled that (`status`); found: a look-up did (`provider_id`);
- absent: the provider did not have it, so it goes again; sent: and it has been taken now;
- refused: taken, and reported as failed later (`code`, `provider_id` of that try, `then` what follows);
- expired: it could not be found out.
"""

from __future__ import annotations

from typing import Any

from bot import clock
from bot.conversations.models import Message
from bot.conversations.states import Outbound

_MOST = 30


def superseded(message: Message) -> list[str]:
    """Return the provider's ids of earlier tries of a message, whose receipts count no more."""
    return list((message.attributes or {}).get("superseded") or ())


def ask_anew(message: Message) -> None:
    """Let the next look-up of a message be its first: their number, and the day they may take."""
    kept = {k: v for k, v in (message.attributes or {}).items() if k != "asked_since"}
    message.attributes = {**kept, "look_ups": 0}


def supersede(message: Message) -> None:
    """Forget the present try of a message before another one is queued."""
    ask_anew(message)
    if message.provider_message_id:
        ids = [*superseded(message), message.provider_message_id]
        message.attributes = {**message.attributes, "superseded": ids}
    message.provider_message_id = None
    message.status_rank = -1
    message.claim_owner = None
    message.state = Outbound.QUEUED.value
    message.next_attempt_at = clock.now()


def history(message: Message) -> list[dict[str, Any]]:
    """Return what did not go straight with a message, oldest first; see the top of this module."""
    return list((message.attributes or {}).get("history") or ())


def note(message: Message, what: str, **facts: str) -> None:
    """Add to the history of a message; blank facts are left out."""
    entry = {"at": clock.now().isoformat(), "what": what, **{k: v for k, v in facts.items() if v}}
    entries = [*history(message), entry][-_MOST:]
    message.attributes = {**(message.attributes or {}), "history": entries}


def is_open(message: Message) -> bool:
    """Tell whether the last that is known of a message is that its outcome is not known."""
    entries = history(message)
    return bool(entries) and entries[-1]["what"] in ("unknown", "absent", "expired")
