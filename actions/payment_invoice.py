"""Paying: the ways there are."""

from __future__ import annotations

from actions.base import Context, DestekAction, Events
from bot import db
from bot.aftersales.policies import answers


class PaymentOptions(DestekAction):
    """How can I pay."""

    def name(self) -> str:
        return "action_payment_options"

    def perform(self, ctx: Context) -> Events:
        """Quote the payment policy."""
        with db.read() as session:
            answer = answers.payment(session, ctx.language)
        ctx.quote(answer)
        return []
