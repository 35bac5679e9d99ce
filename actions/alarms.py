"""What is answered before everything else: danger, threats, children, a notice taken back.

`first_look` decides that one of these has to answer; no rule leads to them.
"""

from __future__ import annotations

import structlog
from rasa_sdk.events import SlotSet

from actions import called_off
from actions.base import Context, DestekAction, Events
from actions.case_table import CASES
from actions.case_tickets import of_number, open_alarm_ticket, open_of, take_back
from actions.people import close_case, hand_over, shop_phone
from bot import db
from bot.accounts.models import AuditEntry
from bot.conversations.models import Effect
from bot.conversations.states import WaitReason

log = structlog.get_logger("actions")
_OF_PRODUCTS = frozenset({"damaged_on_arrival", "product_fault_report", "return_request",
                          "exchange_request", "complaint"})  # fmt: skip


class Safety(DestekAction):
    """Somebody may be in danger: what to do now, an urgent ticket, a person."""

    about_something = False

    def name(self) -> str:
        return "action_safety"

    def perform(self, ctx: Context) -> Events:
        """Warn once; the open form, if any, goes on no more."""
        intent = ctx.intent if ctx.intent in _OF_PRODUCTS else "product_fault_report"
        opened = open_alarm_ticket(ctx, intent, ctx.text)
        ctx.say("utter_safety", phone=shop_phone(), ticket=opened.ticket.number)
        events = hand_over(ctx, WaitReason.RULE, ticket=opened.ticket.number, danger=True)
        saved = ctx.slot("saved_case")
        if saved:  # nothing else is offered now
            events.append(SlotSet("saved_case", {**saved, "ask": False}))
        return [*events, SlotSet("last_wish", intent), SlotSet("misses", None)]


class Threat(DestekAction):
    """Somebody says that they will hurt people of ours: a person, and a mark in the records."""

    about_something = False

    def name(self) -> str:
        return "action_threat"

    def perform(self, ctx: Context) -> Events:
        """Hand over; the records hold that it happened, the chat holds the words."""
        with db.write() as session:
            if db.insert_once(
                session, Effect, turn_id=ctx.turn_id, kind="threat", ordinal=ctx.ordinal(),
                created_at=ctx.now,
            ):
                session.add(AuditEntry(
                    action="threat", target=f"conversation:{ctx.conversation_id}",
                    details={"turn": ctx.turn_id},
                ))
        log.warning("customer_threat", conversation=ctx.conversation_id, turn=ctx.turn_id)
        ctx.say("utter_threat")
        return hand_over(ctx, WaitReason.RULE, mood="threat")


class NeedsCare(DestekAction):
    """A child, or somebody who speaks of hurting themselves: not a matter for an assistant."""

    about_something = False

    def name(self) -> str:
        return "action_needs_care"

    def perform(self, ctx: Context) -> Events:
        """Hand over, with kind words."""
        ctx.say("utter_needs_care")
        return hand_over(ctx, WaitReason.RULE, mood="needs_care")


class TakeBack(DestekAction):
    """A cancellation or a return is taken back after it was recorded."""

    about_something = False

    def name(self) -> str:
        return "action_take_back"

    def perform(self, ctx: Context) -> Events:
        """Close the newest open notice that the words mean."""
        for intent in ("cancel_order", "return_request"):
            ticket = open_of(ctx, intent) if called_off.takes_back(intent, ctx.text) else None
            if ticket is not None:
                tell_taken_back(ctx, str(ticket.number))
                return [*close_case(), *_forgotten(ctx, intent)]
        ctx.say("utter_nothing_to_take_back")
        return []


def tell_taken_back(ctx: Context, number: str) -> Events:
    """Take a notice back and say so; where people have acted on it, a person looks."""
    ticket = of_number(ctx, number)
    if ticket is None:
        ctx.say("utter_case_dropped")
        return []
    topic = ctx.intent_label(str(ticket.intent)) if ticket.intent in CASES else ""
    if take_back(ctx, ticket):
        ctx.say("utter_notice_taken_back", ticket=str(ticket.number), topic=topic)
        return []
    ctx.say("utter_notice_acted_on", ticket=str(ticket.number))
    return hand_over(ctx, WaitReason.RULE, ticket=str(ticket.number))


def _forgotten(ctx: Context, intent: str) -> Events:
    """Forget the half-way case that was about the same."""
    saved = ctx.slot("saved_case")
    same = saved and saved["slots"].get("case_intent") == intent
    return [SlotSet("saved_case", None)] if same else []
