"""Warranty: the shop's rule is told to anybody; one's own product is a case."""

from __future__ import annotations

from rasa_sdk.events import FollowupAction, SlotSet

from actions.base import Choice, Context, DestekAction, Events
from bot import db
from bot.aftersales.policies import answers

_OWN = ("order_number", "serial_number", "tracking_number")


class WarrantyQuestion(DestekAction):
    """How long is the warranty, and what is needed for it."""

    def name(self) -> str:
        return "action_warranty_question"

    def perform(self, ctx: Context) -> Events:
        """Quote the policy and offer a look at one's own product."""
        with db.read() as session:
            answer = answers.warranty(session)
        if answer is None or any(ctx.entities(kind) for kind in _OWN):
            return [SlotSet("wish", "warranty_question"), FollowupAction("action_open_case")]
        ctx.quote(answer)
        if ctx.in_form:
            return []
        ctx.say("utter_offer_own_product", choices=yes_or_no(ctx))
        return [SlotSet("open_question", "wish:warranty_question")]


def yes_or_no(ctx: Context) -> list[Choice]:
    """Return the two choices of a question."""
    return [Choice(ctx.intent_label(name), f"/{name}") for name in ("affirm", "deny")]
