"""The form of a case: which messages answer its questions, and the questions themselves.

A form never swallows. What answers the open question is decided here: bare information, yes and no,
the case's own intent, what was not understood, and further words for the same trouble. Everything
else is left alone, so that the rule of its intent answers it and the form asks again afterwards.
"""

from __future__ import annotations

import json
import re
from typing import Final

from rasa_sdk.events import SlotSet

from actions.base import Choice, Context, DestekAction, Events
from actions.case_table import CASES, akin
from actions.cases import NOT_ASKED, candidates
from actions.safety import is_dangerous
from bot.text import clean, find_numbers, fold, squeeze

ANSWERS: Final = frozenset({"provide_info", "affirm", "deny", "nlu_fallback", "survey_answer"})
SURE: Final = 0.8  # from here on a message akin to the case is a wish of its own
MAX_CHOICES: Final = 3
WORDS_BESIDE_NUMBER: Final = 4  # "1026 olan", "it is 1026": a number and nothing else told
_CALLED_OFF: Final = re.compile(
    r"(?:(?:tamam|ok|neyse|yok|ya|hayir|no) )*"
    r"(?:vazgec(?:tim|iyorum|elim)|bos ?ver(?:in)?|gerek (?:yok|kalmadi)|iptal(?: et(?:in)?| edin)?"
    r"|istemiyorum(?: artik)?|kalsin|never ?mind|forget (?:it|about it)|cancel(?: it| that)?"
    r"|leave it)"
    r"(?: (?:tesekkur\w*|sagol\w*|sag ol\w*|thanks|thank you|lutfen|please))*"
)
_UNKNOWN: Final = re.compile(
    r"(?:yok|bilmiyorum|hatirlamiyorum|bulamadim|numaram? yok|no|dont know|i dont know"
    r"|i do not know|not sure|none|emin degilim)(?: \w+){0,4}"
)


class ValidateCaseForm(DestekAction):
    """Decide what a message means for the open question. Only slot events make it an answer."""

    tidies = False

    def name(self) -> str:
        return "validate_case_form"

    def perform(self, ctx: Context) -> Events:
        """Return the slots that the message fills, none to let it through to its own rule."""
        wanted = ctx.slot("requested_slot")
        if not wanted or not _is_answer_time(ctx):
            return []
        text = ctx.text
        case = str(ctx.slot("case_intent") or "")
        if text and is_dangerous(text):
            return [SlotSet("case_details", _joined(ctx, text)), SlotSet("requested_slot", None)]
        if text and case != "cancel_order" and _CALLED_OFF.fullmatch(_words(text)):
            return [SlotSet("case_intent", None), SlotSet("requested_slot", None)]
        if ctx.has_attachment and not text:
            return [SlotSet("case_photo", "received"), *_seen(ctx)]
        if not _answers(ctx, case):
            return []
        events = self._fill(ctx, str(wanted), text)
        if ctx.has_attachment and wanted != "case_photo":
            events.append(SlotSet("case_photo", "received"))
        return [*events, *_seen(ctx)]

    def _fill(self, ctx: Context, wanted: str, text: str) -> Events:
        if wanted == "case_order":
            return _order_events(ctx, text)
        numbers = ctx.entities("order_number") if CASES[ctx.slot("case_intent")].orders else []
        named = [SlotSet("case_order", numbers[0])] if numbers else []
        if named and ctx.intent == "provide_info" and len(text.split()) < WORDS_BESIDE_NUMBER:
            # Another order than the one we took it to be: note it, and ask again.
            ctx.say("utter_case_order_noted", order=numbers[0])
            return named
        if wanted == "case_photo":
            if ctx.has_attachment:
                return [SlotSet("case_photo", "received")]
            words = "" if ctx.intent in ("affirm", "deny") else text
            more = [SlotSet("case_details", _joined(ctx, words))] if words else []
            if ctx.intent == "affirm" and not ctx.slot("case_tries"):
                return [SlotSet("case_tries", 1)]  # "yes, I will": the photo is still to come
            return [*more, SlotSet("case_photo", NOT_ASKED)]
        return [*named, SlotSet("case_details", _joined(ctx, text))]


class AskCaseOrder(DestekAction):
    """Ask which order is meant, with the customer's own ones as choices."""

    tidies = False

    def name(self) -> str:
        return "action_ask_case_order"

    def perform(self, ctx: Context) -> Events:
        """Offer the orders that the case can be about."""
        case = ctx.slot("case_intent")
        own = candidates(ctx, CASES[case])[:MAX_CHOICES] if case in CASES else []
        if not own:
            ctx.say("utter_ask_order_again" if ctx.slot("case_tries") else "utter_ask_order_number")
            return []
        choices = [
            Choice(
                f"{order.number} {order.products(ctx.language)}".strip(),
                "/provide_info" + json.dumps({"order_number": order.number}),
            )
            for order in own
        ]
        ctx.say("utter_ask_case_order", choices=choices)
        return []


class AskCaseDetails(DestekAction):
    """Ask the one open question of the case."""

    tidies = False

    def name(self) -> str:
        return "action_ask_case_details"

    def perform(self, ctx: Context) -> Events:
        """Ask in the words of the case's intent."""
        own = f"utter_ask_details_{ctx.slot('case_intent')}"
        ctx.say(own if ctx.knows(own) else "utter_ask_details")
        return []


class AskCasePhoto(DestekAction):
    """Ask for a photo, which may be refused."""

    tidies = False

    def name(self) -> str:
        return "action_ask_case_photo"

    def perform(self, ctx: Context) -> Events:
        """Ask, or wait for the one that was announced."""
        if ctx.slot("case_tries") and ctx.intent == "affirm":
            ctx.say("utter_photo_awaited")
        elif ctx.slot("case_intent") == "bank_transfer_notice":
            ctx.say("utter_ask_receipt")
        else:
            ctx.say("utter_ask_photo")
        return []


def _is_answer_time(ctx: Context) -> bool:
    """Tell whether the form is asked for the first time since the customer's message.

    It is called a second time, to ask again, after the rule of another intent has answered.
    """
    for event in reversed(ctx.tracker.events):
        if event.get("event") == "user":
            return True
        if event.get("event") == "action_execution_rejected":
            return False
        if event.get("event") == "action" and event.get("name") not in (
            "case_form", "action_listen", "action_extract_slots",
        ):
            return False
    return False


def _answers(ctx: Context, case: str) -> bool:
    if ctx.intent in ANSWERS or ctx.intent == case:
        return True
    return ctx.slot("requested_slot") == "case_details" and (
        akin(ctx.intent, case) and ctx.confidence < SURE
    )


def _order_events(ctx: Context, text: str) -> Events:
    """Take the order that was named; after two tries without one go on without it."""
    named = ctx.entities("order_number") or find_numbers(text)
    if named:
        return [SlotSet("case_order", named[0]), SlotSet("case_tries", None)]
    tries = int(ctx.slot("case_tries") or 0) + 1
    if ctx.intent == "deny" or _UNKNOWN.fullmatch(_words(text)) or tries > 1:
        events = [SlotSet("case_order", NOT_ASKED), SlotSet("case_tries", None)]
        return [*events, *_kept(ctx, text)]
    return [SlotSet("case_tries", tries), *_kept(ctx, text)]


def _kept(ctx: Context, text: str) -> Events:
    """Keep words that did not name an order: they often tell the matter instead."""
    if ctx.intent in ("affirm", "deny") or not text:
        return []
    told = ctx.slot("case_text") or ""
    return [SlotSet("case_text", f"{told}\n{text}".strip())]


def _joined(ctx: Context, text: str) -> str:
    before = ctx.slot("case_details")
    return f"{before}\n{text}" if before and before != NOT_ASKED else (text or NOT_ASKED)


def _seen(ctx: Context) -> Events:
    """What was said in a form was understood well enough."""
    return [SlotSet("misses", None)] if ctx.slot("misses") else []


def _words(text: str) -> str:
    return " ".join(re.findall(r"[a-z]+", squeeze(fold(clean(text)).replace("'", ""))))


