"""People: a person in the chat, a call back, hours, and what became of an earlier case."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re

import phonenumbers
from rasa_sdk.events import SlotSet

from actions.base import Context, DestekAction, Events
from actions.people import hand_over
from actions.wanted_time import wanted_time
from bot import config, db, formatting
from bot.aftersales.orders import access
from bot.aftersales.policies import answers
from bot.aftersales.promises import compute
from bot.conversations.handover import service as handover
from bot.conversations.states import WaitReason
from bot.conversations.tickets import queries as ticket_queries
from bot.conversations.tickets import service as tickets
from bot.conversations.tickets.models import Ticket
from bot.text import clean, find_phones, find_ticket_numbers, fold
from bot.text.contacts import looks_like_phone

PHONE_QUESTION = "callback_phone"
MOST_TICKETS = 3
LATER = dt.timedelta(minutes=30)  # a slot so much after the wanted hour is another hour
_ADDRESS = re.compile(
    r"\b(?:adres\w*|nerede(?:siniz)?|nerdesiniz|konum\w*|magaza\w*|sube\w*|yeriniz\w*|address"
    r"|located|location|where are you|store|shop)\b"
)
_SOCIAL = re.compile(
    r"\b(?:sosyal medya\w*|insta(?:gram)?\w*|facebook\w*|face|twitter\w*|tiktok\w*|youtube\w*"
    r"|linkedin\w*|hesab\w*|hesap\w*|social)\b"
)


class TalkToHuman(DestekAction):
    """A person is wanted: never refused, never asked why."""

    about_something = False

    def name(self) -> str:
        return "action_talk_to_human"

    def perform(self, ctx: Context) -> Events:
        """Hand over, or tell the time that was promised."""
        return hand_over(ctx, WaitReason.ASKED)


class StopWaiting(DestekAction):
    """The customer no longer waits."""

    about_something = False

    def name(self) -> str:
        return "action_stop_waiting"

    def perform(self, ctx: Context) -> Events:
        """Withdraw the hand-over unless a person has taken it."""
        with db.write() as session:
            handover.withdraw(session, ctx.conversation_id)
        ctx.say("utter_wait_withdrawn")
        return []


class CallbackRequest(DestekAction):
    """A call is wanted: the phone is asked for only when we do not know one."""

    def name(self) -> str:
        return "action_callback_request"

    def perform(self, ctx: Context) -> Events:
        """Book the slot of the wanted time, or ask for the number."""
        return book_call(ctx)


def book_call(ctx: Context) -> Events:
    """Promise a call in the next free slot and leave a ticket for it."""
    with db.read() as session:
        who = access.who(session, ctx.uid)
    given = ctx.entities("phone") or find_phones(ctx.words_of_turn)
    phone = given[0] if given else who.phone
    words = ctx.words_of_turn
    if not given and looks_like_phone(words):
        # Not the number they write from: they gave another one, and it could not be read.
        ctx.say("utter_ask_callback_phone_again")
        return [SlotSet("open_question", PHONE_QUESTION)]
    if not phone:
        ctx.say("utter_ask_callback_phone")
        return [SlotSet("open_question", PHONE_QUESTION)]
    wanted = wanted_time(words, ctx.now, config.load().shop_time_zone)
    with db.write() as session:
        draft = compute.callback_slot(session, ctx.now, wanted)
        ticket = tickets.open_ticket(
            session, turn_id=ctx.turn_id, ordinal=ctx.ordinal(),
            conversation_id=ctx.conversation_id, intent="callback_request", category="callback",
            priority="high", due_at=draft.due_at, order_number=None,
            details={
                "phone": phone, "first_message": words, "language": ctx.language,
                "call_from": draft.due_from.isoformat() if draft.due_from else "",
            },
        )
    if ticket.due_at != draft.due_at and ticket.due_at and draft.due_at and draft.due_from:
        # A repeated turn says the slot that was kept with the ticket.
        length = draft.due_at - draft.due_from
        draft = dataclasses.replace(draft, due_at=ticket.due_at, due_from=ticket.due_at - length)
    assert draft.due_from and draft.due_at
    slot = formatting.slot_label(
        draft.due_from, draft.due_at, ctx.language, config.load().shop_time_zone, ctx.now
    )
    moved = wanted is not None and draft.due_from >= wanted + LATER
    ctx.say(
        "utter_callback_booked_other" if moved else "utter_callback_booked",
        promises=[dataclasses.replace(draft, wording=slot)],
        slot=slot, phone=masked(phone), ticket=ticket.number,
    )
    return [SlotSet("last_wish", "callback_request")]


def masked(phone: str) -> str:
    """Return a phone number with its middle hidden, as it may stand in a chat."""
    parsed = phonenumbers.parse(phone, "TR")
    style = (
        phonenumbers.PhoneNumberFormat.NATIONAL
        if parsed.country_code == 90
        else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    shown = phonenumbers.format_number(parsed, style)
    places = [i for i, char in enumerate(shown) if char.isdigit()]
    hidden = set(places[4:-2])
    return "".join("*" if i in hidden else char for i, char in enumerate(shown))


class ContactAndHours(DestekAction):
    """How and when to reach people."""

    def name(self) -> str:
        return "action_contact_and_hours"

    def perform(self, ctx: Context) -> Events:
        """Tell contact and hours, with address and accounts where they are asked for."""
        words = fold(clean(ctx.text))
        with db.read() as session:
            told = [
                answers.address(session) if _ADDRESS.search(words) else None,
                answers.social(session) if _SOCIAL.search(words) else None,
                answers.hours(session, ctx.language),
            ]
        for answer in told:
            if answer is not None:
                ctx.quote(answer)
        return []


class TicketStatus(DestekAction):
    """What became of my case: the one that is named, else the open ones of this customer."""

    def name(self) -> str:
        return "action_ticket_status"

    def perform(self, ctx: Context) -> Events:
        """Tell the state of each; a number of somebody else is not told from a wrong one."""
        return tell_tickets(ctx)


def tell_tickets(ctx: Context) -> Events:
    """Say what is known of the customer's own tickets."""
    numbers = ctx.entities("ticket_number") or find_ticket_numbers(ctx.words_of_turn)
    with db.read() as session:
        who = access.who(session, ctx.uid)
        if numbers:
            found = [ticket_queries.by_number(session, who.customer_id, n) for n in numbers]
            told = [ticket for ticket in found if ticket is not None]
        else:
            own = ticket_queries.of_customer(session, who.customer_id)
            told = [ticket for ticket in own if ticket.state == "open"] or own[:1]
    if not told:
        ctx.say("utter_ticket_unknown" if numbers else "utter_ticket_none")
        return []
    late = [ticket.number for ticket in told[:MOST_TICKETS] if _tell(ctx, ticket)]
    if late:
        hand_over(ctx, WaitReason.RULE, tickets=late)
    return []


def _tell(ctx: Context, ticket: Ticket) -> bool:
    """Say where a ticket is; tell whether the time that was promised for it has passed."""
    variables = {
        "ticket": str(ticket.number), "topic": ctx.intent_label(ticket.intent),
        "opened": ctx.moment(ticket.opened_at),
    }
    if ticket.state != "open":
        ctx.say("utter_ticket_solved", variables)
    elif ticket.due_at is None:
        ctx.say("utter_ticket_open_no_date", variables)
    elif ticket.due_at > ctx.now:
        ctx.say("utter_ticket_open", variables, until=ctx.until(ticket.due_at))
    else:
        ctx.say("utter_ticket_overdue", variables)
        return True
    return False
