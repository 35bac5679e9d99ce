"""The state of a dialogue, condensed to the few events that restore it."""

from __future__ import annotations

from typing import Any

from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    ConversationPaused,
    Event,
    SlotSet,
)
from rasa.shared.core.trackers import DialogueStateTracker


def condensed_state(tracker: DialogueStateTracker) -> list[dict[str, Any]]:
    """Return serialised events that bring an empty tracker to the state of this one.

    The tracker must be listening, that is, at the end of a turn. Restored are slots, the open form
    with its rejection, and a pause; the words of the messages are not.
    """
    # Events want a time; that of the last one keeps the order right.
    at = tracker.events[-1].timestamp if tracker.events else None
    events: list[Event] = [
        SlotSet(slot.name, slot.value, timestamp=at)
        for slot in tracker.slots.values()
        if slot.value != slot.initial_value
    ]
    if tracker.active_loop_name:
        events.append(ActiveLoop(tracker.active_loop_name, timestamp=at))
        if tracker.is_active_loop_rejected:
            events.append(ActionExecutionRejected(tracker.active_loop_name, timestamp=at))
    if tracker.is_paused():
        events.append(ConversationPaused(timestamp=at))
    events.append(ActionExecuted(ACTION_LISTEN_NAME, timestamp=at))
    return [event.as_dict() for event in events]
