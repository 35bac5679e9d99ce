"""What is looked for in every message before anything else is done with it, whatever its intent.

Returns the name of the action that must answer instead. The understanding may take "cihazdan duman
çıktı hemen beni arayın" for the wish to be called; that somebody is in danger comes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from actions import called_off, conduct
from actions.safety import is_dangerous
from bot.conversations.states import Handling
from bot.text.waiting import stops_waiting

if TYPE_CHECKING:
    from actions.base import Context

_TAKEN_BACK = ("cancel_order", "return_request")


def instead_of(ctx: Context, action: str) -> str | None:
    """Return the action that answers this message instead of `action`, or None."""
    text = ctx.text
    if not text:
        return None
    wanted = _wanted(ctx, text)
    return wanted if wanted != action else None


def _wanted(ctx: Context, text: str) -> str | None:
    # Imported here: these build on the module that calls us.
    from actions.case_tickets import add_words, open_alarm, open_of

    if is_dangerous(text):
        warned = open_alarm(ctx)
        if warned is None:
            return "action_safety"
        # They know what to do; the person who helps reads the rest.
        add_words(ctx, warned, place=5)
    if conduct.is_threat(text):
        return "action_threat"
    if conduct.needs_care(text):
        return "action_needs_care"
    if ctx.conversation.state == Handling.WAITING.value and stops_waiting(text):
        return "action_stop_waiting"
    for intent in _TAKEN_BACK:
        if called_off.takes_back(intent, text) and open_of(ctx, intent):
            return "action_take_back"
    return "action_abuse" if conduct.is_insult(text) else None
