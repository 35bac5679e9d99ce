"""What an action is told, and what counts as its answer.

Rasa sends the whole domain and every event of the dialogue with every call, and checks each answer
against the schema of all events; that is most of a turn's time. Told here is what our actions ask
for, the domain goes by name (`bot.nlu.endpoint`), and the answer is looked through by hand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import rasa
from jsonschema.validators import validator_for  # type: ignore[import-untyped]
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, Restarted, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa.shared.utils.schemas.events import EVENT_SCHEMA

_event = validator_for(EVENT_SCHEMA)(EVENT_SCHEMA)
_BARE = frozenset({"session_started", "reset_slots", "pause", "resume", "restart", "undo", "rewind"})
_NAMED = frozenset({"followup", "active_loop", "action_execution_rejected"})


class DomainData(dict[str, Any]):
    """A domain as data, with the digest under which an action server may know it already."""

    digest: str = ""


_last: tuple[Domain, DomainData] | None = None


def domain_data(domain: Domain) -> DomainData:
    """Return a domain as data; that of the loaded model is put together once."""
    global _last
    if _last is None or _last[0] is not domain:
        data = DomainData(domain.as_dict())
        text = json.dumps(data, sort_keys=True, ensure_ascii=False, default=str)
        data.digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()
        _last = domain, data
    return _last[1]


def call(name: str, tracker: DialogueStateTracker, domain: Domain) -> dict[str, Any]:
    """Return the body of a call: the dialogue's state, and of its events what `told` keeps."""
    state = tracker.current_state(EventVerbosity.NONE)
    state["events"] = told(tracker.events)
    return {
        "next_action": name,
        "sender_id": tracker.sender_id,
        "tracker": state,
        "version": rasa.__version__,
        "domain": domain_data(domain),
    }


def told(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Return the events as data: all since the customer's latest message, and that message.

    Of what was before, it is the customer's earlier messages (text, entities, metadata) and where
    the session began; what was said and set in between has its outcome in the slots.
    """
    before = list(events)
    since: list[Event] = []
    while before:
        since.append(before.pop())
        if isinstance(since[-1], UserUttered):
            break
    earlier = (e for e in before if isinstance(e, (UserUttered, SessionStarted, Restarted)))
    return [*map(_shortened, earlier), *(event.as_dict() for event in reversed(since))]


def _shortened(event: Event) -> dict[str, Any]:
    data = event.as_dict()
    if isinstance(event, UserUttered):
        data["parse_data"] = {"text": event.text, "entities": event.entities}
    return data


def is_answer(answer: Any) -> bool:
    """Tell whether this is what an action server answers: known events and messages."""
    return (
        isinstance(answer, dict)
        and isinstance(answer.get("events"), list)
        and isinstance(answer.get("responses"), list)
        and all(isinstance(message, dict) for message in answer["responses"])
        and all(_is_event(event) for event in answer["events"])
    )


def _is_event(event: Any) -> bool:
    """Tell whether Rasa can make an event of this; the common kinds are looked at by hand."""
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        return False
    kind = event["event"]
    at, metadata = event.get("timestamp"), event.get("metadata")
    plain = metadata is None and (at is None or type(at) in (float, int))
    if plain and kind == "slot":
        return "value" in event and isinstance(event.get("name"), str)
    if plain and kind in _NAMED:
        return event.get("name") is None or isinstance(event["name"], str)
    return (plain and kind in _BARE) or (bool(_event.is_valid(event)) and _can_be_made(event))


def _can_be_made(event: dict[str, Any]) -> bool:
    """Tell whether Rasa's own class takes it: an action without a name passes the schema alone."""
    try:
        return Event.from_parameters(event) is not None
    except Exception:  # each class fails in its own way: a user event without words, with no `get`
        return False
