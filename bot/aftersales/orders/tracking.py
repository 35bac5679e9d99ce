"""What to say of an order: the name of a response and the values in it, never a sentence.

Each state has its response in data/responses/orders.yml. A value that is missing leads to another
response, so that no answer has a hole in it. Dates and times in an answer are promises of ours or
quotations of the carrier's, and travel with it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot import formatting, workdays
from bot.aftersales.orders.shopsystem import OrderState, OrderView, ShipmentView
from bot.aftersales.promises import compute
from bot.aftersales.promises.service import PromiseDraft, basis
from bot.conversations.tickets import queries as tickets
from bot.shop import queries as shop

# A parcel without a scan for so long has stopped. Days on which parcels do not move (weekends,
# holidays and their eves) are left out, or every Monday would look like a breakdown.
SILENCE = dt.timedelta(hours=48)
_DAY = dt.timedelta(days=1)
_LINK = "_with_link"


@dataclasses.dataclass(frozen=True)
class TrackingAnswer:
    """A response with its variables. `inquiry`, if set, is the category of the ticket that the
    answer speaks of: whoever says it must open one (`next_update` among the promises is its date).
    """

    response: str
    variables: dict[str, str]
    promises: tuple[PromiseDraft, ...] = ()
    inquiry: str | None = None
    order_number: str = ""


def describe(
    session: Session, order: OrderView, language: str, now: dt.datetime
) -> TrackingAnswer:
    """Return what to say of one order, in `tr` or `en`, as seen at `now` (aware)."""
    return _Describer(session, order, language, now).answer()


def overview(
    session: Session, orders: Iterable[OrderView], language: str, now: dt.datetime
) -> list[TrackingAnswer]:
    """Return what to say of a person's orders: all open ones, else the one that moved last.

    Parcels on their way come first, then returns, then what is being prepared; the newest movement
    first in each part.
    """
    known = sorted(orders, key=lambda order: order.last_movement, reverse=True)
    still_open = sorted((o for o in known if o.state.is_open), key=lambda o: _PLACE[o.state])
    return [describe(session, order, language, now) for order in still_open or known[:1]]


_PLACE = {
    OrderState.SHIPPED: 0, OrderState.RETURN_RECEIVED: 1, OrderState.RETURN_STARTED: 1,
    OrderState.PREPARING: 2,
}


class _Describer:
    """One answer in the making."""

    def __init__(
        self, session: Session, order: OrderView, language: str, now: dt.datetime
    ) -> None:
        self._session, self._order, self._language, self._now = session, order, language, now
        self._zone = shop.office_hours(session).zone
        self._variables = {"order_number": order.number, "products": order.products(language)}
        self._promises: list[PromiseDraft] = []

    def answer(self) -> TrackingAnswer:
        by_state: dict[OrderState, Callable[[], TrackingAnswer]] = {
            OrderState.PREPARING: self._preparing,
            OrderState.SHIPPED: self._shipped,
            OrderState.DELIVERED: self._delivered,
            OrderState.CANCELLED: lambda: self._say("utter_order_cancelled"),
            OrderState.RETURN_STARTED: self._return_started,
            OrderState.RETURN_RECEIVED: self._return_received,
            OrderState.REFUNDED: self._refunded,
        }
        return by_state[self._order.state]()

    def _preparing(self) -> TrackingAnswer:
        dispatch = compute.dispatch_date(self._session, self._order, self._now)
        assert dispatch.due_at is not None
        if dispatch.due_at < self._now:
            return self._inquire("utter_order_dispatch_late", "dispatch",
                                 dispatch_by=self._day(dispatch.due_at))
        return self._say(
            "utter_order_preparing", dispatch_by=self._promise(dispatch, self._day(dispatch.due_at))
        )

    def _shipped(self) -> TrackingAnswer:
        parcel = self._order.parcel
        if parcel is None or parcel.last_movement is None:
            return self._say("utter_order_shipped")
        scanned = bool(parcel.last_scan_at and parcel.last_scan_place)
        heard = {
            "carrier": shop.carrier_name(self._session, parcel.carrier),
            "as_of": self._moment(self._now),
        }
        if parcel.last_scan_at and scanned:
            heard["scan_time"] = self._moment(parcel.last_scan_at)
            heard["scan_place"] = parcel.last_scan_place
        else:
            heard["handed_over"] = self._day(parcel.handed_over_at or parcel.last_movement)
        kind = "" if scanned else "_no_scan"
        if self._is_silent(parcel):
            return self._inquire(f"utter_order_stuck{kind}", "carrier_inquiry", **heard)
        if self._is_late(parcel):
            return self._inquire(
                f"utter_order_late{kind}", "carrier_inquiry", window=self._window(parcel), **heard
            )
        return self._moving(parcel, "in_transit" if scanned else "handed_over", heard)

    def _moving(
        self, parcel: ShipmentView, seen: str, heard: dict[str, str]
    ) -> TrackingAnswer:
        response = f"utter_order_{seen}"
        estimate = compute.delivery_window(self._session, self._order, self._now, parcel)
        if estimate is None:
            response += "_no_estimate"
        else:
            heard["window"] = self._promise(estimate, self._window(parcel))
        link = shop.tracking_link(self._session, parcel.carrier, parcel.tracking_number)
        if link:
            response += _LINK
            heard |= {"tracking_link": link, "tracking_number": parcel.tracking_number}
        return self._say(response, **heard)

    def _delivered(self) -> TrackingAnswer:
        parcels = self._order.shipments
        arrived = max((s.delivered_at for s in parcels if s.delivered_at), default=None)
        if arrived is None:
            return self._say("utter_order_delivered_no_date")
        return self._say("utter_order_delivered", delivered_on=self._day(arrived))

    def _return_started(self) -> TrackingAnswer:
        returned = self._order.returned
        due = compute.refund_sent(self._session, self._order, self._now)
        if returned is None or returned.handed_over_at is None:
            return self._say("utter_return_not_sent", days=str(compute.REFUND_DAYS))
        carrier = shop.carrier_name(self._session, returned.carrier)
        handed_over = self._day(returned.handed_over_at)
        if due is None:  # another carrier: the days run from its arrival
            return self._say("utter_return_on_way", carrier=carrier, handed_over=handed_over,
                             days=str(compute.REFUND_DAYS))
        return self._refund(due, "utter_return_on_way_refund_due", carrier=carrier,
                            handed_over=handed_over)

    def _return_received(self) -> TrackingAnswer:
        returned = self._order.returned
        due = compute.refund_sent(self._session, self._order, self._now)
        if returned is None or returned.arrived_at is None or due is None:
            return self._inquire("utter_return_received", "refund")
        return self._refund(due, "utter_return_received_refund_due",
                            arrived_on=self._day(returned.arrived_at))

    def _refund(self, due: PromiseDraft, response: str, **values: str) -> TrackingAnswer:
        assert due.due_at is not None
        day = self._day(due.due_at)
        if due.due_at < self._now:
            return self._inquire("utter_refund_late", "refund", refund_due=day)
        return self._say(response, refund_due=self._promise(due, day), **values)

    def _refunded(self) -> TrackingAnswer:
        returned = self._order.returned
        if returned is None or returned.refunded_at is None:
            return self._say("utter_order_refunded_no_date")
        return self._say("utter_order_refunded", refunded_on=self._day(returned.refunded_at))

    def _inquire(self, response: str, category: str, **values: str) -> TrackingAnswer:
        """Say that somebody looks into it: one who does already, or one whom the caller asks."""
        update = compute.next_update(self._session, self._now)
        running = tickets.open_about(self._session, self._order.number, category)
        if running and running.due_at and running.due_at > self._now:
            update = dataclasses.replace(
                update, due_at=running.due_at,
                basis=basis("ticket", self._now, record=running.number),
            )
        assert update.due_at is not None
        till = formatting.till_label(update.due_at, self._language, self._zone, self._now)
        values["next_update"] = self._promise(update, till)
        return self._say(response, inquiry=None if running else category, **values)

    def _say(self, response: str, inquiry: str | None = None, **values: str) -> TrackingAnswer:
        return TrackingAnswer(
            response, {**self._variables, **values}, tuple(self._promises), inquiry,
            self._order.number,
        )

    def _promise(self, draft: PromiseDraft, wording: str) -> str:
        self._promises.append(dataclasses.replace(draft, wording=wording))
        return wording

    def _is_late(self, parcel: ShipmentView) -> bool:
        last = parcel.estimate_to or parcel.estimate_from
        return last is not None and last < self._local(self._now).date()

    def _is_silent(self, parcel: ShipmentView) -> bool:
        heard = parcel.last_movement
        return heard is not None and moving_time(heard, self._now, self._zone) > SILENCE

    def _window(self, parcel: ShipmentView) -> str:
        first = parcel.estimate_from or parcel.estimate_to
        last = parcel.estimate_to or parcel.estimate_from
        assert first is not None and last is not None
        return formatting.window_label(
            min(first, last), last, self._language, self._local(self._now).date()
        )

    def _day(self, moment: dt.datetime) -> str:
        today = self._local(self._now).date()
        return formatting.date_label(self._local(moment).date(), self._language, today)

    def _moment(self, moment: dt.datetime) -> str:
        return formatting.moment_label(moment, self._language, self._zone, self._now)

    def _local(self, moment: dt.datetime) -> dt.datetime:
        return moment.astimezone(ZoneInfo(self._zone))


def moving_time(since: dt.datetime, until: dt.datetime, zone: str) -> dt.timedelta:
    """Return how much of a span falls on days on which carriers move parcels."""
    start, end = since.astimezone(ZoneInfo(zone)), until.astimezone(ZoneInfo(zone))
    if end - start > dt.timedelta(days=60):
        return end - start
    total, day = dt.timedelta(), start.date()
    while day <= end.date():
        if workdays.courier(day):
            opens = dt.datetime.combine(day, dt.time(), start.tzinfo)
            total += max(min(end, opens + _DAY) - max(start, opens), dt.timedelta())
        day += _DAY
    return total
