"""Computed times: what a person hears about when, and what is kept of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from bot import clock, db, formatting
from bot.aftersales import demo
from bot.aftersales.orders.shopsystem import OrderState, OrderView, ReturnView, ShipmentView
from bot.aftersales.policies import service as policies
from bot.aftersales.promises import compute
from bot.aftersales.promises import service as promises
from bot.aftersales.promises.models import Promise
from bot.aftersales.promises.service import PromiseDraft
from bot.conversations.tickets import service as tickets
from tests.aftersales import factory

ZONE = "Europe/Istanbul"
SetClock = Callable[[str], None]


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE))


def said(draft: PromiseDraft) -> str:
    assert draft.due_at is not None and draft.due_at.tzinfo is not None
    return formatting.moment_label(draft.due_at, "tr", ZONE, clock.now())


@pytest.fixture
def shop(set_clock: SetClock) -> None:
    set_clock("2026-11-24T09:30:00+03:00")
    demo.load_if_empty()


REPLIES = [
    ("2026-11-24T11:00:00+03:00", "bugün 11:05", True),
    ("2026-11-24T11:02:00+03:00", "bugün 11:10", True),
    ("2026-11-24T03:00:00+03:00", "bugün 09:30", False),
    ("2026-11-24T17:58:00+03:00", "yarın 09:30", False),  # five minutes would pass closing time
    ("2026-11-28T15:00:00+03:00", "bugün 15:05", True),  # Saturday
    ("2026-11-28T16:00:00+03:00", "30 Kasım Pazartesi 09:30", False),
    # The eve of Ramazan Bayramı 2027 ends at 13:00, the feast on Thursday.
    ("2027-03-08T11:00:00+03:00", "bugün 11:05", True),
    ("2027-03-08T12:59:00+03:00", "12 Mart Cuma 09:30", False),
    ("2027-03-08T13:01:00+03:00", "12 Mart Cuma 09:30", False),
]


def test_a_person_answers_by(shop: None) -> None:
    for now, expected, is_open in REPLIES:
        moment = dt.datetime.fromisoformat(now)
        with db.read() as session:
            draft = compute.human_reply(session, moment)
        assert draft.due_at is not None
        assert formatting.moment_label(draft.due_at, "tr", ZONE, moment) == expected, now
        assert draft.basis["open"] is is_open and draft.basis["source"] == "queue"
        assert draft.kind == "human_reply" and draft.own


def test_the_queue_makes_the_wait(shop: None, set_clock: SetClock) -> None:
    set_clock("2026-11-24T11:00:00+03:00")
    now = at("2026-11-24T11:00")
    with db.write() as session:
        waiting = [
            factory.talk(session, f"+9055500000{n:02}", state="waiting") for n in range(7)
        ]
        factory.talk(session, "+905559999999", state="agent")
    with db.read() as session:
        # 7 chats of 4 minutes, one agent: 28, in steps of five.
        assert said(compute.human_reply(session, now)) == "bugün 11:30"
        # Who waits already does not wait for themselves: 24.
        own = compute.human_reply(session, now, conversation_id=waiting[0].id)
        assert said(own) == "bugün 11:25" and own.basis["place"] == 7
    with db.write() as session:
        factory.agents(session, 3)
    with db.read() as session:
        assert said(compute.human_reply(session, now)) == "bugün 11:10"
        assert said(compute.human_reply(session, at("2026-11-24T17:52"))) == "yarın 09:30"
    with db.write() as session:
        policies.publish(session, "support", {"minutes_per_chat": 30, "opening_buffer_minutes": 10})
    with db.read() as session:
        assert said(compute.human_reply(session, now)) == "bugün 12:10"
        # After the doors open the queue still stands there.
        assert said(compute.human_reply(session, at("2026-11-24T20:00"))) == "yarın 10:10"


def test_never_before_what_was_computed(shop: None) -> None:
    now = at("2026-11-24T11:00") + dt.timedelta(seconds=3)
    with db.read() as session:
        draft = compute.human_reply(session, now)
    assert draft.due_at == at("2026-11-24T11:10")


ANSWERS = [
    ("2026-11-24T10:00", "normal", "2026-11-24T18:00"),  # what is left of the day, to the minute
    ("2026-11-24T11:00", "urgent", "2026-11-24T13:00"),
    ("2026-11-24T11:00", "high", "2026-11-24T15:00"),
    ("2026-11-24T11:00", "normal", "2026-11-25T10:00"),
    ("2026-11-27T17:00", "urgent", "2026-11-28T11:00"),  # Friday evening to Saturday
    ("2027-03-08T12:00", "urgent", "2027-03-12T10:00"),  # over the feast
    ("2026-11-29T12:00", "urgent", "2026-11-30T11:00"),  # Sunday
]


def test_a_ticket_is_answered_by(shop: None) -> None:
    for now, priority, expected in ANSWERS:
        with db.read() as session:
            draft = compute.ticket_answer(session, at(now), priority)
        assert draft.due_at == at(expected), now
    assert draft.basis["record"] == "support" and draft.basis["version"] == 1


CALLS: list[tuple[str, str | None, str]] = [
    ("2026-11-24T10:05", None, "2026-11-24T11:00"),  # half an hour's notice, on the half hour
    ("2026-11-24T10:05", "2026-11-24T17:30", "2026-11-24T17:30"),
    ("2026-11-24T10:05", "2026-11-24T17:40", "2026-11-25T09:00"),  # would pass closing time
    ("2026-11-24T10:05", "2026-11-24T22:00", "2026-11-25T09:00"),
    ("2026-11-24T10:05", "2026-11-23T15:00", "2026-11-24T11:00"),  # a wish for yesterday
    ("2027-03-08T12:45", None, "2027-03-12T09:00"),
]


def test_a_call_comes_within(shop: None) -> None:
    for now, wanted, expected in CALLS:
        with db.read() as session:
            draft = compute.callback_slot(session, at(now), at(wanted) if wanted else None)
        assert draft.due_from == at(expected), (now, wanted)
        assert draft.due_at == at(expected) + dt.timedelta(minutes=30)


def test_a_slot_takes_as_many_calls_as_there_are_agents(shop: None) -> None:
    now, wanted = at("2026-11-24T10:00"), at("2026-11-24T14:00")
    with db.write() as session:
        factory.agents(session, 2)
        talk = factory.talk(session)
        slots = []
        for n in range(3):
            draft = compute.callback_slot(session, now, wanted)
            promises.store(session, talk.id, f"turn{n}", None, 0, [draft])
            slots.append(draft.due_from)
    assert slots == [wanted, wanted, wanted + dt.timedelta(minutes=30)]


def test_a_booked_call_takes_its_place_before_its_reply_is_stored(shop: None) -> None:
    now = at("2026-11-24T10:00")
    with db.write() as session:
        talk = factory.talk(session)
        first = compute.callback_slot(session, now)
        tickets.open_ticket(
            session, turn_id="t", conversation_id=talk.id, intent="callback_request",
            category=compute.CALLBACK_CATEGORY, details={}, due_at=first.due_at,
        )
        second = compute.callback_slot(session, now)
    assert (first.due_from, second.due_from) == (at("2026-11-24T10:30"), at("2026-11-24T11:00"))


DISPATCHES = [
    ("2026-11-24T15:59", "2026-11-25"),
    ("2026-11-24T16:01", "2026-11-26"),
    ("2026-11-27T10:00", "2026-11-30"),  # Friday before the cut-off
    ("2026-11-27T17:00", "2026-11-30"),
    ("2026-11-28T10:00", "2026-11-30"),  # Saturday
    ("2026-11-29T10:00", "2026-11-30"),
    ("2027-03-08T10:00", "2027-03-12"),  # the feast lies between
    ("2026-12-31T17:00", "2027-01-04"),
]


def test_the_order_leaves_by(shop: None) -> None:
    for ordered, expected in DISPATCHES:
        order = OrderView("1", OrderState.PREPARING, at(ordered))
        with db.read() as session:
            draft = compute.dispatch_date(session, order)
        assert draft.due_at is not None
        day = draft.due_at.astimezone(ZoneInfo(ZONE)).date()
        assert day.isoformat() == expected, ordered
    assert draft.basis["record"] == "dispatch"


def a_return(**facts: object) -> OrderView:
    return OrderView("1", OrderState.RETURN_RECEIVED, at("2026-11-01T10:00"),
                     returned=ReturnView(**facts))  # type: ignore[arg-type]


@pytest.mark.parametrize(("facts", "expected"), [
    # From the hand-over to the named carrier, however late it arrived.
    ({"carrier": "yurtici", "handed_over_at": "2026-11-17T15:00", "arrived_at": "2026-11-24T10:00"},
     "2026-12-01"),
    # With another carrier from the arrival.
    ({"carrier": "aras", "handed_over_at": "2026-11-17T15:00", "arrived_at": "2026-11-24T10:00"},
     "2026-12-08"),
])
def test_the_money_goes_back_by(shop: None, facts: dict[str, str], expected: str) -> None:
    times = {k: at(v) if k.endswith("_at") else v for k, v in facts.items()}
    with db.read() as session:
        draft = compute.refund_sent(session, a_return(**times), clock.now())
    assert draft is not None and draft.due_at is not None
    assert draft.due_at.astimezone(ZoneInfo(ZONE)).date().isoformat() == expected


def test_a_kinder_policy_moves_the_refund_forward_a_harder_one_does_not(shop: None) -> None:
    sent = a_return(carrier="yurtici", handed_over_at=at("2026-11-17T15:00"))
    due = {}
    for days in (7, 30):
        with db.write() as session:
            policies.publish(session, "returns", {"carrier": "yurtici", "refund_days": days})
            draft = compute.refund_sent(session, sent, clock.now())
            assert draft is not None and draft.due_at is not None
            due[days] = draft.due_at.date().isoformat()
    assert due == {7: "2026-11-24", 30: "2026-12-01"}


def test_nothing_is_promised_for_a_return_that_nobody_has_sent(shop: None) -> None:
    with db.read() as session:
        assert compute.refund_sent(session, a_return(carrier="aras"), clock.now()) is None
        other = a_return(carrier="aras", handed_over_at=at("2026-11-20T10:00"))
        assert compute.refund_sent(session, other, clock.now()) is None


def test_the_carriers_estimate_is_quoted_not_promised(shop: None) -> None:
    parcel = ShipmentView("aras", "42", estimate_from=dt.date(2026, 11, 25),
                          estimate_to=dt.date(2026, 11, 26), last_scan_at=at("2026-11-24T08:00"))
    order = OrderView("1", OrderState.SHIPPED, at("2026-11-20T10:00"), shipments=(parcel,))
    with db.read() as session:
        draft = compute.delivery_window(session, order, clock.now())
        without = compute.delivery_window(
            session, OrderView("2", OrderState.SHIPPED, clock.now()), clock.now()
        )
    assert draft is not None and not draft.own and without is None
    assert draft.due_from == at("2026-11-25T00:00") and draft.due_at == at("2026-11-26T23:59")
    assert draft.basis["source"] == "carrier" and draft.basis["carrier"] == "aras"
    assert draft.basis["as_of"] == "2026-11-24T08:00:00+03:00"


def test_a_promise_survives_its_journey_as_data(shop: None) -> None:
    with db.read() as session:
        draft = compute.callback_slot(session, clock.now(), at("2026-11-24T14:00"))
    assert PromiseDraft.from_data(draft.as_data()) == draft


def test_a_promise_is_stored_once_with_its_basis(shop: None) -> None:
    with db.write() as session:
        talk = factory.talk(session)
        drafts = [f(session, clock.now()) for f in (compute.ticket_answer, compute.next_update)]
        assert promises.store(session, talk.id, "turn", None, 0, drafts) == 2
        assert promises.store(session, talk.id, "turn", None, 1, drafts[:1]) == 1
        assert promises.store(session, talk.id, "turn", None, 0, drafts) == 0  # the turn again
    with db.write() as session:
        rows = promises.open_promises(session, talk.id)
        assert [row.kind for row in rows] == ["next_update", "ticket_answer", "ticket_answer"]
        assert all({"source", "record", "version", "as_of"} <= set(row.basis) for row in rows)
        session.execute(sa.update(Promise).where(Promise.id == rows[0].id).values(state="kept"))
    with db.read() as session:
        assert len(promises.open_promises(session, talk.id)) == 2
