"""Consent to be written to: refused at once, given only after the full text and a plain yes."""

from __future__ import annotations

from rasa_sdk.events import SlotSet

from actions.base import Choice, Context, DestekAction, Events
from bot import db
from bot.aftersales.customers import service as customers
from bot.aftersales.orders import access
from bot.conversations.models import Effect
from bot.shop import queries as shop

CONSENT_QUESTION = "marketing_opt_in"


class MarketingOptOut(DestekAction):
    """No more promotions on this address."""

    def name(self) -> str:
        return "action_marketing_opt_out"

    def perform(self, ctx: Context) -> Events:
        """Stop them, and say what goes on."""
        with db.write() as session:
            if db.insert_once(
                session, Effect, turn_id=ctx.turn_id, kind="opt_out", ordinal=ctx.ordinal()
            ):
                who = access.who(session, ctx.uid)
                customers.opt_out(
                    session, who.identity_id, proof=f"turn:{ctx.turn_id}", source=who.channel
                )
        ctx.say("utter_opted_out_confirmed")
        return []


class MarketingOptIn(DestekAction):
    """Promotions are wanted: the full text first; consent is what is answered to it."""

    def name(self) -> str:
        return "action_marketing_opt_in"

    def perform(self, ctx: Context) -> Events:
        """Ask for consent in full words."""
        with db.read() as session:
            profile = shop.profile(session)
        ctx.say(
            "utter_ask_consent", shop_name=str(profile["name"]),
            privacy_url=str(profile["privacy_url"]),
            choices=[Choice(ctx.intent_label("affirm"), "/affirm"),
                     Choice(ctx.intent_label("deny"), "/deny")],
        )
        return [SlotSet("open_question", CONSENT_QUESTION)]


def give_consent(ctx: Context) -> None:
    """Store the consent that a yes to the full text is, once per turn."""
    with db.write() as session:
        if db.insert_once(
            session, Effect, turn_id=ctx.turn_id, kind="opt_in", ordinal=ctx.ordinal()
        ):
            who = access.who(session, ctx.uid)
            customers.opt_in(
                session, who.identity_id, proof=f"turn:{ctx.turn_id}", source=who.channel
            )
    ctx.say("utter_consent_stored")
