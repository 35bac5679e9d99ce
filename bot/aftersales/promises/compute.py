"""Every date and time that we may say, computed from records, working hours and the calendar.

All functions read only, take and give aware instants (results in UTC), and return drafts whose
`wording` is empty: who says it puts the words in. Times are rounded up, never down, so that what is
said is never earlier than what was computed.
"""

from __future__ import annotations

import datetime as dt
import math
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, workdays
from bot.accounts.models import User
from bot.aftersales.orders.shopsystem import OrderView, ShipmentView
from bot.aftersales.policies import service as policies
from bot.aftersales.promises.kinds import PromiseKind
from bot.aftersales.promises.models import Promise
from bot.aftersales.promises.service import PromiseDraft, basis
from bot.conversations.models import Conversation
from bot.conversations.states import Handling
from bot.conversations.tickets.models import Ticket
from bot.shop import queries as shop
from bot.workdays import WorkingHours

UTC = dt.timezone.utc
_STEP = dt.timedelta(minutes=5)
_SLOT = dt.timedelta(minutes=30)  # length of a call-back window, and the notice it needs
_SLOTS_LOOKED_AT = 500
CALLBACK_CATEGORY = "callback"  # of the ticket that a booked call leaves; it is due at the slot's end
REFUND_DAYS = 14  # from the hand-over to the named carrier: Distance Contracts Regulation, art. 12
DATA_REQUEST_DAYS = 30  # from the request: KVKK art. 13

# What holds until the shop's `support` policy says otherwise.
_MINUTES_PER_CHAT = 4
_OPENING_BUFFER = 30  # minutes after the doors open
_TICKET_HOURS = {"normal": 8, "high": 4, "urgent": 2}  # working hours until a ticket is answered
_UPDATE_HOURS = 4  # working hours until we write about an inquiry


def human_reply(
    session: Session, now: dt.datetime, *, conversation_id: int | None = None
) -> PromiseDraft:
    """Return when a person answers in the chat.

    While people are at work: now plus the wait that the queue makes (its length times the minutes a
    chat takes, divided by the agents, in steps of five minutes, at least five). If that is past
    closing time, or nobody is at work: the next opening plus a buffer. `conversation_id` is the one
    that asks: it does not wait for itself, and once it waits only for those who came before it.
    The basis tells `open` (a person answers before the
    doors close) and `place` in the queue, from 1.
    """
    hours = shop.office_hours(session)
    waiting = _waiting(session, conversation_id)
    agents = _agents(session)
    minutes, policy = policies.setting(session, "support", "minutes_per_chat", _MINUTES_PER_CHAT)
    buffer = float(policy.values.get("opening_buffer_minutes", _OPENING_BUFFER))
    wait = dt.timedelta(minutes=max(5, math.ceil(waiting * float(minutes) / agents / 5) * 5))
    facts = {
        "open": True, "place": waiting + 1, "agents": agents, "minutes_per_chat": minutes,
        "hours": "shop_setting", "policy": policy.key, "version": policy.version,
    }
    closes = hours.closes_at(now)
    due = _up(now + wait, _STEP)
    if closes is None or due > closes:
        opens = hours.next_opening(closes or now)
        due = _up(max(opens + dt.timedelta(minutes=buffer), opens + wait), _STEP)
        facts["open"] = False
        facts["opens_at"] = opens.astimezone(UTC).isoformat()
    return PromiseDraft(
        PromiseKind.HUMAN_REPLY.value, None, due.astimezone(UTC), basis("queue", now, **facts)
    )


def ticket_answer(session: Session, now: dt.datetime, priority: str = "normal") -> PromiseDraft:
    """Return when a ticket is answered: a number of working hours from now, by priority."""
    hours = shop.office_hours(session)
    given, policy = policies.setting(session, "support", "ticket_hours", {})
    needed = float({**_TICKET_HOURS, **given}.get(priority, _TICKET_HOURS["normal"]))
    due = _up(hours.add_working_time(now, dt.timedelta(hours=needed)), _STEP)
    return PromiseDraft(
        PromiseKind.TICKET_ANSWER.value, None, due.astimezone(UTC),
        policy.basis(now, priority=priority, working_hours=needed),
    )


def data_request(session: Session, asked: dt.datetime) -> PromiseDraft:
    """Return the last day on which a request about personal data is answered (`due_at`: its end).

    Thirty days from the request; a day on which nobody works gives way to the one before.
    """
    hours = shop.office_hours(session)
    day = asked.astimezone(_zone(hours)).date() + dt.timedelta(days=DATA_REQUEST_DAYS)
    for _ in range(DATA_REQUEST_DAYS):
        if hours.hours_on(day):
            break
        day -= dt.timedelta(days=1)
    return PromiseDraft(
        PromiseKind.DATA_REQUEST.value, None, _end_of(hours, day),
        basis("law", asked, record="KVKK art. 13", days=DATA_REQUEST_DAYS),
    )


def callback_slot(
    session: Session, now: dt.datetime, wanted: dt.datetime | None = None
) -> PromiseDraft:
    """Return the half hour in which a person phones: the wanted one, or the next that is free.

    A slot lies within working hours, begins half an hour from now or later, and is free while fewer
    calls than agents are promised for it. A wish outside of that gets the next slot after it.
    """
    hours = shop.office_hours(session)
    agents = _agents(session)
    start = _up(max(now + _SLOT, wanted or now), _SLOT)
    for _ in range(_SLOTS_LOOKED_AT):
        start = _up(hours.next_opening(start), _SLOT)
        closes = hours.closes_at(start)
        if closes and start + _SLOT <= closes and _calls_at(session, start) < agents:
            break
        start += _SLOT
    return PromiseDraft(
        PromiseKind.CALLBACK.value, start.astimezone(UTC), (start + _SLOT).astimezone(UTC),
        basis("roster", now, agents=agents, hours="shop_setting",
              wanted=wanted.isoformat() if wanted else None),
    )


def dispatch_date(
    session: Session, order: OrderView, now: dt.datetime | None = None
) -> PromiseDraft:
    """Return the last day on which the order is handed to the carrier (`due_at`: its end).

    Policy `dispatch`: so many office days after the order, one more if it came after the cut-off.
    """
    hours = shop.office_hours(session)
    policy = policies.find(session, "dispatch") or policies.PolicyView("dispatch", 0, {})
    local = order.ordered_at.astimezone(_zone(hours))
    cutoff = dt.time.fromisoformat(str(policy.values.get("cutoff", "16:00")))
    start = local.date() + dt.timedelta(days=local.time() >= cutoff)
    day = workdays.add_days(
        start, int(policy.values.get("office_days", 1)),
        lambda d: workdays.office(d) and hours.closure_on(d) is None,
    )
    return PromiseDraft(
        PromiseKind.DISPATCH.value, None, _end_of(hours, day),
        policy.basis(
            now or clock.now(), order=order.number, ordered_at=order.ordered_at.isoformat()
        ),
    )


def delivery_window(
    session: Session, order: OrderView, now: dt.datetime, shipment: ShipmentView | None = None
) -> PromiseDraft | None:
    """Return the carrier's own estimate, as a quotation, or None if it gave none.

    Without `shipment`: that of the parcel on its way (`OrderView.parcel`).
    """
    shipment = shipment or order.parcel
    if shipment is None:
        return None
    first, last = shipment.estimate_from, shipment.estimate_to or shipment.estimate_from
    if first is None or last is None:
        return None
    zone = _zone(shop.office_hours(session))
    as_of = shipment.last_movement or now
    return PromiseDraft(
        PromiseKind.DELIVERY.value,
        dt.datetime.combine(first, dt.time(), zone).astimezone(UTC),
        dt.datetime.combine(last, dt.time(23, 59), zone).astimezone(UTC),
        basis("carrier", as_of, record=shipment.tracking_number or order.number,
              carrier=shipment.carrier, order=order.number),
        own=False,
    )


def refund_sent(session: Session, order: OrderView, now: dt.datetime) -> PromiseDraft | None:
    """Return the last day on which the shop sends the money of a return, or None if none runs.

    It counts from the hand-over to the carrier that the shop names for returns, from the arrival if
    another carrier brought it, never from the shop's inspection or approval; the law's 14 days hold
    even if the policy says more.
    """
    returned = order.returned
    if returned is None:
        return None
    hours = shop.office_hours(session)
    policy = policies.find(session, "returns") or policies.PolicyView("returns", 0, {})
    named = str(policy.values.get("carrier", ""))
    counts = "hand-over" if not returned.carrier or returned.carrier == named else "arrival"
    begun = returned.handed_over_at if counts == "hand-over" else returned.arrived_at
    begun = begun or returned.arrived_at
    if begun is None:
        return None
    days = min(int(policy.values.get("refund_days", REFUND_DAYS)), REFUND_DAYS)
    day = begun.astimezone(_zone(hours)).date() + dt.timedelta(days=days)
    return PromiseDraft(
        PromiseKind.REFUND_SENT.value, None, _end_of(hours, day),
        policy.basis(now, order=order.number, counts_from=counts, begun=begun.isoformat()),
    )


def next_update(session: Session, now: dt.datetime) -> PromiseDraft:
    """Return when we write about an inquiry, even if there is no news: some working hours on."""
    hours = shop.office_hours(session)
    needed, policy = policies.setting(session, "support", "update_hours", _UPDATE_HOURS)
    due = hours.add_working_time(now, dt.timedelta(hours=float(needed)))
    return PromiseDraft(
        PromiseKind.NEXT_UPDATE.value, None, _up(due, _STEP).astimezone(UTC),
        policy.basis(now, working_hours=needed),
    )


def _up(moment: dt.datetime, step: dt.timedelta) -> dt.datetime:
    """Round up to a multiple of a step (of minutes) on the clock."""
    over = moment.timestamp() % step.total_seconds()
    return moment if not over else moment + step - dt.timedelta(seconds=over)


def _zone(hours: WorkingHours) -> dt.tzinfo:
    return ZoneInfo(hours.zone)


def _end_of(hours: WorkingHours, day: dt.date) -> dt.datetime:
    """Return when work ends on a day, or, if nobody works then, when the day itself ends."""
    working = hours.hours_on(day)
    if working:
        return working[1].astimezone(UTC)
    return dt.datetime.combine(day, dt.time(23, 59), _zone(hours)).astimezone(UTC)


def _waiting(session: Session, asking: int | None) -> int:
    """Count who is before the one that asks: everybody, or, if it waits itself, who came earlier."""
    queue = sa.select(sa.func.count()).select_from(Conversation).where(
        Conversation.state == Handling.WAITING.value, Conversation.id != (asking or 0)
    )
    since = session.scalar(
        sa.select(Conversation.waiting_since).where(
            Conversation.id == (asking or 0), Conversation.state == Handling.WAITING.value
        )
    )
    if since is not None:
        queue = queue.where(Conversation.waiting_since < since)
    return int(session.scalar(queue) or 0)


def _agents(session: Session) -> int:
    working = sa.select(sa.func.count()).select_from(User).where(
        User.role == "agent", User.is_active.is_(True)
    )
    return max(1, int(session.scalar(working) or 0))


def _calls_at(session: Session, start: dt.datetime) -> int:
    """Count the calls of a slot: by their tickets, which are written with the booking, and by the
    promises, which follow with the reply.
    """
    promised = sa.select(sa.func.count()).select_from(Promise).where(
        Promise.kind == PromiseKind.CALLBACK.value, Promise.state == "open",
        Promise.due_from == start.astimezone(UTC),
    )
    booked = sa.select(sa.func.count()).select_from(Ticket).where(
        Ticket.category == CALLBACK_CATEGORY, Ticket.state == "open",
        Ticket.due_at == (start + _SLOT).astimezone(UTC),
    )
    return max(int(session.scalar(promised) or 0), int(session.scalar(booked) or 0))
