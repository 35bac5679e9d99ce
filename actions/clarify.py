"""Not understood well enough: offer choices; twice in a row, a person."""

from __future__ import annotations

import json
import re

from rasa_sdk.events import FollowupAction, SlotSet

from actions.base import Choice, Context, DestekAction, Events
from actions.case_tickets import open_alarm
from actions.people import hand_over, shop_phone
from actions.safety import is_dangerous
from bot.conversations.states import WaitReason

MOST_CHOICES = 3
MOST_MISSES = 2
MOST_WORDS_OF_INFORMATION = 2
# What somebody who is not understood can not mean by choosing it from a list.
_NO_CHOICE = frozenset(
    {"nlu_fallback", "greet", "thanks_goodbye", "affirm", "deny", "provide_info", "abuse",
     "survey_answer", "out_of_scope", "praise", "bot_question"}
)  # fmt: skip
_USUAL = ("track_order", "return_request", "talk_to_human")


class Clarify(DestekAction):
    """Ask what was meant."""

    keeps_misses = True
    about_something = False

    def name(self) -> str:
        return "action_clarify"

    def perform(self, ctx: Context) -> Events:
        """Offer the likeliest intents as choices; after two misses a person."""
        words = ctx.words_of_turn
        warned = open_alarm(ctx) if is_dangerous(words) else None
        if warned is not None:
            ctx.say("utter_safety_noted", ticket=str(warned.number), phone=shop_phone())
            return [SlotSet("misses", None), SlotSet("unclear_text", None)]
        if _is_bare_information(ctx, words):
            return [FollowupAction("action_provide_info")]
        misses = int(ctx.slot("misses") or 0) + 1
        if misses >= MOST_MISSES:
            ctx.say("utter_person_better")
            return [
                *hand_over(ctx, WaitReason.RULE, unclear=[ctx.slot("unclear_text") or "", words]),
                SlotSet("misses", None), SlotSet("unclear_text", None),
            ]
        likely = [name for name in self._ranked(ctx) if name not in _NO_CHOICE][:MOST_CHOICES]
        named = {
            name: value for name in ("order_number", "tracking_number")
            for value in ctx.entities(name)[:1]
        }
        suffix = json.dumps(named, ensure_ascii=True) if named else ""
        choices = [Choice(ctx.intent_label(n), f"/{n}{suffix}") for n in likely or _USUAL]
        ctx.say("utter_clarify" if likely else "utter_clarify_open", choices=choices)
        return [SlotSet("misses", misses), SlotSet("unclear_text", words)]

    def _ranked(self, ctx: Context) -> list[str]:
        ranking = ctx.tracker.latest_message.get("intent_ranking") or []
        names = (str(entry.get("name") or "") for entry in ranking)
        return [name for name in names if ctx.knows(f"utter_label_{name}")]


def _is_bare_information(ctx: Context, words: str) -> bool:
    """Tell whether a message is a number with hardly a word, such as a name, beside it."""
    if not (ctx.entities("order_number") or ctx.entities("tracking_number")):
        return False
    return len(re.findall(r"[^\W\d_]+", words)) <= MOST_WORDS_OF_INFORMATION
