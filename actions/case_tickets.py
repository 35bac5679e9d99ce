"""The ticket of a case: opened, added to, found again, taken back.

A return or a cancellation written in the chat is a legal notice, and a fault report starts the
clock of the repair: their ticket is opened with the first message and bears its time, whatever
comes of the questions that follow.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from actions.base import Context
from actions.case_orders import NOT_ASKED, is_proven, shown
from actions.case_table import CASES, CaseSpec
from actions.people import answers
from bot import db
from bot.aftersales.customers import service as customers
from bot.aftersales.orders import access
from bot.aftersales.orders.shopsystem import OrderView
from bot.aftersales.promises import compute
from bot.aftersales.promises.service import PromiseDraft
from bot.conversations.tickets import amending
from bot.conversations.tickets import queries as ticket_queries
from bot.conversations.tickets import service as tickets
from bot.conversations.tickets.models import Ticket

ALARM_LASTS = dt.timedelta(hours=24)
_UNFINISHED_LASTS = dt.timedelta(hours=24)


@dataclasses.dataclass(frozen=True)
class Opened:
    """A ticket with what is said of it."""

    ticket: Ticket
    due_at: dt.datetime | None
    promise: PromiseDraft | None  # None: its time was promised before, or is not told
    order: OrderView | None
    is_unproven: bool  # a person has to make sure who writes


def open_notice(ctx: Context, intent: str, given: dict[str, Any]) -> Opened:
    """Open the ticket of a notice at once; what is still asked is added by `finish`."""
    details = {"first_message": given["case_text"], "incomplete": True}
    return _open(ctx, intent, CASES[intent], given["case_order"], details)


def finish(ctx: Context, intent: str, spec: CaseSpec, dangerous: bool = False) -> Opened:
    """Put everything that was told into the ticket of the case, which may be open already."""
    number = ctx.slot("case_order")
    told = answers(ctx)
    details = {
        "first_message": told.get("case_text", ""), "details": told.get("case_details", ""),
        "photo": told.get("case_photo", ""), "danger": dangerous or None,
    }
    notice = of_number(ctx, ctx.slot("case_ticket"))
    if notice is None:
        return _open(ctx, intent, spec, number, details)
    with db.write() as session:
        order = shown(session, ctx, spec, number)
        unproven = _is_unproven(session, ctx, spec, number, order)
        columns: dict[str, Any] = {"order_number": order.number if order else None}
        if dangerous:
            columns["priority"] = spec.priority
        draft = None
        if notice.due_at is None or notice.due_at <= ctx.now or dangerous:
            draft = compute.ticket_answer(session, ctx.now, spec.priority)
            columns["due_at"] = draft.due_at
        more = {**_about(session, ctx, spec, number, order, unproven), **details}
        ticket = amending.amend(
            session, int(notice.id), turn_id=ctx.turn_id, ordinal=ctx.ordinal(1),
            details={n: v for n, v in more.items() if v}, forget=("incomplete",), **columns,
        )
    return Opened(ticket, ticket.due_at, draft, order, unproven)


def find_again(
    ctx: Context, intent: str, number: str | None, but: str | None = None
) -> Ticket | None:
    """Return the customer's open ticket about the same matter and order, if there is one.

    A notice that no order was named for yet is found again for a day. A ticket that this very turn
    has opened is none of them, nor the one with the number `but`.
    """
    spec = CASES[intent]
    if not spec.orders:
        return None
    with db.read() as session:
        order = shown(session, ctx, spec, number)
        ours = amending.of_turn(session, ctx.turn_id)
        own = ticket_queries.of_customer(session, int(ctx.conversation.customer_id))
    wanted = order.number if order else None
    for ticket in own:
        if ticket.state != "open" or ticket.intent != intent or ticket.number == but:
            continue
        if int(ticket.id) in ours:
            continue
        details = ticket.details or {}
        if wanted and ticket.order_number == wanted:
            return ticket
        asked = number and number != NOT_ASKED
        if asked and not wanted and details.get("order_as_given") == number:
            return ticket
        unfinished = details.get("incomplete") and ticket.order_number is None
        fresh = ticket.opened_at > ctx.now - _UNFINISHED_LASTS
        if unfinished and fresh and not details.get("order_as_given"):
            return ticket
    return None


def add_words(ctx: Context, ticket: Ticket, place: int = 0, **details: Any) -> Ticket:
    """Add the customer's message to a ticket; `place` as of `Context.ordinal`."""
    with db.write() as session:
        return amending.amend(
            session, int(ticket.id), turn_id=ctx.turn_id, ordinal=ctx.ordinal(place),
            words=ctx.words_of_turn, details=details,
        )


def merge(ctx: Context, notice: Ticket | None, into: Ticket) -> None:
    """Add what the form collected to an older ticket about the same matter, and close the notice
    that was opened for it meanwhile.
    """
    told = answers(ctx)
    words = "\n".join(str(told[n]) for n in ("case_text", "case_details") if told.get(n))
    with db.write() as session:
        if notice is not None:
            tickets.solve(session, int(notice.id))
            amending.amend(
                session, int(notice.id), turn_id=ctx.turn_id, ordinal=ctx.ordinal(2),
                details={"same_as": into.number}, forget=("incomplete",),
            )
        amending.amend(
            session, int(into.id), turn_id=ctx.turn_id, ordinal=ctx.ordinal(3), words=words
        )


def take_back(ctx: Context, ticket: Ticket) -> bool:
    """Close a ticket in the customer's own words; False when people have closed it before."""
    with db.write() as session:
        return amending.take_back(
            session, int(ticket.id), turn_id=ctx.turn_id, ordinal=ctx.ordinal(4),
            words=ctx.words_of_turn, at=ctx.now,
        )


def open_of(ctx: Context, intent: str) -> Ticket | None:
    """Return the customer's newest open ticket of an intent, or the one this turn has taken back."""
    with db.read() as session:
        own = ticket_queries.of_customer(session, int(ctx.conversation.customer_id))
    of_intent = [t for t in own if t.intent == intent]
    repeated = (t for t in of_intent if (t.details or {}).get("taken_back_in") == ctx.turn_id)
    return next(repeated, None) or next((t for t in of_intent if t.state == "open"), None)


def of_number(ctx: Context, number: str | None) -> Ticket | None:
    """Return a ticket of this customer by its number."""
    if not number:
        return None
    with db.read() as session:
        return ticket_queries.by_number(session, int(ctx.conversation.customer_id), str(number))


def open_alarm(ctx: Context) -> Ticket | None:
    """Return the ticket of a danger that the customer was warned of before this turn."""
    with db.read() as session:
        own = ticket_queries.of_customer(session, int(ctx.conversation.customer_id))
        ours = amending.of_turn(session, ctx.turn_id)
    for ticket in own:
        told = (ticket.details or {}).get("danger") and ticket.opened_at > ctx.now - ALARM_LASTS
        if ticket.state == "open" and told and int(ticket.id) not in ours:
            return ticket
    return None


def is_alarm_of_turn(ctx: Context) -> bool:
    """Tell whether this turn has already led to the safety answer."""
    with db.read() as session:
        own = ticket_queries.of_customer(session, int(ctx.conversation.customer_id))
        ours = amending.of_turn(session, ctx.turn_id)
    return any(int(t.id) in ours and (t.details or {}).get("danger") for t in own)


def open_alarm_ticket(ctx: Context, intent: str, words: str) -> Opened:
    """Open the urgent ticket of a danger."""
    spec = dataclasses.replace(CASES[intent], priority="urgent")
    number = ctx.slot("case_order") if ctx.in_form else None
    named = ctx.entities("order_number")
    return _open(
        ctx, intent, spec, named[0] if named else number, {"first_message": words, "danger": True}
    )


def notice_time(ticket: Ticket) -> dt.datetime:
    """Return the time that a ticket's notice bears."""
    at = (ticket.details or {}).get("notice_at")
    return dt.datetime.fromisoformat(at) if at else ticket.opened_at


def _open(
    ctx: Context, intent: str, spec: CaseSpec, number: str | None, details: dict[str, Any]
) -> Opened:
    with db.write() as session:
        order = shown(session, ctx, spec, number)
        unproven = _is_unproven(session, ctx, spec, number, order)
        draft = compute.ticket_answer(session, ctx.now, spec.priority) if spec.answer_by else None
        told = {
            **details, **_about(session, ctx, spec, number, order, unproven),
            "language": ctx.language, "channel": str(ctx.metadata.get("channel") or ""),
        }
        if spec.notice:
            told["notice_at"] = ctx.received_at.isoformat()
        is_new = not amending.of_turn(session, ctx.turn_id, ctx.ordinal())
        ticket = tickets.open_ticket(
            session, turn_id=ctx.turn_id, ordinal=ctx.ordinal(),
            conversation_id=ctx.conversation_id, intent=intent, category=spec.category,
            priority=spec.priority, due_at=draft.due_at if draft else None,
            order_number=order.number if order else None,
            details={name: value for name, value in told.items() if value},
        )
        if intent == "data_deletion_request" and is_new:
            person = access.who(session, ctx.uid)
            customers.opt_out(
                session, person.identity_id, proof=f"turn:{ctx.turn_id}", source="data_deletion"
            )
    if draft is not None and ticket.due_at is not None:
        # A repeated turn says the time that was kept with the ticket.
        draft = dataclasses.replace(draft, due_at=ticket.due_at)
    return Opened(ticket, draft.due_at if draft else None, draft, order, unproven)


def _is_unproven(
    session: Session, ctx: Context, spec: CaseSpec, number: str | None, order: OrderView | None
) -> bool:
    """Tell whether a case that only an order's own address may begin comes from another one."""
    if not spec.owner or order is not None:
        return False
    if number and number != NOT_ASKED:
        return True
    return not access.vouched_orders(session, access.who(session, ctx.uid))


def _about(
    session: Session, ctx: Context, spec: CaseSpec, number: str | None, order: OrderView | None,
    unproven: bool,
) -> dict[str, Any]:
    """Return what the person who works on the ticket must know of the order that was given."""
    about: dict[str, Any] = {}
    if number and number != NOT_ASKED and order is None:
        about["order_as_given"] = number  # not shown to be the customer's
    if unproven:
        about["not_orders_address"] = True
        if number and number != NOT_ASKED and is_proven(session, ctx, number):
            about["identity"] = "V1"
        else:
            about["identity"] = "unproven"
    return about
