"""One turn inside Rasa: taken once, answered with all that it did.

The check for a repetition, the start of a session and the message itself happen under one lock and
are saved together.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.shared.core.constants import (
    ACTION_LISTEN_NAME,
    ACTION_SESSION_START_NAME,
    SESSION_START_METADATA_SLOT,
)
from rasa.shared.core.events import (
    ActionExecuted,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.nlu import endpoint, shortcuts, steps
from bot.nlu.endpoint import WatchedEndpoint, watch
from bot.nlu.graph import OrderedRunner
from bot.nlu.tracker_store import DestekTrackerStore

DEFAULT_CHANNEL = "destek"
LOCK_POLL_SECONDS = 0.05
# Rasa's own actions tell nothing of ours; these run in our action server when we override them.
_NEVER_CUSTOM = frozenset({ACTION_LISTEN_NAME, "action_extract_slots"})


class NotReady(Exception):
    """No model is loaded."""


@dataclasses.dataclass(frozen=True)
class TurnRequest:
    """What the worker asks: one message of one conversation, and whether a session starts."""

    sender: str
    text: str
    new_session: bool
    metadata: dict[str, Any]


class Collector(OutputChannel):
    """Output channel that keeps each message whole: text, buttons and custom data together."""

    def __init__(self, channel: str = DEFAULT_CHANNEL) -> None:
        self.messages: list[dict[str, Any]] = []
        # Per instance, so that a response may be worded for the channel of the customer.
        self.name: Callable[[], str] = lambda: channel  # type: ignore[assignment,method-assign]

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep what the message holds; an empty one is left out."""
        kept = {key: message[key] for key in ("text", "buttons", "custom") if message.get(key)}
        if kept:
            if message.get("utter_action"):
                kept["response"] = message["utter_action"]
            self.messages.append(kept)


def ready_processor(agent: Agent | None) -> MessageProcessor:
    """Return the agent's processor with a watched action endpoint; NotReady without a model."""
    if agent is None or not agent.is_ready():
        raise NotReady("no model is loaded")
    processor = agent.processor
    endpoint.install()
    shortcuts.install()
    if not isinstance(processor.graph_runner, OrderedRunner):
        processor.graph_runner = OrderedRunner.around(processor.graph_runner)
    given = processor.action_endpoint
    if given is not None and not isinstance(given, WatchedEndpoint):
        processor.action_endpoint = agent.action_endpoint = WatchedEndpoint.around(given)
    return processor


async def take_turn(agent: Agent, request: TurnRequest) -> dict[str, Any]:
    """Answer a turn, or repeat the answer when the same (turn, step) was answered before.

    The keys of the answer are those of docs/architecture.md. When `failed_actions` is not empty,
    nothing of the turn is kept.
    """
    processor = ready_processor(agent)
    lock = agent.lock_store.lock(request.sender, wait_time_in_seconds=LOCK_POLL_SECONDS)
    async with lock:
        store, tracker, seen = agent.tracker_store, None, True
        if isinstance(store, DestekTrackerStore):
            turn_id = str(request.metadata.get("turn_id") or "")
            tracker, seen = await store.open_turn(request.sender, turn_id)
        if seen:
            full = await store.retrieve_full_tracker(request.sender)
            events = list(full.events) if full else []
            done = turn_events(events, request.metadata)
            if done is not None:
                return await _repeat(_as_it_was(processor, request, events, done), done, request)
        return await _run(processor, request, tracker)


def turn_events(events: Sequence[Event], metadata: dict[str, Any]) -> list[Event] | None:
    """Return the events of the turn and step named in the metadata, or None when it is new.

    They begin with the session start that came with it, when one did, and end before the next
    message of the customer.
    """
    key = _key(metadata)
    if key is None:
        return None
    found = None
    for index, event in enumerate(events):
        if isinstance(event, UserUttered) and _key(event.metadata) == key:
            found = index
    if found is None:
        return None
    start = found
    for index in range(found - 1, -1, -1):
        event = events[index]
        if isinstance(event, UserUttered):
            break
        if (
            isinstance(event, SlotSet)
            and event.key == SESSION_START_METADATA_SLOT
            and isinstance(event.value, dict)
            and _key(event.value) == key
        ):
            start = index
            break
    end = found + 1
    while end < len(events) and not isinstance(events[end], UserUttered):
        end += 1
    return list(events[start:end])


def failed_actions(processor: MessageProcessor, events: Sequence[Event]) -> list[str]:
    """Return the custom actions that ran without having said that they came to their end."""
    done = set()
    for event in events:
        if isinstance(event, BotUttered):
            custom = (event.data or {}).get("custom") or {}
            said = custom.get("destek") if isinstance(custom, dict) else None
            if isinstance(said, dict) and said.get("done"):
                done.add(said["done"])
    custom_names = set(processor.domain.user_actions) - set(processor.domain.form_names)
    ran = [
        event.action_name
        for event in events
        if isinstance(event, ActionExecuted)
        and not event.metadata.get("done")
        and event.action_name in custom_names
        and event.action_name not in _NEVER_CUSTOM
        and not event.action_name.startswith("utter_")
    ]
    return [name for name in dict.fromkeys(ran) if name not in done]


async def _run(
    processor: MessageProcessor, request: TurnRequest, tracker: DialogueStateTracker | None
) -> dict[str, Any]:
    out = Collector(str(request.metadata.get("channel") or DEFAULT_CHANNEL))
    message = UserMessage(
        request.text, out, request.sender, input_channel=out.name(), metadata=request.metadata
    )
    with watch() as broken:
        if tracker is None:
            tracker = await processor.get_tracker(request.sender)
        tracker.model_id = processor.model_metadata.model_id
        tracker.assistant_id = processor.model_metadata.assistant_id
        first_new = len(tracker.events)
        if request.new_session or not tracker.applied_events():
            await _start_session(processor, tracker, out, request.metadata, broken)
        steps.understand(processor, message, tracker)
        await steps.extract_slots(processor, out, tracker)
        await steps.run_actions(processor, out, tracker)
    events = list(tracker.events)[first_new:]
    failed = failed_actions(processor, events)
    failed += [name for name in dict.fromkeys(broken) if name and name not in failed]
    if not failed:
        # A turn with a failed action is as if it had never been: asked again, it is run again,
        # and whatever its actions changed already is kept from happening twice by the turn's id.
        await processor.save_tracker(tracker)
    return _answer(tracker, events, out, failed, request, repeated=False)


def _as_it_was(
    processor: MessageProcessor, request: TurnRequest, events: list[Event], done: list[Event]
) -> DialogueStateTracker:
    """Return the tracker as it stood after a turn: later steps may have opened a form since."""
    end = next(i for i in range(len(events), 0, -1) if events[i - 1] is done[-1])
    domain = processor.domain
    return DialogueStateTracker.from_events(
        request.sender, events[:end], domain.slots, domain=domain
    )


async def _repeat(
    tracker: DialogueStateTracker, events: list[Event], request: TurnRequest
) -> dict[str, Any]:
    out = Collector()
    for event in events:
        if isinstance(event, BotUttered):
            await out.send_response(request.sender, event.message())
    return _answer(tracker, events, out, [], request, repeated=True)


async def _start_session(
    processor: MessageProcessor,
    tracker: DialogueStateTracker,
    out: Collector,
    metadata: dict[str, Any],
    broken: list[str],
) -> None:
    """Run action_session_start, which finds the metadata in its slot; a session starts for sure.

    The action looks for a case that was left. When the worker knows that there is none, nobody need
    be asked: the session begins with the language alone, as the action would begin it.
    """
    before = len(tracker.events)
    tracker.update(SlotSet(SESSION_START_METADATA_SLOT, metadata), processor.domain)
    if metadata.get("left_case") is False and metadata.get("language"):
        tracker.update_with_events(_plain_start(metadata), processor.domain)
        return
    await steps.run_action(
        processor, processor._get_action(ACTION_SESSION_START_NAME), out, tracker,
        PolicyPrediction.for_action_name(processor.domain, ACTION_SESSION_START_NAME),
    )  # fmt: skip
    started = [e for e in list(tracker.events)[before:] if isinstance(e, SessionStarted)]
    if not started:
        # Rasa would carry the old session's slots and form on when the action fails.
        broken.append(ACTION_SESSION_START_NAME)
        events: list[Event] = [SessionStarted(), ActionExecuted(ACTION_LISTEN_NAME)]
        tracker.update_with_events(events, processor.domain)


def _plain_start(metadata: dict[str, Any]) -> list[Event]:
    language = "en" if metadata["language"] == "en" else "tr"
    return [
        ActionExecuted(ACTION_SESSION_START_NAME, action_text=None, metadata={"done": True}),
        SessionStarted(), SlotSet("language", language), ActionExecuted(ACTION_LISTEN_NAME),
    ]


def _answer(
    tracker: DialogueStateTracker,
    events: Sequence[Event],
    out: Collector,
    failed: list[str],
    request: TurnRequest,
    *,
    repeated: bool,
) -> dict[str, Any]:
    said = next((e for e in events if isinstance(e, UserUttered)), UserUttered.empty())
    understood = dict(said.parse_data)
    slots = {
        name: value
        for name, value in tracker.current_slot_values().items()
        if value is not None and name != SESSION_START_METADATA_SLOT
    }
    return {
        "messages": out.messages,
        "intent": understood.get("intent") or {"name": None, "confidence": 0.0},
        "intents": understood.get("intents") or [],
        "intent_ranking": understood.get("intent_ranking") or [],
        "entities": said.entities,
        "language": language_of(said.entities, slots, request.metadata),
        "active_loop": tracker.active_loop_name,
        "requested_slot": slots.get("requested_slot"),
        "slots": slots,
        "actions": [
            event.action_name
            for event in events
            if isinstance(event, ActionExecuted) and event.action_name != ACTION_LISTEN_NAME
        ],
        "failed_actions": failed,
        "repeated": repeated,
    }


def language_of(
    entities: Sequence[dict[str, Any]], slots: dict[str, Any], metadata: dict[str, Any]
) -> str:
    """Return the language of a message: what the words show, else what was known before."""
    found = [str(e["value"]) for e in entities if e.get("entity") == "language" and e.get("value")]
    known = [slots.get("language"), metadata.get("language")]
    return (found + [str(value) for value in known if value] + ["tr"])[0]


def _key(metadata: dict[str, Any] | None) -> tuple[str, str] | None:
    """Return (turn id, step) of a message's metadata, or None when it names no turn."""
    if not metadata or not metadata.get("turn_id"):
        return None
    return str(metadata["turn_id"]), str(metadata.get("step", 0))
