"""The steps of a message inside Rasa: understood, slots filled, actions run until it listens.

They are those of Rasa's message processor, one by one, without what it does for its debug log alone:
deep copies of all that is logged, and a replay of the whole dialogue for each action.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from rasa.core.actions.action import (
    Action,
    ActionBotResponse,
    ActionExecutionRejection,
    ActionExtractSlots,
    ActionListen,
    RemoteAction,
)
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.exceptions import ActionLimitReached
from rasa.shared.core.events import ActionExecutionRejected, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

logger = logging.getLogger(__name__)
# They look at the tracker that they are given and leave it as it is.
_ONLY_READ = (RemoteAction, ActionBotResponse, ActionListen)


def understand(
    processor: MessageProcessor, message: UserMessage, tracker: DialogueStateTracker
) -> None:
    """Parse a message and add it to the tracker."""
    parsed = processor._parse_message_with_graph(message, tracker)
    said = UserUttered(
        message.text, parsed["intent"], parsed["entities"], parsed,
        input_channel=message.input_channel, message_id=message.message_id,
        metadata=message.metadata,
    )  # fmt: skip
    tracker.update(said, processor.domain)


async def extract_slots(
    processor: MessageProcessor, out: OutputChannel, tracker: DialogueStateTracker
) -> None:
    """Fill the slots that the latest message has values for."""
    action = ActionExtractSlots(processor.action_endpoint)
    events = await action.run(out, processor.nlg, tracker, processor.domain)
    await processor._send_bot_messages(events, tracker, out)
    tracker.update_with_events(events, processor.domain)


async def run_actions(
    processor: MessageProcessor, out: OutputChannel, tracker: DialogueStateTracker
) -> None:
    """Run what the policies say, action by action, until one of them is to listen."""
    goes_on = True
    while goes_on and processor._should_handle_message(tracker):
        try:
            action, prediction = processor.predict_next_with_tracker_if_should(tracker)
        except ActionLimitReached:
            logger.warning("Too many actions for one message; no more are predicted.")
            break
        goes_on = await run_action(processor, action, out, tracker, prediction)


async def run_action(
    processor: MessageProcessor, action: Action, out: OutputChannel,
    tracker: DialogueStateTracker, prediction: PolicyPrediction,
) -> bool:  # fmt: skip
    """Run one action and add what came of it; tell whether another one is to be predicted.

    One that fails leaves its mark in the log and no events; see `bot.nlu.turns.failed_actions`.
    """
    given = tracker
    if prediction.events or not isinstance(action, _ONLY_READ):
        # The policies' events must not stay if the action declines to run.
        given = tracker.copy()
        given.update_with_events(prediction.events, processor.domain)
    events: Sequence[Event]
    try:
        events = await action.run(out, processor.nlg, given, processor.domain) or []
    except ActionExecutionRejection:
        tracker.update(
            ActionExecutionRejected(
                action.name(), prediction.policy_name, prediction.max_confidence
            )
        )
        return processor.should_predict_another_action(action.name())
    except Exception:
        logger.exception("Action '%s' failed; its events are lost.", action.name())
        events = []
    if not any(isinstance(event, ActionExecutionRejected) for event in events):
        tracker.update_with_events(prediction.events, processor.domain)
        tracker.update(action.event_for_successful_execution(prediction))
    tracker.update_with_events(list(events), processor.domain)
    if any(isinstance(event, UserUttered) for event in events):
        await extract_slots(processor, out, tracker)
    await processor.execute_side_effects(list(events), tracker, out)
    return processor.should_predict_another_action(action.name())
