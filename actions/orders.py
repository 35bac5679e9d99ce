"""Where an order is, and why it is late: told from the records, to whom may hear of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from rasa_sdk.events import SlotSet

from actions.base import Choice, Context, DestekAction, Events
from actions.people import hand_over
from bot import db
from bot.aftersales.orders import access, tracking
from bot.aftersales.orders.shopsystem import OrderView
from bot.aftersales.orders.tracking import TrackingAnswer
from bot.aftersales.policies import answers
from bot.aftersales.promises import compute
from bot.aftersales.promises.kinds import PromiseKind
from bot.conversations.states import WaitReason
from bot.conversations.tickets import service as tickets

MOST = 3  # orders told in one answer
PARCEL_LENGTH = 9  # the shortest tracking numbers of carriers
_PROOF = "proof:"  # open question: what would show that this order is theirs


@dataclasses.dataclass(frozen=True)
class Found:
    """What may be told, or a number that leads to nothing for this person."""

    told: Sequence[TrackingAnswer] = ()
    withheld: str = ""
    locked: bool = False


def look_up(ctx: Context) -> Found:
    """Look up what the message names, or all orders of the customer when it names none.

    A phone, an e-mail address or a tracking number proves the order that was asked about just
    before and could not be shown; so does the order's number after its tracking number.
    """
    numbers = ctx.entities("order_number")
    parcels = ctx.entities("tracking_number")
    phones, emails = ctx.entities("phone"), ctx.entities("email")
    question = str(ctx.slot("open_question") or "")
    if question.startswith(_PROOF):
        # A long number is a parcel's; a short one is another order, and no guess at this one.
        parcels = [*parcels, *(n for n in numbers if len(n) >= PARCEL_LENGTH and n not in parcels)]
        asked = question.removeprefix(_PROOF)
        if len(asked) >= PARCEL_LENGTH and numbers and not parcels:
            parcels = [asked]  # the parcel came first, the order's number now
        elif parcels or phones or emails:
            numbers = [asked, *(n for n in numbers if n not in parcels)]
    with db.write() as session:
        who = access.who(session, ctx.uid)
        if not numbers and not parcels:
            own = access.own_orders(session, who)
            return Found(tracking.overview(session, own, ctx.language, ctx.now)[:MOST])
        found = access.find_for(session, who, numbers, parcels, phones=phones, emails=emails)
        told = [tracking.describe(session, o, ctx.language, ctx.now) for o in found.orders[:MOST]]
    return Found(told, found.unmatched[0] if found.unmatched and not told else "", found.locked)


def describe(ctx: Context, orders: Sequence[OrderView]) -> Found:
    """Return what to tell of orders that this customer may hear of."""
    with db.read() as session:
        return Found(
            [tracking.describe(session, o, ctx.language, ctx.now) for o in orders[:MOST]]
        )


def tell(ctx: Context, found: Found) -> Events:
    """Say what was found, or what would help."""
    if found.told:
        for place, answer in enumerate(found.told):
            if answer.inquiry:
                _inquire(ctx, answer, place)
            ctx.say(answer.response, answer.variables, promises=answer.promises)
        return [SlotSet("order_number", found.told[0].order_number)]
    if found.locked:
        ctx.say("utter_order_locked")
        return hand_over(ctx, WaitReason.RULE, asked_order=found.withheld)
    if found.withheld:
        check = Choice(ctx.label("utter_choice_check_order"), "/do_check_order")
        ctx.say("utter_order_withheld", order_number=found.withheld, choices=[check])
        return [
            SlotSet("order_number", found.withheld),
            SlotSet("open_question", _PROOF + found.withheld),
        ]
    ctx.say("utter_ask_order_to_track")
    return [SlotSet("open_question", "order_number")]


def _inquire(ctx: Context, answer: TrackingAnswer, place: int) -> None:
    """Open the ticket that an answer speaks of, due when we said that we write again."""
    update = next(p for p in answer.promises if p.kind == PromiseKind.NEXT_UPDATE.value)
    with db.write() as session:
        tickets.open_ticket(
            session, turn_id=ctx.turn_id, ordinal=ctx.ordinal(place),
            conversation_id=ctx.conversation_id, category=answer.inquiry or "",
            intent="refund_status" if answer.inquiry == "refund" else "delivery_delayed",
            details={"first_message": ctx.words_of_turn, "language": ctx.language},
            order_number=answer.order_number, due_at=update.due_at, priority="high",
        )


class TrackOrder(DestekAction):
    """Where is my order."""

    def name(self) -> str:
        return "action_track_order"

    def perform(self, ctx: Context) -> Events:
        """Tell the orders named, or all that are under way."""
        return tell(ctx, look_up(ctx))


class DeliveryDelayed(DestekAction):
    """It should be here by now: the same facts, which decide whether an inquiry is opened."""

    def name(self) -> str:
        return "action_delivery_delayed"

    def perform(self, ctx: Context) -> Events:
        """Say that we are sorry, and tell the orders."""
        found = look_up(ctx)
        if found.told:
            ctx.say("utter_delay_sorry")
        return tell(ctx, found)


class CheckOrder(DestekAction):
    """A person shall look at an order that could not be shown to this customer."""

    about_something = False

    def name(self) -> str:
        return "action_check_order"

    def perform(self, ctx: Context) -> Events:
        """Open a ticket with the number as it was given."""
        question = str(ctx.slot("open_question") or "")
        asked = question.removeprefix(_PROOF) if question.startswith(_PROOF) else ""
        with db.write() as session:
            draft = compute.ticket_answer(session, ctx.now)
            ticket = tickets.open_ticket(
                session, turn_id=ctx.turn_id, ordinal=ctx.ordinal(),
                conversation_id=ctx.conversation_id, intent="track_order",
                category="identity_check", due_at=draft.due_at,
                details={
                    "order_as_given": asked or ctx.slot("order_number"), "language": ctx.language,
                },
            )
        draft = dataclasses.replace(draft, due_at=ticket.due_at)
        ctx.say(
            "utter_order_check_opened", promises=[draft], ticket=ticket.number,
            until=ctx.until(ticket.due_at),
        )
        return [SlotSet("last_wish", "track_order")]


class ShippingInfo(DestekAction):
    """What delivery costs and how long it takes, from the policies."""

    def name(self) -> str:
        return "action_shipping_info"

    def perform(self, ctx: Context) -> Events:
        """Quote the delivery policy."""
        with db.read() as session:
            answer = answers.shipping(session, ctx.language)
        ctx.quote(answer)
        return []
