"""Where an order is, and why it is late: told from the records, to whom may hear of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from rasa_sdk.events import SlotSet

from actions.base import Choice, Context, DestekAction, Events
from actions.people import hand_over
from bot import db
from bot.aftersales.orders import access, tracking
from bot.aftersales.policies import answers
from bot.aftersales.promises import compute
from bot.conversations.states import WaitReason
from bot.conversations.tickets import service as tickets

STUCK = "utter_order_stuck"
MOST = 3  # orders told in one answer


@dataclasses.dataclass(frozen=True)
class Found:
    """What may be told: one answer per order, or a number that leads to nothing for this person."""

    told: Sequence[tracking.TrackingAnswer] = ()
    orders: Sequence[access.OrderView] = ()
    withheld: str = ""
    locked: bool = False


def look_up(ctx: Context) -> Found:
    """Look up what the message names, or all orders of the customer when it names none.

    A phone, an e-mail address or a tracking number alone proves the order that was asked about just
    before.
    """
    numbers = ctx.entities("order_number")
    parcels = ctx.entities("tracking_number")
    phones, emails = ctx.entities("phone"), ctx.entities("email")
    asked_before = ctx.slot("open_question") or ""
    if not numbers and asked_before.startswith("proof:") and (parcels or phones or emails):
        numbers = [asked_before.removeprefix("proof:")]
    with db.write() as session:
        who = access.who(session, ctx.uid)
        if not numbers and not parcels:
            return _overview(session, ctx, who)
        found = access.find_for(session, who, numbers, parcels, phones=phones, emails=emails)
        told = [
            tracking.describe(session, order, ctx.language, ctx.now) for order in found.orders[:MOST]
        ]
    return Found(
        told=told, orders=found.orders[:MOST], locked=found.locked,
        withheld=found.unmatched[0] if found.unmatched and not found.orders else "",
    )


def _overview(session: access.Session, ctx: Context, who: access.Who) -> Found:
    """Tell every order under way; when none is, the last one."""
    own = access.own_orders(session, who)
    if not own:
        return Found()
    told = tracking.overview(session, own, ctx.language, ctx.now)
    if told:
        return Found(told=told, orders=[order for order in own if order.state.is_open])
    newest = max(own, key=lambda order: order.last_movement)
    return Found(
        told=[tracking.describe(session, newest, ctx.language, ctx.now)], orders=[newest]
    )


def tell(ctx: Context, found: Found) -> Events:
    """Say what was found, or what would help."""
    if found.told:
        for answer in found.told:
            ctx.say(answer.response, promises=answer.promises, **answer.variables)
        return [SlotSet("order_number", found.orders[0].number)] if found.orders else []
    if found.locked:
        ctx.say("utter_order_locked")
        return hand_over(ctx, WaitReason.RULE, asked_order=found.withheld)
    if found.withheld:
        ctx.say(
            "utter_order_withheld", number=found.withheld,
            choices=[Choice(ctx.label("utter_choice_check_order"), "/do_check_order")],
        )
        return [
            SlotSet("order_number", found.withheld),
            SlotSet("open_question", f"proof:{found.withheld}"),
        ]
    ctx.say("utter_ask_order_number")
    return [SlotSet("open_question", "order_number")]


class TrackOrder(DestekAction):
    """Where is my order."""

    def name(self) -> str:
        return "action_track_order"

    def perform(self, ctx: Context) -> Events:
        """Tell the orders named, or all that are under way."""
        return tell(ctx, look_up(ctx))


class DeliveryDelayed(DestekAction):
    """It should be here by now: the same facts, and an inquiry when the parcel stands still."""

    def name(self) -> str:
        return "action_delivery_delayed"

    def perform(self, ctx: Context) -> Events:
        """Tell the orders; open an inquiry for each that is stuck."""
        found = look_up(ctx)
        if found.told:
            ctx.say("utter_delay_sorry")
        events = tell(ctx, found)
        for place, answer in enumerate(found.told):
            if answer.response == STUCK:
                self._inquire(ctx, answer, place)
        return events

    def _inquire(self, ctx: Context, answer: tracking.TrackingAnswer, place: int) -> None:
        number = answer.variables.get("number", "")
        with db.write() as session:
            draft = compute.next_update(session, ctx.now)
            ticket = tickets.open_ticket(
                session, turn_id=ctx.turn_id, ordinal=ctx.step * 10 + place,
                conversation_id=ctx.conversation_id, intent="delivery_delayed",
                category="carrier_inquiry", details={"first_message": ctx.words_of_turn},
                order_number=number or None, due_at=draft.due_at, priority="high",
            )
        due = ticket.due_at or draft.due_at
        draft = dataclasses.replace(draft, due_at=due)
        ctx.say(
            "utter_carrier_inquiry", promises=[draft], ticket=ticket.number, until=ctx.until(due)
        )


class CheckOrder(DestekAction):
    """A person shall look at an order that could not be shown to this customer."""

    def name(self) -> str:
        return "action_check_order"

    def perform(self, ctx: Context) -> Events:
        """Open a ticket with the number as it was given."""
        with db.write() as session:
            draft = compute.ticket_answer(session, ctx.now)
            ticket = tickets.open_ticket(
                session, turn_id=ctx.turn_id, ordinal=ctx.step,
                conversation_id=ctx.conversation_id, intent="track_order",
                category="identity_check", details={"order_as_given": ctx.slot("order_number")},
                due_at=draft.due_at,
            )
        due = ticket.due_at or draft.due_at
        ctx.say(
            "utter_order_check_opened", promises=[dataclasses.replace(draft, due_at=due)],
            ticket=ticket.number, until=ctx.until(due),
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
        ctx.say(answer.response, promises=answer.promises, **answer.variables)
        return []
