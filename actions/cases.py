"""Matters that the bot collects and a person decides: from the first message to the ticket."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from rasa_sdk.events import ActiveLoop, FollowupAction, SlotSet

from actions.base import CASE_FORM, Context, DestekAction, Events
from actions.case_table import CASES, CaseSpec
from actions.people import CASE_SLOTS, answers, hand_over, shop_phone
from actions.safety import is_dangerous
from bot import db
from bot.aftersales.customers import service as customers
from bot.aftersales.orders import access
from bot.aftersales.orders.shopsystem import OrderView
from bot.aftersales.promises import compute
from bot.aftersales.promises import service as promises
from bot.aftersales.promises.service import PromiseDraft
from bot.conversations.states import WaitReason
from bot.conversations.tickets import service as tickets
from bot.conversations.tickets.models import Ticket
from bot.text import clean, find_numbers, fold

NOT_ASKED = "-"
TELLING_WORDS = 5  # a first message of so many words of its own already tells the matter
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
        spec = CASES[intent]
        words = ctx.words_of_turn or ctx.slot("unclear_text") or ""
        given: dict[str, Any] = {
            "case_intent": intent,
            "case_text": words,
            "case_order": _order(ctx, spec),
            "case_details": _details(spec, words),
            "case_photo": _photo(ctx, spec),
            "case_tries": None,
        }
        events: Events = [SlotSet(name, value) for name, value in given.items()]
        events += [SlotSet("wish", None), SlotSet("unclear_text", None)]
        events.append(SlotSet("last_wish", intent))
        events += _set_aside(ctx, intent)
        missing = [name for name in ("case_order", "case_details", "case_photo") if not given[name]]
        if is_dangerous(words):
            return [*events, *_end_form(ctx), FollowupAction("action_submit_case")]
        _say_assumed_order(ctx, given["case_order"])
        if not missing:
            return [*events, *_end_form(ctx), FollowupAction("action_submit_case")]
        if spec.sorry:
            ctx.say("utter_case_sorry")
        # A form that was asking for something else begins anew.
        return [*events, *_end_form(ctx), FollowupAction(CASE_FORM)]


class SubmitCase(DestekAction):
    """Open the ticket with everything in it; say its number and who answers by when."""

    about_something = False

    def name(self) -> str:
        return "action_submit_case"

    def perform(self, ctx: Context) -> Events:
        """Open the ticket of the slots; a case without an intent was called off."""
        intent = ctx.slot("case_intent")
        cleared: Events = [SlotSet(name, None) for name in CASE_SLOTS]
        if not intent:
            ctx.say("utter_case_dropped")
            return cleared
        spec = CASES[intent]
        dangerous = is_dangerous(ctx.slot("case_text"), ctx.slot("case_details"), ctx.text)
        if dangerous:
            spec = dataclasses.replace(spec, priority="urgent", person=True)
        ticket, draft = open_ticket(ctx, intent, spec, dangerous)
        saved = ctx.slot("saved_case")
        if dangerous:
            if saved:  # nothing else is offered now
                cleared.append(SlotSet("saved_case", {**saved, "ask": False}))
            ctx.say("utter_safety", phone=shop_phone(), ticket=ticket.number)
        else:
            _say_opened(ctx, intent, spec, ticket, draft)
        if spec.person:
            hand_over(ctx, WaitReason.RULE, ticket=ticket.number, danger=dangerous or None)
        return [*cleared, SlotSet("last_wish", intent)]


def _let_off_steam(ctx: Context) -> Events:
    """Anger in the middle of a case belongs to it and begins no other one; the form goes on."""
    ctx.say("utter_case_sorry")
    told = f"{ctx.slot('case_text') or ''}\n{ctx.text}".strip()
    return [SlotSet("case_text", told)]


def _say_assumed_order(ctx: Context, number: str | None) -> None:
    """Name the order that the case is taken to be about when nobody named one."""
    if not number or number == NOT_ASKED or ctx.entities("order_number"):
        return
    with db.read() as session:
        order = _shown(session, ctx, number)
    if order is not None:
        ctx.say("utter_case_about_order", order=order.number, products=order.products(ctx.language))


def wish_of(ctx: Context) -> str:
    """Return the wish to serve: one that waited its turn, else the message's own."""
    wish = ctx.slot("wish")
    return wish if wish in CASES and ctx.intent not in CASES else ctx.intent


def open_ticket(
    ctx: Context, intent: str, spec: CaseSpec, dangerous: bool = False
) -> tuple[Ticket, PromiseDraft | None]:
    """Open the ticket of a case, once per turn; return it with the promise of its answer."""
    with db.write() as session:
        order = _shown(session, ctx, ctx.slot("case_order"))
        draft = compute.ticket_answer(session, ctx.now, spec.priority) if spec.answer_by else None
        ticket = tickets.open_ticket(
            session, turn_id=ctx.turn_id, ordinal=ctx.ordinal(),
            conversation_id=ctx.conversation_id,
            intent=intent, category=spec.category, priority=spec.priority,
            due_at=draft.due_at if draft else None, order_number=order.number if order else None,
            details=_ticket_details(ctx, spec, order, dangerous),
        )
        if intent == "data_deletion_request":
            person = access.who(session, ctx.uid)
            customers.opt_out(
                session, person.identity_id, proof=f"turn:{ctx.turn_id}", source="data_deletion"
            )
    if draft is not None and ticket.due_at is not None:
        # A repeated turn says the time that was kept with the ticket.
        draft = dataclasses.replace(draft, due_at=ticket.due_at)
    return ticket, draft


def _say_opened(
    ctx: Context, intent: str, spec: CaseSpec, ticket: Ticket, draft: PromiseDraft | None
) -> None:
    if intent == "broken_promise":
        _say_broken_promise(ctx)
    own = f"utter_case_opened_{intent}"
    response = own if ctx.knows(own) else "utter_case_opened"
    if draft is None or draft.due_at is None:
        ctx.say("utter_case_logged", ticket=ticket.number)
        return
    ctx.say(
        response, promises=[draft], ticket=ticket.number, until=ctx.until(draft.due_at),
        topic=ctx.intent_label(intent), stamp=ctx.stamp(ticket.opened_at),
    )


def _say_broken_promise(ctx: Context) -> None:
    """State the record: the last promise of ours in this conversation whose time has passed."""
    with db.read() as session:
        late = [
            promise for promise in promises.open_promises(session, ctx.conversation_id)
            if promise.own and promise.due_at and promise.due_at < ctx.now
        ]
    if late:
        ctx.say("utter_promise_on_record", moment=ctx.moment(late[-1].due_at))


def _ticket_details(
    ctx: Context, spec: CaseSpec, order: OrderView | None, dangerous: bool
) -> dict[str, Any]:
    """Return what the customer told and when, for the person who works on the ticket."""
    told = answers(ctx)
    details: dict[str, Any] = {
        "first_message": told.get("case_text", ""), "details": told.get("case_details", ""),
        "photo": told.get("case_photo", ""), "language": ctx.language,
        "channel": str(ctx.metadata.get("channel") or ""),
    }
    given = ctx.slot("case_order")
    if given and given != NOT_ASKED and order is None:
        details["order_as_given"] = given  # not shown to be the customer's
    if spec.notice:
        details["notice_at"] = ctx.now.isoformat()
    if dangerous:
        details["danger"] = True
    return {name: value for name, value in details.items() if value}


def _shown(session: Any, ctx: Context, number: str | None) -> OrderView | None:
    """Return the order of a number if this customer may hear of it."""
    if not number or number == NOT_ASKED:
        return None
    found = access.find_for(session, access.who(session, ctx.uid), [number]).orders
    return found[0] if len(found) == 1 else None


def candidates(ctx: Context, spec: CaseSpec) -> list[OrderView]:
    """Return the customer's own orders that a case can be about, newest first."""
    with db.read() as session:
        own = access.own_orders(session, access.who(session, ctx.uid))
    return [order for order in own if order.state in spec.orders]


def _order(ctx: Context, spec: CaseSpec) -> str | None:
    """Return the order that the message names or that alone can be meant; None: ask."""
    if not spec.orders:
        return NOT_ASKED
    named = ctx.entities("order_number") or ctx.entities("tracking_number")
    named = named or find_numbers(ctx.slot("unclear_text") or "")
    possible = candidates(ctx, spec)
    if named:
        with db.read() as session:
            person = access.who(session, ctx.uid)
            found = access.find_for(session, person, named).orders
        return found[0].number if len(found) == 1 else (None if found else named[0])
    if len(possible) == 1:
        return possible[0].number
    spoken_of = ctx.slot("order_number")
    if any(order.number == spoken_of for order in possible):
        return str(spoken_of)
    return None


def _details(spec: CaseSpec, words: str) -> str | None:
    if not spec.details:
        return NOT_ASKED
    own = [w for w in re.findall(r"[a-z]+", fold(clean(words))) if w not in _EMPTY_WORDS]
    return words if len(own) >= TELLING_WORDS else None


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
