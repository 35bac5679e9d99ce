"""Greetings, yes and no, bare information, and talk about the assistant itself."""

from __future__ import annotations

from rasa_sdk.events import FollowupAction, SlotSet

from actions.account_privacy import CONSENT_QUESTION, give_consent
from actions.base import Context, DestekAction, Events
from actions.case_table import CASES
from actions.contact import PHONE_QUESTION, book_call, tell_tickets
from actions.memory import drop_case, resume_case
from actions.orders import look_up, tell
from actions.people import hand_over
from bot.conversations.states import WaitReason
from bot.text import find_numbers
from bot.text.contacts import looks_like_phone

PERSON_QUESTION = "person"  # shall a person take over
_WISH = "wish:"


class Greet(DestekAction):
    """A greeting and nothing else."""

    about_something = False

    def name(self) -> str:
        return "action_greet"

    def perform(self, ctx: Context) -> Events:
        """Greet back, by first name where it is known."""
        names = str(ctx.customer.name or "").split()
        if names:
            ctx.say("utter_greet_name", first_name=names[0])
        else:
            ctx.say("utter_greet")
        return []


class ThanksGoodbye(DestekAction):
    """Thanks, or the end."""

    about_something = False

    def name(self) -> str:
        return "action_thanks_goodbye"

    def perform(self, ctx: Context) -> Events:
        """Close politely."""
        ctx.say("utter_welcome")
        return []


class Affirm(DestekAction):
    """A bare yes: it answers the open question, or nothing."""

    about_something = False

    def name(self) -> str:
        return "action_affirm"

    def perform(self, ctx: Context) -> Events:
        """Do what was asked about."""
        question = str(ctx.slot("open_question") or "")
        if question == "resume" or _left_case(ctx):
            return resume_case(ctx)
        if question == CONSENT_QUESTION:
            give_consent(ctx)
            return []
        if question == PERSON_QUESTION:
            return hand_over(ctx, WaitReason.ASKED)
        if question.startswith("proof:"):
            return [FollowupAction("action_check_order"), SlotSet("open_question", question)]
        if question.startswith(_WISH):
            wish = question.removeprefix(_WISH)
            if wish in CASES:
                return [SlotSet("wish", wish), FollowupAction("action_open_case")]
            return [FollowupAction(f"action_{wish}")]
        ctx.say("utter_affirm_nothing_open")
        return []


class Deny(DestekAction):
    """A bare no: it answers the open question, or nothing."""

    about_something = False

    def name(self) -> str:
        return "action_deny"

    def perform(self, ctx: Context) -> Events:
        """Leave what was asked about."""
        question = str(ctx.slot("open_question") or "")
        if question == "resume" or _left_case(ctx):
            return drop_case(ctx)
        if question == CONSENT_QUESTION:
            ctx.say("utter_consent_refused")
        elif question:
            ctx.say("utter_left_alone")
        else:
            ctx.say("utter_deny_nothing_open")
        return []


def _left_case(ctx: Context) -> bool:
    """Tell whether a case of an earlier session is about to be offered."""
    saved = ctx.slot("saved_case")
    return bool(saved and saved.get("ask")) and not ctx.in_form


class ProvideInfo(DestekAction):
    """Bare information: a number, a phone, a name. What it means hangs on what was asked."""

    about_something = False

    def name(self) -> str:
        return "action_provide_info"

    def perform(self, ctx: Context) -> Events:
        """Take it as the answer to the open question, else a number as "where is it"."""
        question = str(ctx.slot("open_question") or "")
        phones = ctx.entities("phone")
        if question == PHONE_QUESTION and (phones or looks_like_phone(ctx.text)):
            return book_call(ctx)
        if ctx.entities("ticket_number"):
            return [*tell_tickets(ctx), SlotSet("last_wish", "ticket_status")]
        named = ctx.entities("order_number") or ctx.entities("tracking_number")
        proof = question.startswith("proof:") and (phones or ctx.entities("email"))
        if named or proof:
            return [*tell(ctx, look_up(ctx)), SlotSet("last_wish", "track_order")]
        if ctx.has_attachment:
            ctx.say("utter_photo_question")
        elif question == "order_number" and not find_numbers(ctx.text):
            ctx.say("utter_ask_order_again")
            return [SlotSet("open_question", "order_number")]
        else:
            ctx.say("utter_info_for_what")
        return []


class BotQuestion(DestekAction):
    """Are you a robot, what can you do."""

    about_something = False

    def name(self) -> str:
        return "action_bot_question"

    def perform(self, ctx: Context) -> Events:
        """Answer honestly."""
        ctx.say("utter_bot_honest")
        return []


class Abuse(DestekAction):
    """Insult as the whole aim: one calm line, then a person."""

    about_something = False

    def name(self) -> str:
        return "action_abuse"

    def perform(self, ctx: Context) -> Events:
        """Stay calm; the second time hand over."""
        times = int(ctx.slot("abuse_count") or 0) + 1
        if times > 1:
            return [*hand_over(ctx, WaitReason.RULE, mood="abuse"), SlotSet("abuse_count", None)]
        ctx.say("utter_abuse_calm")
        return [SlotSet("abuse_count", times)]


class OutOfScope(DestekAction):
    """Nothing of the shop's."""

    about_something = False

    def name(self) -> str:
        return "action_out_of_scope"

    def perform(self, ctx: Context) -> Events:
        """Say what we are here for."""
        ctx.say("utter_out_of_scope")
        return []
