"""The demo shop holds what the documentation says of it, on any day."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from bot import clock, db, workdays
from bot.aftersales import demo
from bot.aftersales.loyalty import service as loyalty
from bot.aftersales.orders.models import Order
from bot.aftersales.orders.service import shop_system
from bot.aftersales.orders.shopsystem import OrderState, OrderView
from bot.aftersales.policies import service as policies
from bot.conversations.models import Customer
from bot.conversations.tickets.models import Ticket
from bot.shop import queries as shop

ISTANBUL = ZoneInfo("Europe/Istanbul")
TUESDAY, MONDAY = "2026-11-24T09:30:00+03:00", "2026-11-30T19:00:00+03:00"


def order(number: str) -> OrderView:
    with db.read() as session:
        found = shop_system(session).by_number(number)
    assert len(found) == 1
    return found[0]


def day(moment: dt.datetime | None) -> dt.date:
    assert moment is not None
    return moment.astimezone(ISTANBUL).date()


def days_ago(n: int) -> dt.date:
    return day(clock.now()) - dt.timedelta(days=n)


def courier_day(n: int) -> dt.date:
    today = day(clock.now())
    if n < 0:
        return workdays.nth_previous(today, -n, workdays.courier)
    return workdays.add_days(today, n, workdays.courier)


@pytest.mark.parametrize("now", [TUESDAY, MONDAY, "2027-03-08T12:59:00+03:00"])
def test_orders_are_as_described(set_clock: Callable[[str], None], now: str) -> None:
    set_clock(now)
    assert demo.load_if_empty()
    coffee = order("1024")
    assert coffee.phone == "+905321234567" and coffee.state is OrderState.SHIPPED
    assert coffee.total_kurus == 849990
    assert coffee.products("en") == "Nar Barista 2 espresso machine"
    parcel = coffee.shipments[0]
    assert (parcel.carrier, parcel.tracking_number) == ("yurtici", "123456789012")
    assert day(coffee.ordered_at) == courier_day(-4)
    assert day(parcel.handed_over_at) == courier_day(-2)
    assert parcel.last_scan_at is not None
    assert f"{parcel.last_scan_at.astimezone(ISTANBUL):%H:%M}" == "18:40"
    assert day(parcel.last_scan_at) == courier_day(-1)
    assert parcel.last_scan_place == "Ankara transfer merkezi"
    assert (parcel.estimate_from, parcel.estimate_to) == (courier_day(1), courier_day(2))

    grinder = order("1025")
    assert grinder.state is OrderState.PREPARING and grinder.total_kurus == 234900
    assert abs(grinder.ordered_at - clock.now()) < dt.timedelta(minutes=1)

    bed_set = order("1026")
    assert bed_set.products("en") == "Linen bed set – grey, double"
    assert bed_set.total_kurus == 189900
    assert day(bed_set.shipments[0].delivered_at) == days_ago(3)
    assert day(order("1027").shipments[0].delivered_at) == days_ago(40)

    towels = order("1028")
    bought = [(line.quantity, line.unit_price_kurus) for line in towels.lines]
    assert bought == [(2, 32450), (1, 109900)]
    assert day(towels.shipments[0].handed_over_at) == courier_day(-9)
    assert day(towels.shipments[0].last_scan_at) == courier_day(-5)
    assert towels.shipments[0].carrier == "aras"

    purifier = order("1029")
    assert purifier.lines[0].attributes["serial"] == "NAR-WP-000123"
    assert day(purifier.shipments[0].delivered_at) == days_ago(200)

    assert (order("1030").language, day(order("1030").shipments[0].delivered_at)) == (
        "en", courier_day(-1)
    )
    vacuum = order("1031")
    assert vacuum.state is OrderState.RETURN_RECEIVED and vacuum.returned is not None
    assert day(vacuum.shipments[0].delivered_at) == days_ago(12)
    assert vacuum.returned.carrier == "yurtici"
    assert day(vacuum.returned.handed_over_at) == courier_day(-5)
    assert day(vacuum.returned.arrived_at) == courier_day(-2)


def test_people_policies_and_the_shop_itself(set_clock: Callable[[str], None]) -> None:
    set_clock(TUESDAY)
    demo.load_if_empty()
    with db.read() as session:
        people = {p.name: p for p in session.scalars(sa.select(Customer))}
        assert set(people) == {
            "Ayşe Kaya", "Mehmet Demir", "Elif Şahin", "Fatma Yılmaz", "John Smith"
        }
        assert all(person.is_demo for person in people.values())
        assert people["John Smith"].language == "en"
        points = loyalty.balance(session, people["Ayşe Kaya"].id)
        assert (points, loyalty.tier(session, points)) == (1250, "Gold")
        assert loyalty.tier(session, 999) == ""
        ticket = session.scalars(sa.select(Ticket)).one()
        assert (ticket.number, ticket.order_number, ticket.state) == ("T-20931", "1027", "open")
        assert ticket.customer_id == people["Mehmet Demir"].id
        delivery = policies.current(session, "delivery").values
        assert (delivery["free_from_kurus"], delivery["fee_kurus"]) == (75000, 7990)
        assert policies.current(session, "returns").values["days"] == 14
        hours = shop.office_hours(session)
        saturday = hours.hours_on(dt.date(2026, 11, 28))
        assert saturday is not None
        assert [f"{t:%H:%M}" for t in saturday] == ["10:00", "16:00"]
        profile = shop.profile(session)
        assert (profile["name"], profile["phone"]) == ("Nar Ev", "0850 000 00 00")
        assert set(shop.templates(session)["update"]) == {"tr", "en"}


def test_a_later_start_moves_untouched_rows_only(set_clock: Callable[[str], None]) -> None:
    set_clock(TUESDAY)
    demo.load_if_empty()
    assert demo.refresh() == 0  # they stand on today already
    stays = order("1026")
    with db.write() as session:
        session.execute(sa.update(Order).where(Order.number == "1026").values(touched=True))
    set_clock("2026-12-07T08:00:00+03:00")
    assert demo.refresh() == 8  # seven orders and the ticket
    assert day(order("1024").shipments[0].last_scan_at) == dt.date(2026, 12, 4)
    assert order("1024").shipments[0].estimate_to == dt.date(2026, 12, 9)
    assert abs(order("1025").ordered_at - clock.now()) < dt.timedelta(minutes=1)
    assert order("1026") == stays
    vacuum = order("1031").returned
    assert vacuum is not None and day(vacuum.arrived_at) == dt.date(2026, 12, 3)
    with db.read() as session:
        ticket = session.scalars(sa.select(Ticket)).one()
        assert day(ticket.due_at) == dt.date(2026, 12, 8)
    assert demo.refresh() == 0


def test_a_shop_with_data_of_its_own_is_left_alone(database: str) -> None:
    with db.write() as session:
        session.add(Customer(name="Deniz"))
    assert not demo.load_if_empty()
    assert demo.refresh() == 0
    with db.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Order)) == 0
        assert shop.profile(session)["name"] == "Destek"


def test_processes_at_once_load_it_once(database: str) -> None:
    outcomes: list[object] = []

    def start() -> None:
        try:
            outcomes.append(demo.load_if_empty())
            demo.refresh()
        except Exception as error:
            outcomes.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["False", "False", "False", "True"]
    with db.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Customer)) == 5
        assert session.scalar(sa.select(sa.func.count()).select_from(Order)) == 8
