"""Returns and refunds: the rules, and what the records say of one that runs."""

from __future__ import annotations

from abc import ABC

from rasa_sdk.events import FollowupAction, SlotSet

from actions.base import Context, DestekAction, Events
from actions.orders import describe, look_up, tell
from bot import db
from bot.aftersales.orders import access
from bot.aftersales.orders.numbers import same_number
from bot.aftersales.orders.shopsystem import OrderState
from bot.aftersales.policies import answers

RUNNING = (OrderState.RETURN_STARTED, OrderState.RETURN_RECEIVED, OrderState.REFUNDED)


class ReturnPolicy(DestekAction):
    """The rules of returns, from the policies."""

    def name(self) -> str:
        return "action_return_policy"

    def perform(self, ctx: Context) -> Events:
        """Quote the returns policy."""
        with db.read() as session:
            answer = answers.returns(session, ctx.language)
        ctx.quote(answer)
        return []


class RunningReturn(DestekAction, ABC):
    """Answer from the record of a return that runs; without one, a person finds out."""

    intent: str

    def perform(self, ctx: Context) -> Events:
        """Tell the returns that the message can mean, or open a case."""
        numbers = ctx.entities("order_number")
        with db.read() as session:
            own = access.own_orders(session, access.who(session, ctx.uid))
        running = [order for order in own if order.state in RUNNING]
        if numbers:
            running = [o for o in running if any(same_number(o.number, n) for n in numbers)]
            if not running and not any(same_number(o.number, n) for o in own for n in numbers):
                return tell(ctx, look_up(ctx))  # not theirs to hear, or proven meanwhile
        if running:
            return tell(ctx, describe(ctx, running))
        return [SlotSet("wish", self.intent), FollowupAction("action_open_case")]


class ReturnStatus(RunningReturn):
    """Did my parcel reach you."""

    intent = "return_status"

    def name(self) -> str:
        return "action_return_status"


class RefundStatus(RunningReturn):
    """When does the money come back."""

    intent = "refund_status"

    def name(self) -> str:
        return "action_refund_status"
