"""Returns and refunds: the rules, and what the records say of one that runs."""

from __future__ import annotations

from rasa_sdk.events import FollowupAction, SlotSet

from actions.base import Context, DestekAction, Events
from actions.orders import look_up, tell
from bot import db
from bot.aftersales.orders import access
from bot.aftersales.orders.shopsystem import OrderState, OrderView
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
        ctx.say(answer.response, promises=answer.promises, **answer.variables)
        return []


class _FromRecords(DestekAction):
    """Answer from the record of a running return; without one, a person finds out."""

    wish = ""

    def name(self) -> str:
        return f"action_{self.wish}"

    def perform(self, ctx: Context) -> Events:
        """Tell the returns that the message can mean, or open a case."""
        numbers = ctx.entities("order_number")
        with db.read() as session:
            own = access.own_orders(session, access.who(session, ctx.uid))
        running = [order for order in own if order.state in RUNNING]
        if not ctx.in_form and (_means(running, numbers) or (numbers and not own)):
            return self._tell(ctx, running, numbers)
        return [SlotSet("wish", self.wish), FollowupAction("action_open_case")]

    def _tell(self, ctx: Context, running: list[OrderView], numbers: list[str]) -> Events:
        if numbers:
            return tell(ctx, look_up(ctx))
        from actions.orders import Found, tracking

        with db.read() as session:
            told = [tracking.describe(session, o, ctx.language, ctx.now) for o in running[:3]]
        return tell(ctx, Found(told=told, orders=running[:3]))
