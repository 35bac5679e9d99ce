"""Words of thanks for goods or service. Grievances are cases, see `cases`."""

from __future__ import annotations

from actions.base import Context, DestekAction, Events


class Praise(DestekAction):
    """Content customers are thanked; their words stay with the conversation."""

    def name(self) -> str:
        return "action_praise"

    def perform(self, ctx: Context) -> Events:
        """Thank."""
        ctx.say("utter_praise_thanks")
        return []
