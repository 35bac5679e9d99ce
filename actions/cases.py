"""Matters that the bot collects and a person decides: from the first message to the ticket."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from rasa_sdk.events import ActiveLoop, FollowupAction, SlotSet

from actions import called_off
from actions.alarms import tell_taken_back
from actions.base import CASE_FORM, Context, DestekAction, Events
from actions.case_orders import NOT_ASKED, has_orders, meant, product_lines, shown
from actions.case_table import CASES, CaseSpec
from actions.case_tickets import (
    Opened,
    add_words,
    find_again,
    finish,
    is_alarm_of_turn,
    merge,
    notice_time,
    of_number,
    open_alarm,
    open_notice,
)
from actions.people import CASE_SLOTS, hand_over, shop_phone
from actions.safety import is_dangerous
from bot import db
from bot.aftersales.orders.shopsystem import OrderState
from bot.aftersales.promises import compute
from bot.aftersales.promises import service as promises
from bot.conversations.states import WaitReason
from bot.conversations.tickets.models import Ticket
from bot.text import clean, fold

TELLING_WORDS = 5  # a first message of so many words of its own already tells the matter
DATA_REQUESTS = ("data_access_request", "data_deletion_request")
_EMPTY_WORDS = frozenset(  # say nothing of the matter
    """merhaba merhabalar selam selamlar slm mrb iyi gunler aksamlar calismalar kolay gelsin hocam
    lutfen acaba ya bir bi siparis siparisi siparisim siparisimi nolu numarali istiyorum isterim
    yardimci olur musunuz rica ederim hello hi hey please can could you i my the a an want would
    like to need order number help me""".split()
)


class OpenCase(DestekAction):
    """Begin a case: keep what the first message tells, ask for the rest."""

    def name(self) -> str:
        return "action_open_case"

    def perform(self, ctx: Context) -> Events:
        """Start the form, or go straight on when nothing is missing."""
        intent = wish_of(ctx)
        if _goes_on(ctx, intent):
            return [FollowupAction("action_resume_case"), SlotSet("wish", None)]
        if ctx.in_form and intent == "complaint" and ctx.slot("case_intent") != intent:
            return _let_off_steam(ctx)
        if called_off.takes_back(intent, ctx.text):
            ctx.say("utter_nothing_to_take_back")
            return [SlotSet("wish", None)]
        if intent == "product_fault_report" and _was_warned(ctx):
            return [SlotSet("wish", None), SlotSet("unclear_text", None)]
        spec = CASES[intent]
        order = meant(ctx, spec)
        again = find_again(ctx, intent, order)
        if again is not None and not (again.details or {}).get("incomplete"):
            return _add_to(ctx, again)
        return self._begin(ctx, intent, spec, order, again)

    def _begin(
        self, ctx: Context, intent: str, spec: CaseSpec, order: str | None, again: Ticket | None
    ) -> Events:
        words = ctx.words_of_turn or ctx.slot("unclear_text") or ""
        given: dict[str, Any] = {
            "case_intent": intent,
            "case_text": words,
            "case_order": order,
            "case_details": _details(ctx, intent, spec, words, order),
            "case_photo": _photo(ctx, spec),
            "case_tries": None,
            "case_ticket": str(again.number) if again else None,
        }
        missing = [name for name in ("case_order", "case_details", "case_photo") if not given[name]]
        _say_assumed_order(ctx, spec, given["case_order"])
        if missing and spec.sorry:
            ctx.say("utter_case_sorry")
        if again is not None:
            add_words(ctx, again)
        if spec.notice and missing:
            given["case_ticket"] = _take_notice(ctx, intent, given)
        events: Events = [SlotSet(name, value) for name, value in given.items()]
        events += [SlotSet("wish", None), SlotSet("unclear_text", None)]
        events.append(SlotSet("last_wish", intent))
        events += _set_aside(ctx, intent)
        # A form that was asking for something else begins anew.
        follow = FollowupAction(CASE_FORM if missing else "action_submit_case")
        return [*events, *_end_form(ctx), follow]


class SubmitCase(DestekAction):
    """Open the ticket with everything in it; say its number and who answers by when."""

    looks_first = False
    about_something = False

    def name(self) -> str:
        return "action_submit_case"

    def perform(self, ctx: Context) -> Events:
        """Open the ticket of the slots; a case without an intent was called off."""
        intent = ctx.slot("case_intent")
        cleared: Events = [SlotSet(name, None) for name in CASE_SLOTS]
        if not intent:
            if ctx.slot("case_ticket"):
                return [*tell_taken_back(ctx, str(ctx.slot("case_ticket"))), *cleared]
            ctx.say("utter_case_dropped")
            return cleared
        spec = CASES[intent]
        told = (ctx.slot("case_text"), ctx.slot("case_details"), ctx.text)
        dangerous = is_dangerous(*told) and not _knows_of_danger(ctx)
        if dangerous:
            spec = dataclasses.replace(spec, priority="urgent", person=True)
        else:
            again = find_again(ctx, intent, ctx.slot("case_order"), ctx.slot("case_ticket"))
            if again is not None and not (again.details or {}).get("incomplete"):
                return [*_join(ctx, again), *cleared, SlotSet("last_wish", intent)]
        opened = finish(ctx, intent, spec, dangerous)
        if dangerous:
            saved = ctx.slot("saved_case")
            if saved:  # nothing else is offered now
                cleared.append(SlotSet("saved_case", {**saved, "ask": False}))
            ctx.say("utter_safety", phone=shop_phone(), ticket=opened.ticket.number)
        else:
            _say_opened(ctx, intent, spec, opened)
        if spec.person:
            hand_over(
                ctx, WaitReason.RULE, ticket=opened.ticket.number, danger=dangerous or None
            )
        return [*cleared, SlotSet("last_wish", intent)]


def wish_of(ctx: Context) -> str:
    """Return the wish to serve: one that waited its turn, else the message's own."""
    wish = ctx.slot("wish")
    return wish if wish in CASES and ctx.intent not in CASES else ctx.intent


def own_words(text: str) -> list[str]:
    """Return the words of a message that tell something of a matter."""
    return [w for w in re.findall(r"[a-z]+", fold(clean(text))) if w not in _EMPTY_WORDS]


def _let_off_steam(ctx: Context) -> Events:
    """Anger in the middle of a case belongs to it and begins no other one; the form goes on."""
    ctx.say("utter_case_sorry")
    told = f"{ctx.slot('case_text') or ''}\n{ctx.text}".strip()
    return [SlotSet("case_text", told)]


def _was_warned(ctx: Context) -> bool:
    """Tell whether a fault was met with the safety answer before; say where its words went."""
    if is_alarm_of_turn(ctx):
        return True
    warned = open_alarm(ctx) if is_dangerous(ctx.words_of_turn) else None
    if warned is None:
        return False
    ctx.say("utter_safety_noted", ticket=str(warned.number), phone=shop_phone())
    return True


def _knows_of_danger(ctx: Context) -> bool:
    return is_alarm_of_turn(ctx) or open_alarm(ctx) is not None


def _add_to(ctx: Context, ticket: Ticket) -> Events:
    """Say that the matter is with people already, with the time that was told for it."""
    added = add_words(ctx, ticket)
    events: Events = [SlotSet("wish", None), SlotSet("unclear_text", None)]
    if added.due_at is None or added.due_at > ctx.now:
        until = ctx.until(added.due_at) if added.due_at else ""
        response = "utter_case_again" if until else "utter_case_again_no_date"
        variables = {"ticket": str(added.number), "topic": ctx.intent_label(str(added.intent))}
        ctx.say(response, {**variables, **({"until": until} if until else {})})
        return events
    ctx.say(
        "utter_ticket_overdue", ticket=str(added.number),
        topic=ctx.intent_label(str(added.intent)),
    )
    return [*events, *hand_over(ctx, WaitReason.RULE, tickets=[str(added.number)])]


def _join(ctx: Context, again: Ticket) -> Events:
    """Put what the form collected into the older ticket about the same matter."""
    merge(ctx, of_number(ctx, ctx.slot("case_ticket")), again)
    return _add_to(ctx, again)


def _take_notice(ctx: Context, intent: str, given: dict[str, Any]) -> str:
    """Record a notice before anything is asked, and say its number and time."""
    before = given["case_ticket"]
    if before:
        ticket = of_number(ctx, before)
        assert ticket is not None
        until, drafts, unproven = ticket.due_at, [], not has_orders(ctx)
    else:
        opened = open_notice(ctx, intent, given)
        ticket, until, unproven = opened.ticket, opened.due_at, opened.is_unproven
        drafts = [opened.promise] if opened.promise else []
    response = "utter_notice_unproven" if unproven else f"utter_notice_{intent}"
    if until is not None:
        ctx.say(
            response, promises=drafts, ticket=str(ticket.number), until=ctx.until(until),
            stamp=ctx.stamp(notice_time(ticket)),
        )
    return str(ticket.number)


def _say_assumed_order(ctx: Context, spec: CaseSpec, number: str | None) -> None:
    """Name the order that the case is taken to be about when nobody named one."""
    if not number or number == NOT_ASKED or ctx.entities("order_number"):
        return
    with db.read() as session:
        order = shown(session, ctx, spec, number)
    if order is not None:
        ctx.say("utter_case_about_order", order=order.number, products=order.products(ctx.language))


def _say_opened(ctx: Context, intent: str, spec: CaseSpec, opened: Opened) -> None:
    if intent == "broken_promise":
        _say_broken_promise(ctx)
    ticket, drafts = opened.ticket, [opened.promise] if opened.promise else []
    if opened.due_at is None:
        ctx.say("utter_case_logged", ticket=ticket.number)
        return
    variables = {
        "ticket": str(ticket.number), "until": ctx.until(opened.due_at),
        "topic": ctx.intent_label(intent), "stamp": ctx.stamp(notice_time(ticket)),
        "order": opened.order.number if opened.order else "",
    }
    if intent in DATA_REQUESTS:
        with db.read() as session:
            answer = compute.data_request(session, ticket.opened_at)
        assert answer.due_at is not None
        variables["date"] = ctx.day(answer.due_at)
        drafts.append(dataclasses.replace(answer, wording=variables["date"]))
    ctx.say(_response(ctx, intent, opened), variables, promises=drafts)


def _response(ctx: Context, intent: str, opened: Opened) -> str:
    if opened.is_unproven:
        return "utter_case_opened_unproven"
    if intent == "cancel_order" and opened.order is not None:
        if opened.order.state == OrderState.SHIPPED:
            return "utter_case_opened_cancel_shipped"
        if opened.order.state != OrderState.PREPARING:
            return "utter_case_opened_cancel_late"
    own = f"utter_case_opened_{intent}"
    return own if ctx.knows(own) else "utter_case_opened"


def _say_broken_promise(ctx: Context) -> None:
    """State the record: the last promise of ours in this conversation whose time has passed."""
    with db.read() as session:
        late = [
            promise for promise in promises.open_promises(session, ctx.conversation_id)
            if promise.own and promise.due_at and promise.due_at < ctx.now
        ]
    if late:
        ctx.say("utter_promise_on_record", moment=ctx.moment(late[-1].due_at))


def _details(
    ctx: Context, intent: str, spec: CaseSpec, words: str, order: str | None
) -> str | None:
    if not spec.details:
        return NOT_ASKED
    if len(own_words(words)) >= TELLING_WORDS:
        return words
    if intent == "return_request" and product_lines(ctx, spec, order) == 1:
        return NOT_ASKED  # there is only one thing that it can be
    return None


def _photo(ctx: Context, spec: CaseSpec) -> str | None:
    if ctx.has_attachment:
        return "received"
    return None if spec.photo else NOT_ASKED


def _end_form(ctx: Context) -> Events:
    if not ctx.in_form:
        return []
    return [ActiveLoop(None), SlotSet("requested_slot", None)]


def _goes_on(ctx: Context, intent: str) -> bool:
    """Tell whether the customer takes up by themselves the case that was left half-way."""
    saved = ctx.slot("saved_case")
    return bool(saved and saved.get("ask") and saved["slots"].get("case_intent") == intent)


def _set_aside(ctx: Context, intent: str) -> Events:
    """Keep the answers of a case that a new wish replaces, to be offered afterwards."""
    before = ctx.slot("case_intent")
    if not ctx.in_form or not before or before == intent:
        return []
    kept = {name: ctx.slot(name) for name in CASE_SLOTS}
    return [SlotSet("saved_case", {"slots": kept, "ask": True, "asked": 0})]
