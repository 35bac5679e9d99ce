"""Consent to be written to, and what we know of a person.

Consent is refused at once, and given only after the full text and a plain yes. What is done with
data is told to anybody by the notice; a copy or a deletion is a request with a number and a day.
"""

from __future__ import annotations

import re
from typing import Final

from rasa_sdk.events import FollowupAction, SlotSet

from actions.base import Context, DestekAction, Events
from actions.warranty_service import yes_or_no
from bot import db
from bot.aftersales.customers import service as customers
from bot.aftersales.orders import access
from bot.conversations.models import Effect
from bot.shop import queries as shop
from bot.text import clean, fold

CONSENT_QUESTION = "marketing_opt_in"
_ABOUT_NOTICE: Final = re.compile(
    r"\b(?:paylas\w*|aktar\w*|satiyor\w*|kimler\w*|kiminle|ne amacla|amaciniz|neden tut\w*"
    r"|nicin|aydinlatma\w*|gizlilik|politika\w*|share\w*|sell|third part\w*|purpose|privacy"
    r"|policy|notice)\b"
)
_WANTS_COPY: Final = re.compile(
    r"\b(?:kopya\w*|dokum\w*|gonder\w*|ilet\w*|basvur\w*|hangi (?:kisisel )?veri\w*|neler tut\w*"
    r"|copy|export|send me|what data|request)\b"
)


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
            choices=yes_or_no(ctx),
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


class DataAccessRequest(DestekAction):
    """What do you know of me, and what do you do with it."""

    def name(self) -> str:
        return "action_data_access_request"

    def perform(self, ctx: Context) -> Events:
        """Answer what the notice says with the notice; for a copy open a request."""
        words = fold(clean(ctx.text))
        if not _ABOUT_NOTICE.search(words) or _WANTS_COPY.search(words):
            return [SlotSet("wish", "data_access_request"), FollowupAction("action_open_case")]
        with db.read() as session:
            profile = shop.profile(session)
        url = str(profile["privacy_url"] or profile["url"])
        ctx.say("utter_privacy_notice", privacy_url=url)
        if ctx.in_form:
            return []
        ctx.say("utter_offer_data_request", choices=yes_or_no(ctx))
        return [SlotSet("open_question", "wish:data_access_request")]
