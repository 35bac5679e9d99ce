"""What must survive Rasa's sessions: one JSON on the conversation's row.

    {"active_loop", "requested_slot", "slots", "last_intent", "pending_wishes", "saved_at", "reset"}

A session ends after an hour of silence by the shop's clock; the action at session start reads this
memory and offers to take an open form up again. `reset` is set when a person settled the matter.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot import clock
from bot.conversations.models import Conversation
from bot.conversations.rasa import Answer

SESSION = dt.timedelta(minutes=60)
KEPT_FOR = dt.timedelta(days=7)  # as long as a form that was left open is offered again
_CARRIED = ("order_number", "tracking_number", "ticket_number")


def is_new_session(memory: Mapping[str, Any]) -> bool:
    """Tell whether the dialogue starts anew: nothing said yet, or an hour of silence."""
    saved = memory.get("saved_at")
    return not saved or clock.now() - dt.datetime.fromisoformat(str(saved)) > SESSION


def may_hold_left_case(memory: Mapping[str, Any]) -> bool:
    """Tell whether the action at session start may find a case to offer again (it decides)."""
    return bool(memory.get("active_loop") or (memory.get("slots") or {}).get("saved_case"))


_FORGOTTEN = (
    "requested_slot", "open_question", "case_intent", "case_order", "case_details", "case_photo",
    "case_text", "case_ticket", "case_tries", "saved_case", "misses", "unclear_text",
)


def reset_events(memory: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the tracker events that end form and question after a person had the conversation."""
    if not memory.get("reset"):
        return []
    return [
        {"event": "active_loop", "name": None},
        *({"event": "slot", "name": name, "value": None} for name in _FORGOTTEN),
        {"event": "action", "name": "action_listen"},
    ]


def after(conversation: Conversation, answers: Sequence[Answer], pending: Sequence[str]) -> None:
    """Write what the last answers leave open to the conversation's memory."""
    last, first = answers[-1], answers[0]
    slots = {k: v for k, v in last.slots.items() if v is not None and k != "language"}
    intent = first.intent
    if intent in ("", "nlu_fallback", "provide_info", "affirm", "deny") or intent.startswith("do_"):
        intent = str((conversation.memory or {}).get("last_intent") or "")
    conversation.memory = {
        "active_loop": last.active_loop,
        "requested_slot": last.requested_slot,
        "slots": slots,
        "last_intent": intent,
        "pending_wishes": list(pending),
        "saved_at": clock.now().isoformat(),
    }


def command(intent: str, entities: Sequence[Mapping[str, Any]]) -> str:
    """Return our own stored command for a wish, with the identifiers of its message."""
    values = {
        str(e["entity"]): str(e["value"])
        for e in entities
        if e.get("entity") in _CARRIED and e.get("value")
    }
    return f"/{intent}{json.dumps(values, ensure_ascii=False)}" if values else f"/{intent}"


def further(
    first: Answer, last: Answer, remembered: Mapping[str, Any]
) -> tuple[list[str], list[str]]:
    """Return (commands to ask in this turn, wishes that wait) after the first step.

    Every further wish of the message is served in this turn, or waits: one that comes while a form
    is open, until the form ends. It is offered then, or after the next answer that asks nothing
    itself: two questions at once can not be answered with a yes.
    """
    wishes = [w for w in dict.fromkeys(first.intents[1:]) if w and w != first.intent]
    waiting = [w for w in _waiting(remembered) if w not in (first.intent, *wishes)]
    if last.active_loop:
        return [], [*waiting, *wishes]
    asks = last.slots.get("open_question") or any(r.buttons for r in last.replies)
    if waiting and not wishes and not asks:
        return [f"/do_offer_wish{json.dumps({'wish': waiting[0]})}"], waiting[1:]
    return [command(w, first.entities) for w in wishes], waiting


def _waiting(remembered: Mapping[str, Any]) -> list[str]:
    """Return the wishes that wait, unless they are so old that nobody remembers them."""
    saved = remembered.get("saved_at")
    if not saved or clock.now() - dt.datetime.fromisoformat(str(saved)) > KEPT_FOR:
        return []
    return [str(w) for w in remembered.get("pending_wishes") or ()]
