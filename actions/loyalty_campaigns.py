"""Loyalty: how it works, and the customer's own points."""

from __future__ import annotations

from actions.base import Context, DestekAction, Events
from bot import db, formatting
from bot.aftersales.loyalty import service as loyalty
from bot.aftersales.orders import access
from bot.aftersales.policies import answers


class LoyaltyProgramInfo(DestekAction):
    """How the programme works."""

    def name(self) -> str:
        return "action_loyalty_program_info"

    def perform(self, ctx: Context) -> Events:
        """Quote the loyalty policy."""
        with db.read() as session:
            answer = answers.loyalty(session, ctx.language)
        ctx.quote(answer)
        return []


class LoyaltyPoints(DestekAction):
    """How many points do I have: only for an address that the provider vouches for."""

    def name(self) -> str:
        return "action_loyalty_points"

    def perform(self, ctx: Context) -> Events:
        """Tell the balance and the tier as of now."""
        with db.read() as session:
            who = access.who(session, ctx.uid)
            points = loyalty.balance(session, who.customer_id)
            tier = loyalty.tier(session, points)
            known = loyalty.is_member(session, who.customer_id)
            known = known or bool(access.vouched_orders(session, who))
        if not (who.phone or who.email):
            ctx.say("utter_points_unvouched")
            return []
        if not known:
            ctx.say("utter_points_no_member")
            return []
        response = "utter_points_with_tier" if tier else "utter_points"
        ctx.say(
            response, points=formatting.number(points, ctx.language), tier=tier,
            as_of=ctx.moment(ctx.now),
        )
        return []
