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

from actions import called_off
from actions.base import Choice, Context, DestekAction, Events
from actions.case_orders import NOT_ASKED, candidates, named_numbers, product_lines
from actions.case_table import ASKS_REMEDY, CASES, NO_REMEDY, akin
from actions.cases import own_words
from actions.first_look import instead_of
from bot.text import find_numbers
from bot.text.restated import is_restated

MOODS: Final = frozenset({"complaint", "praise", "abuse"})
ANSWERS: Final = frozenset({"provide_info", "affirm", "deny", "nlu_fallback", "survey_answer"})
SURE: Final = 0.8  # from here on a message akin to the case is a wish of its own
QUITE_SURE: Final = 0.9  # and a mere statement, of another matter than the case
MAX_CHOICES: Final = 3
WORDS_BESIDE_NUMBER: Final = 4  # "1026 olan", "it is 1026": a number and nothing else told
_NO_NUMBER: Final = re.compile(
    r"(?:bilmiyorum|hatirlamiyorum|bulamadim|bulamiyorum|(?:numara|siparis numara)\w* yok"
    r"|(?:i )?dont know|i do not know|not sure|emin degilim|i dont have (?:it|one))(?: \w+){0,4}"
)
_NOTHING: Final = re.compile(r"(?:yok|no|none|hayir)(?: \w+){0,2}")
_REMEDY: Final = re.compile(
    r"\b(?:degisim|degistir\w*|iade\w*|para(?:mi|m|nin|si|sini)?|ucret\w*|onarim|onar\w*|tamir\w*"
    r"|indirim\w*|yenisi\w*|exchange\w*|replace\w*|new one|refund\w*|money back|repair\w*|fix\w*"
    r"|discount|price cut)\b"
)
_ASKS: Final = re.compile(
    r"\b(?:kac|ne kadar|ne zaman|nasil|nedir|nerede|nerde|neden|niye|hangi\w*|kim"
    r"|m[iu](?:y[iu]m|y[iu]z|s[iu]n|s[iu]n[iu]z|yd[iu]|d[iu]r)?"
    r"|\w+(?:misiniz|musunuz|misin|musun|iyomu|iyormu|varmi|olurmu)"
    r"|how|what|when|where|why|which|who|do you|can (?:i|you)|could you|is there)\b"
)
_WISHES: Final = re.compile(
    r"\b(?:ist(?:iyorum|iyoruz|erim|eriz|erdim)|lutfen|\w+ ?(?:edin|ediniz|eder misin\w*)"
    r"|ver(?:in|iniz)?|yolla(?:yin)?|gonder(?:in|iniz)?|bagla(?:yin)?|ara(?:yin|yiniz)|sil(?:in|iniz)"
    r"|kapat(?:in)?|soyle(?:yin)?|degistir(?:in|iniz)|i want|i d like|id like|i need|i would like"
    r"|please|give me|send me|tell me|call me|cancel)\b"
)
_BESIDE: Final = frozenset(
    """olan no numara numarasi nolu siparis siparisim it is the one that this bu su evet yes tamam
    ok hayir icin lutfen please order number my for yani sanirim galiba""".split()
)


class ValidateCaseForm(DestekAction):
    """Decide what a message means for the open question. Only slot events make it an answer."""

    tidies = False
    looks_first = False

    def name(self) -> str:
        return "validate_case_form"

    def perform(self, ctx: Context) -> Events:
        """Return the slots that the message fills, none to let it through to its own rule."""
        wanted = ctx.slot("requested_slot")
        if not wanted or not _is_answer_time(ctx):
            return []
        text = ctx.text
        case = str(ctx.slot("case_intent") or "")
        first = instead_of(ctx, self.name())
        if first == "action_safety":
            return [SlotSet("case_details", _joined(ctx, text)), SlotSet("requested_slot", None)]
        if not first and (number := _put_right(ctx, text)):
            events = _corrected(ctx, str(wanted), case, number)
            if ctx.has_attachment:
                events.append(SlotSet("case_photo", "received"))
            return [*events, *_seen(ctx)]
        if text and wanted == "case_photo" and called_off.is_no_photo(text):
            return [SlotSet("case_photo", NOT_ASKED), *_seen(ctx)]
        if text and (called_off.is_called_off(case, text) or _refused_twice(ctx, case, text)):
            return [SlotSet("case_intent", None), SlotSet("requested_slot", None)]
        if first:
            return []  # a threat and the like: answered by itself, whatever was asked
        if ctx.has_attachment and not text:
            return [SlotSet("case_photo", "received"), *_seen(ctx)]
        if not _answers(ctx, case, text):
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
            return _corrected(ctx, wanted, str(ctx.slot("case_intent")), numbers[0])
        if wanted == "case_photo":
            if ctx.has_attachment:
                return [SlotSet("case_photo", "received")]
            words = "" if _is_bare(ctx, text) else text
            more = [SlotSet("case_details", _joined(ctx, words))] if words else []
            if ctx.intent == "affirm" and not ctx.slot("case_tries"):
                return [SlotSet("case_tries", 1)]  # "yes, I will": the photo is still to come
            return [*more, SlotSet("case_photo", NOT_ASKED)]
        return [*named, SlotSet("case_details", _joined(ctx, text))]


class AskCaseOrder(DestekAction):
    """Ask which order is meant, with the customer's own ones as choices."""

    tidies = False
    looks_first = False

    def name(self) -> str:
        return "action_ask_case_order"

    def perform(self, ctx: Context) -> Events:
        """Offer the orders that the case can be about."""
        case = ctx.slot("case_intent")
        own = candidates(ctx, CASES[case])[:MAX_CHOICES] if case in CASES else []
        if not own:
            ctx.say("utter_ask_order_again" if ctx.slot("case_tries") else "utter_ask_order_number")
            return []
        again = case == "cancel_order" and ctx.slot("case_tries")
        choices = [
            Choice(
                f"{order.number} {order.products(ctx.language)}".strip(),
                "/provide_info" + json.dumps({"order_number": order.number}),
            )
            for order in own
        ]
        ctx.say("utter_ask_cancel_which" if again else "utter_ask_case_order", choices=choices)
        return []


class AskCaseDetails(DestekAction):
    """Ask the one open question of the case."""

    tidies = False
    looks_first = False

    def name(self) -> str:
        return "action_ask_case_details"

    def perform(self, ctx: Context) -> Events:
        """Ask in the words of the case's intent."""
        case = str(ctx.slot("case_intent"))
        own, one = f"utter_ask_details_{case}", f"utter_ask_single_{case}"
        if ctx.knows(one) and product_lines(ctx, CASES[case], ctx.slot("case_order")) == 1:
            own = one  # the order holds one thing: which one is no question
        ctx.say(own if ctx.knows(own) else "utter_ask_details")
        return []


class AskCasePhoto(DestekAction):
    """Ask for a photo, which may be refused."""

    tidies = False
    looks_first = False

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


def _answers(ctx: Context, case: str, text: str) -> bool:
    """Tell whether a message is an answer to what was asked, however it was understood."""
    if ctx.intent in ANSWERS or ctx.intent == case or called_off.is_reason(text):
        return True
    if ctx.slot("requested_slot") != "case_details":
        return False
    if akin(ctx.intent, case) and ctx.confidence < SURE:
        return True
    if _tells_more(ctx, case, text):
        return True
    # We asked which remedy is wanted: a remedy that is named answers that, and is no new wish.
    words = called_off.words_of(text)
    wished = case in ASKS_REMEDY and ctx.intent not in NO_REMEDY and _REMEDY.search(words)
    return bool(wished) and "?" not in text and not _ASKS.search(words)


def _tells_more(ctx: Context, case: str, text: str) -> bool:
    """Tell whether a message only states something, as one does who was asked what is the matter.

    What asks or wants something is never such; what states another matter for certain neither.
    """
    words = called_off.words_of(text)
    if not words or text.startswith("/"):
        return False  # a button names a wish
    if ctx.intent in NO_REMEDY or "?" in text or _ASKS.search(words) or _WISHES.search(words):
        return False
    if akin(ctx.intent, case) and ctx.intent not in MOODS:
        return True
    return ctx.confidence < QUITE_SURE


def _refused_twice(ctx: Context, case: str, text: str) -> bool:
    """Tell whether somebody who is asked which order to cancel only says no, and again no."""
    if case != "cancel_order" or ctx.slot("requested_slot") != "case_order":
        return False
    refused = ctx.intent == "deny" or _NOTHING.fullmatch(called_off.words_of(text))
    return bool(refused and ctx.slot("case_tries")) and not find_numbers(text)


def _order_events(ctx: Context, text: str) -> Events:
    """Take the order that was named; after two tries without one go on without it."""
    named = named_numbers(ctx) or find_numbers(text)
    case = str(ctx.slot("case_intent"))
    if named:
        events = [SlotSet("case_order", named[0]), SlotSet("case_tries", None)]
        return [*events, *_told_beside(ctx, case, named[0], text)]
    words = called_off.words_of(text)
    tries = int(ctx.slot("case_tries") or 0) + 1
    unknown = bool(_NO_NUMBER.fullmatch(words))
    # Asked which order to cancel, a bare "no" may well mean "do not cancel".
    if case != "cancel_order" and not called_off.is_reason(text):
        unknown = unknown or bool(_NOTHING.fullmatch(words)) or ctx.intent == "deny"
    if unknown or tries > 1:
        events = [SlotSet("case_order", NOT_ASKED), SlotSet("case_tries", None)]
        return [*events, *_kept(ctx, text), *_only_product(ctx, case, NOT_ASKED)]
    return [SlotSet("case_tries", tries), *_kept(ctx, text)]


def _told_beside(ctx: Context, case: str, number: str, text: str) -> Events:
    """Take the words beside a number for the matter, if they tell anything of it."""
    if ctx.slot("case_details") not in (None, ""):
        return _kept(ctx, text) if own_words(text) else []
    beside = [w for w in own_words(text) if w not in _BESIDE]
    if len(beside) > (0 if case == "return_request" else 1):
        return [SlotSet("case_details", text)]
    return _only_product(ctx, case, number)


def _only_product(ctx: Context, case: str, number: str) -> Events:
    """Ask nobody which product of an order with a single one shall go back."""
    if case != "return_request" or ctx.slot("case_details"):
        return []
    single = product_lines(ctx, CASES[case], number) == 1
    return [SlotSet("case_details", NOT_ASKED)] if single else []


def _put_right(ctx: Context, text: str) -> str | None:
    """Return the order number that a message puts right: "yok yanlış yazdım, 1025"."""
    named = named_numbers(ctx) if text and is_restated(text) else []
    return named[0] if named else None


def _corrected(ctx: Context, wanted: str, case: str, number: str) -> Events:
    """Note another order than the one we took it to be; the open question is still to be answered.

    Noted even in a case that asks for no order: the person who works on it sees the number.
    """
    if wanted == "case_order":
        order = [SlotSet("case_order", number), SlotSet("case_tries", None)]
        return [*order, *_only_product(ctx, case, number)]
    ctx.say("utter_case_order_noted", order=number)
    return [SlotSet("case_order", number)]


def _kept(ctx: Context, text: str) -> Events:
    """Keep words that did not name an order: they often tell the matter instead."""
    if not text or _is_bare(ctx, text):
        return []
    told = ctx.slot("case_text") or ""
    return [SlotSet("case_text", f"{told}\n{text}".strip())]


def _is_bare(ctx: Context, text: str) -> bool:
    """Tell whether a message is a yes or no and nothing besides."""
    short = len(text.split()) < WORDS_BESIDE_NUMBER - 1
    return ctx.intent in ("affirm", "deny") and short and not called_off.is_reason(text)


def _joined(ctx: Context, text: str) -> str:
    before = ctx.slot("case_details")
    return f"{before}\n{text}" if before and before != NOT_ASKED else (text or NOT_ASKED)


def _seen(ctx: Context) -> Events:
    """What was said in a form was understood well enough."""
    return [SlotSet("misses", None)] if ctx.slot("misses") else []
