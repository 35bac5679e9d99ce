"""Who hears of an order: the owner, somebody with proof, and nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from bot import db
from bot.aftersales import demo
from bot.aftersales.customers.models import Verification
from bot.aftersales.orders import access
from bot.aftersales.orders.access import Lookup, Who
from bot.conversations.models import Conversation, Customer, Identity
from bot.errors import NotFound
from tests.aftersales import factory

AYSE, MEHMET = "+905321234567", "+905337654321"
TRACKING = "123456789012"


@pytest.fixture
def shop(set_clock: Callable[[str], None]) -> None:
    set_clock("2026-11-24T09:30:00+03:00")
    demo.load_if_empty()


def writer(phone: str | None, **more: str) -> Who:
    """Somebody who writes from a number (None: an address that proves nothing)."""
    with db.write() as session:
        customer = session.scalars(
            sa.select(Customer).where(Customer.phone == (phone or ""))
        ).first()
        talk = factory.talk(session, phone, customer=customer, **more)
        return access.who(session, talk.uid)


def find(
    who: Who, numbers: list[str], tracking: list[str] | None = None, **proof: list[str]
) -> Lookup:
    with db.write() as session:
        return access.find_for(session, who, numbers, tracking or [], **proof)


def shown(found: Lookup) -> list[str]:
    return [order.number for order in found.orders]


def test_the_phone_that_writes_opens_its_own_orders(shop: None) -> None:
    ayse = writer(AYSE)
    with db.read() as session:
        own = access.own_orders(session, ayse)
    assert [order.number for order in own] == ["1025", "1024"]
    for written in ("1024", "#1024", "SIP-1024", "01024", TRACKING, "789012"):
        found = find(ayse, [written])
        assert shown(found) == ["1024"] and not found.withheld and found.unmatched == ()
    assert find(ayse, ["56789"]).withheld  # too short for the end of a tracking number


def test_nobody_else_hears_that_an_order_exists(shop: None) -> None:
    mehmet, stranger, unvouched = writer(MEHMET), writer("+905001112233"), writer(None)
    for person in (mehmet, stranger, unvouched):
        for number in ("1024", "9999", TRACKING, "999999999999", "56789012"):
            expected = Lookup((), withheld=True, unmatched=(number,))
            assert find(person, [number]) == expected
            assert find(person, [], [number]) == expected
    assert shown(find(mehmet, ["1024", "1026"])) == ["1026"]


def test_the_customer_link_alone_opens_nothing(shop: None) -> None:
    """An address that is only believed to be Ayşe's (an e-mail) is not the phone of her order."""
    with db.write() as session:
        ayse = session.scalars(sa.select(Customer).where(Customer.phone == AYSE)).one()
        talk = factory.talk(
            session, None, channel="email", customer=ayse, address="ayse.kaya@example.com"
        )
        who = access.who(session, talk.uid)
    assert who.email is None and who.phone is None
    assert find(who, ["1024"]).withheld
    with db.read() as session:
        assert access.own_orders(session, who) == []


@pytest.mark.parametrize("proof", [
    {"tracking": [TRACKING]},
    {"phones": [AYSE]},
    {"emails": ["Ayse.Kaya@example.com "]},
])
def test_number_and_proof_open_the_order_for_a_day(
    shop: None, set_clock: Callable[[str], None], proof: dict[str, list[str]]
) -> None:
    stranger = writer("+905001112233")
    assert shown(find(stranger, ["1024"], **proof)) == ["1024"]
    set_clock("2026-11-25T09:00:00+03:00")
    assert shown(find(stranger, ["1024"])) == ["1024"]
    assert find(stranger, ["1025"]).withheld  # the same person's other order is not proven
    other = writer("+905004445566")
    assert find(other, ["1024"]).withheld  # remembered per identity
    set_clock("2026-11-25T09:31:00+03:00")
    assert find(stranger, ["1024"]).withheld


def test_both_numbers_in_one_list_are_enough_in_any_order(shop: None) -> None:
    stranger = writer("+905001112233")
    both = [TRACKING, "1024"]
    assert shown(find(stranger, both, both)) == ["1024"]


@pytest.mark.parametrize("proof", [
    {"tracking": ["789012"]},  # the end of a tracking number is for own orders only
    {"tracking": ["1024"]},  # the order number is no proof of itself
    {"phones": [MEHMET]},
    {"emails": ["kaya@example.com"]},
])
def test_half_a_proof_is_none(shop: None, proof: dict[str, list[str]]) -> None:
    found = find(writer("+905001112233"), ["1024"], **proof)
    assert found.withheld and found.orders == ()


def test_a_tracking_number_without_the_order_number_proves_nothing(shop: None) -> None:
    stranger = writer("+905001112233")
    assert find(stranger, [], [TRACKING], phones=[AYSE]).withheld
    assert find(stranger, [TRACKING], [TRACKING]).withheld


@pytest.mark.parametrize("tracking", ["TR555555", "555555"])
def test_an_order_number_used_as_tracking_number_is_no_proof(shop: None, tracking: str) -> None:
    with db.write() as session:
        factory.order(session, "TR555555", tracking=tracking)
    stranger = writer("+905001112233")
    assert find(stranger, ["555555"], ["TR555555"]).withheld
    assert find(stranger, ["TR555555"], ["555555"]).withheld


def test_five_wrong_tries_lock_for_a_day(shop: None, set_clock: Callable[[str], None]) -> None:
    stranger = writer("+905001112233")
    for n in range(5):
        assert not find(stranger, ["1024"], [f"99999999999{n}"]).locked
    locked = find(stranger, ["1024"], [TRACKING])
    assert locked.locked and locked.withheld and locked.orders == ()
    with db.read() as session:
        assert access.is_locked(session, stranger)
    assert shown(find(writer("+905004445566"), ["1024"], [TRACKING])) == ["1024"]
    set_clock("2026-11-25T09:40:00+03:00")
    assert shown(find(stranger, ["1024"], [TRACKING])) == ["1024"]


def test_the_own_phone_still_opens_own_orders_when_locked(shop: None) -> None:
    ayse = writer(AYSE)
    for n in range(6):
        find(ayse, ["1026"], [f"99999999999{n}"])
    assert shown(find(ayse, ["1024"])) == ["1024"]
    assert find(ayse, ["1026"], ["123456789126"]).locked


def test_many_guesses_in_one_message_are_as_many_tries(shop: None) -> None:
    stranger = writer("+905001112233")
    numbers = [str(n) for n in range(1018, 1025)]  # the right one comes seventh
    assert find(stranger, numbers, phones=[AYSE]).orders == ()
    assert find(stranger, ["1024"], phones=[AYSE]).locked
    other = writer("+905004445566")
    phones = [f"+9053211111{n:02}" for n in range(9)] + [AYSE]
    assert find(other, ["1024"], phones=phones).orders == ()
    assert find(other, ["1024"], phones=[AYSE]).locked


def test_asking_without_proof_uses_up_no_tries(shop: None) -> None:
    stranger = writer("+905001112233")
    for _ in range(8):
        assert not find(stranger, ["1024"]).locked
    assert shown(find(stranger, ["1024"], [TRACKING])) == ["1024"]


def test_a_number_typed_in_groups_is_one_number(shop: None) -> None:
    stranger = writer("+905001112233")
    typed = ["1024", TRACKING, "1234", "5678", "9012"]
    assert shown(find(stranger, typed, typed)) == ["1024"]
    wrong = ["1024", "123456789013", "1234", "5678", "9013"]
    other = writer("+905004445566")
    for _ in range(4):
        find(other, wrong, wrong)
    assert not find(other, wrong, wrong).locked  # five tries, not ten


@pytest.fixture
def statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: object, _cur: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(db.engine(), "before_cursor_execute", note)
    yield seen
    event.remove(db.engine(), "before_cursor_execute", note)


@pytest.mark.parametrize("proof", [{}, {"tracking": ["999999999999"]}, {"phones": [MEHMET]}])
def test_not_yours_takes_the_same_work_as_not_there(
    shop: None, statements: list[str], proof: dict[str, list[str]]
) -> None:
    def work(number: str) -> list[str]:
        stranger = writer(None)
        statements.clear()
        find(stranger, [number], **proof)
        return list(statements)

    assert work("1024") == work("9024")


def test_a_wrong_try_in_a_reading_session_is_refused(shop: None) -> None:
    """It would be forgotten at the end of the session, and could be repeated for ever."""
    stranger = writer("+905001112233")
    with db.read() as session, pytest.raises(RuntimeError):
        access.find_for(session, stranger, ["1024"], ["999999999999"])


def test_an_unknown_conversation_is_nobody(shop: None) -> None:
    with db.write() as session:
        with pytest.raises(NotFound):
            access.who(session, "no such uid")
        talk = factory.talk(session)
        session.execute(
            sa.update(Conversation).where(Conversation.id == talk.id).values(identity_id=None)
        )
        with pytest.raises(NotFound):
            access.who(session, talk.uid)


def test_orders_without_a_phone_belong_to_nobody_without_one(database: str) -> None:
    with db.write() as session:
        factory.order(session, "77001", phone=None, email=None)
        factory.order(session, "77002", phone="", email="")
        who = access.who(session, factory.talk(session, None).uid)
        assert access.own_orders(session, who) == []
        assert access.find_for(session, who, ["77001"], phones=[""], emails=[""]).withheld


def test_what_is_remembered_names_no_secret(shop: None) -> None:
    stranger = writer("+905001112233")
    find(stranger, ["1024"], ["999999999999"], emails=["x@example.com"])
    with db.read() as session:
        rows = session.scalars(sa.select(Verification)).all()
        assert {(row.order_number, row.success) for row in rows} == {("1024", False)}
        assert session.get(Identity, stranger.identity_id) is not None
