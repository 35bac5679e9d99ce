"""What outlives a session: a case left half-way, and wishes that wait for a form to end."""

from __future__ import annotations

import datetime as dt
from typing import Any

from rasa_sdk.events import ActionExecuted, FollowupAction, SessionStarted, SlotSet

from actions.base import CASE_FORM, Choice, Context, DestekAction, Events
from actions.case_table import CASES
from actions.people import CASE_SLOTS

KEPT_FOR = dt.timedelta(days=7)
MOST_OFFERS = 2  # a case that was offered so often is not wanted


class SessionStart(DestekAction):
    """Begin a session with the language known before and a case that was left, if it is fresh.

    The case is offered with the answer to the message that began the session, see `base`.
    """

    tidies = False
    looks_first = False

    def name(self) -> str:
        return "action_session_start"

    def perform(self, ctx: Context) -> Events:
        """Return the events of a new session."""
        language = ctx.metadata.get("language") or ctx.conversation.language
        events: Events = [
            SessionStarted(), SlotSet("language", "en" if language == "en" else "tr"),
        ]
        saved = left_case(ctx.conversation.memory or {}, ctx.now)
        if saved:
            events.append(SlotSet("saved_case", saved))
        return [*events, ActionExecuted("action_listen")]


def left_case(memory: dict[str, Any], now: dt.datetime) -> dict[str, Any] | None:
    """Return the case in a conversation's memory to offer again, or None.

    `memory` is what the worker saved after the last turn: {active_loop, slots, saved_at, ...}.
    """
    slots = memory.get("slots") or {}
    try:
        age = now - dt.datetime.fromisoformat(str(memory.get("saved_at")))
    except ValueError:
        return None
    if age > KEPT_FOR:
        return None
    if memory.get("active_loop") == CASE_FORM and slots.get("case_intent") in CASES:
        return {"slots": {n: slots.get(n) for n in CASE_SLOTS}, "ask": True, "asked": 0}
    earlier = slots.get("saved_case") or {}
    if earlier and earlier.get("asked", 0) < MOST_OFFERS:
        return {**earlier, "ask": True}
    return None


def resume_case(ctx: Context) -> Events:
    """Return the events that take up the case that was left."""
    saved = ctx.slot("saved_case")
    if not saved or saved["slots"].get("case_intent") not in CASES:
        ctx.say("utter_nothing_left")
        return []
    slots = {**saved["slots"], "case_tries": None}
    missing = [n for n in ("case_order", "case_details", "case_photo") if not slots.get(n)]
    return [
        *(SlotSet(name, slots.get(name)) for name in CASE_SLOTS),
        SlotSet("saved_case", None), SlotSet("open_question", None),
        FollowupAction(CASE_FORM if missing else "action_submit_case"),
    ]


def drop_case(ctx: Context) -> Events:
    """Return the events that forget the case that was left; a notice that was taken stays."""
    saved = ctx.slot("saved_case") or {}
    ticket = (saved.get("slots") or {}).get("case_ticket")
    if ticket:
        ctx.say("utter_notice_stays", ticket=str(ticket))
    else:
        ctx.say("utter_case_dropped")
    return [SlotSet("saved_case", None), SlotSet("open_question", None)]


class ResumeCase(DestekAction):
    """The customer wants to go on."""

    about_something = False

    def name(self) -> str:
        return "action_resume_case"

    def perform(self, ctx: Context) -> Events:
        """Restore the answers and ask the next question."""
        return resume_case(ctx)


class DropCase(DestekAction):
    """The customer does not want to go on."""

    about_something = False

    def name(self) -> str:
        return "action_drop_case"

    def perform(self, ctx: Context) -> Events:
        """Forget it."""
        return drop_case(ctx)


class OfferWish(DestekAction):
    """Another wish of the same message, kept until the form was done."""

    about_something = False

    def name(self) -> str:
        return "action_offer_wish"

    def perform(self, ctx: Context) -> Events:
        """Ask whether to go on with it."""
        wish = str(ctx.slot("wish") or "")
        label = ctx.intent_label(wish)
        if not label:
            ctx.say("utter_nothing_left")
            return []
        ctx.say(
            "utter_offer_wish", topic=label,
            choices=[Choice(ctx.intent_label("affirm"), f"/{wish}"),
                     Choice(ctx.intent_label("deny"), "/deny")],
        )
        return [SlotSet("open_question", f"wish:{wish}"), SlotSet("wish", None)]
