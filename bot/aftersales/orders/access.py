"""Who may hear of an order: the one place where level V1 is decided.

An order is shown to an identity when the provider vouches for the phone (or e-mail) that it writes
from and the order carries it, or when the identity gives the order's number together with the full
tracking number, phone or e-mail of that order. The latter is remembered for 24 hours for that
identity and that order. A name is never asked for and never enough. After five wrong tries within
24 hours nothing is tried any more: a person has to look.

Nothing here lets anybody tell "not yours" from "does not exist": both are `withheld`, and both run
the same statements.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock
from bot.aftersales.customers.models import Verification
from bot.aftersales.orders.numbers import ends_tracking, same_number
from bot.aftersales.orders.service import shop_system
from bot.aftersales.orders.shopsystem import OrderView, ShopSystem
from bot.conversations.models import Conversation, Identity
from bot.errors import NotFound
from bot.text import search_key

REMEMBERED = dt.timedelta(hours=24)
WRONG_TRIES = 5
_LEVEL = "V1"


@dataclasses.dataclass(frozen=True)
class Who:
    """Who writes. `phone` and `email` are set only where the provider vouches for them."""

    identity_id: int
    customer_id: int
    conversation_id: int
    phone: str | None
    email: str | None
    channel: str


@dataclasses.dataclass(frozen=True)
class Lookup:
    """What was found. `withheld`: a number was given that leads to nothing that may be shown.

    `unmatched` are the numbers as given that led to no shown order; `locked` tells that too many
    proofs were wrong today, so that a person has to take over.
    """

    orders: tuple[OrderView, ...]
    withheld: bool = False
    locked: bool = False
    unmatched: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class _Proof:
    """One thing given beside an order number; `number` as written if it is a number itself."""

    key: str
    number: str = ""


def who(session: Session, conversation_uid: str) -> Who:
    """Return who writes in a conversation now (its identity last heard); NotFound if none."""
    row = session.execute(
        sa.select(Identity, Conversation.id)
        .join(Conversation, Conversation.identity_id == Identity.id)
        .where(Conversation.uid == conversation_uid)
    ).first()
    if row is None:
        raise NotFound("there is no such conversation, or nobody has written in it")
    identity, conversation_id = row
    # No channel vouches for an e-mail address yet: a sender line alone proves nothing.
    return Who(
        identity_id=identity.id, customer_id=identity.customer_id, conversation_id=conversation_id,
        phone=identity.phone or None, email=None, channel=identity.channel,
    )


def own_orders(session: Session, who: Who) -> list[OrderView]:
    """Return the orders that this identity may hear of, newest first."""
    shop = shop_system(session)
    found = {order.number: order for order in shop.orders_of(who.phone, who.email)}
    for number in _remembered(session, who.identity_id):
        for order in shop.by_number(number):
            if order.number == number:
                found.setdefault(number, order)
    return sorted(found.values(), key=lambda order: order.ordered_at, reverse=True)


def vouched_orders(session: Session, who: Who) -> list[OrderView]:
    """Return the orders of the address itself, newest first, without what was proven otherwise.

    Cancelling, return codes and new addresses are for these alone: an order's number with its
    tracking number may be read on a parcel's label.
    """
    found = shop_system(session).orders_of(who.phone, who.email)
    return sorted(found, key=lambda order: order.ordered_at, reverse=True)


def find_for(
    session: Session,
    who: Who,
    numbers: Sequence[str],
    tracking: Sequence[str] = (),
    *,
    phones: Sequence[str] = (),
    emails: Sequence[str] = (),
) -> Lookup:
    """Look up what a message names: order numbers, tracking numbers, and proofs.

    `numbers` and `tracking` may be the same candidates (see `bot.text.find_numbers`); `phones`
    (E.164) and `emails` are what the person gave as the order's own, not where they write from. A
    try with a proof is recorded, so the session must come from `db.write()` when there may be one.
    """
    asked = _whole(list(dict.fromkeys([*numbers, *tracking])))
    own = own_orders(session, who)
    shown = {order.number: order for number in asked for order in _among(own, number)}
    unmatched = [number for number in asked if not _among(own, number)]
    pairs = _pairs([n for n in unmatched if n in numbers], [t for t in unmatched if t in tracking],
                   phones, emails)
    locked = False
    if pairs:
        left = _left(session, who.identity_id)
        locked = left <= 0
        # No more guesses are looked at than may still be wrong.
        proven = _proven(shop_system(session), pairs[:max(left, 0)])
        _record(session, who.identity_id, pairs[:max(left, 0)], proven)
        shown.update({order.number: order for order in proven})
        unmatched = [number for number in unmatched if not _among(proven, number)]
    return Lookup(
        tuple(shown.values()), withheld=bool(unmatched) and not shown, locked=locked,
        unmatched=tuple(unmatched),
    )


def is_locked(session: Session, who: Who) -> bool:
    """Tell whether this identity has used up its wrong tries of the last 24 hours."""
    return _left(session, who.identity_id) <= 0


def _among(orders: Sequence[OrderView], number: str) -> list[OrderView]:
    """Return those of the orders that a number means; the end of a tracking number is enough."""
    by_number = [order for order in orders if same_number(order.number, number)]
    return by_number or [
        order for order in orders
        if any(ends_tracking(parcel.tracking_number, number) for parcel in order.shipments)
    ]


def _whole(numbers: list[str]) -> list[str]:
    """Drop the pieces that follow the number they make together (one typed in groups)."""
    whole: list[str] = []
    skip = 0
    for index, number in enumerate(numbers):
        if skip:
            skip -= 1
            continue
        whole.append(number)
        joined = ""
        for count, piece in enumerate(numbers[index + 1:], start=1):
            joined += search_key(piece)
            if count > 1 and joined == search_key(number):
                skip = count
            if not search_key(number).startswith(joined):
                break
    return whole


def _pairs(
    numbers: Sequence[str], tracking: Sequence[str], phones: Sequence[str], emails: Sequence[str]
) -> list[tuple[str, _Proof]]:
    """Return the guesses in a message: an order number with one thing that would prove it.

    Two numbers beside each other, either of which may be the order's, are one guess.
    """
    pairs: dict[frozenset[str], tuple[str, _Proof]] = {}
    for number in numbers:
        proofs = [_Proof(search_key(t), t) for t in tracking if search_key(t) != search_key(number)]
        proofs += [_Proof(p) for p in phones] + [_Proof(e.strip().lower()) for e in emails]
        for proof in proofs:
            pairs.setdefault(frozenset((search_key(number), proof.key)), (number, proof))
    return list(pairs.values())


def _proven(shop: ShopSystem, pairs: Sequence[tuple[str, _Proof]]) -> list[OrderView]:
    """Return the orders that the guesses show to be the writer's.

    Every guess is looked up to the end, whether anything was found or not.
    """
    proven: dict[str, OrderView] = {}
    for number, proof in pairs:
        tries = [(number, proof.key)]
        if proof.number:  # which of two numbers is the order's is not known
            tries.append((proof.number, search_key(number)))
        for written, key in tries:
            for order in shop.by_number(written):
                if key in _secrets(order):
                    proven[order.number] = order
    return list(proven.values())


def _secrets(order: OrderView) -> set[str]:
    """Return what only somebody with the order's papers knows.

    A tracking number that is the order's number over again, as some shops give it, is no secret.
    """
    parcels = {
        search_key(parcel.tracking_number) for parcel in order.shipments
        if not same_number(order.number, parcel.tracking_number)
    }
    return {*parcels, order.phone or "", (order.email or "").lower()} - {""}


def _left(session: Session, identity_id: int) -> int:
    """Return how many wrong tries remain, with the identity locked against a second counter."""
    session.execute(sa.select(Identity.id).where(Identity.id == identity_id).with_for_update())
    wrong = session.scalar(sa.select(sa.func.count()).select_from(Verification).where(
        Verification.identity_id == identity_id, Verification.success.is_(False),
        Verification.created_at > clock.now() - REMEMBERED,
    ))
    return WRONG_TRIES - int(wrong or 0)


def _record(
    session: Session, identity_id: int, pairs: Sequence[tuple[str, _Proof]],
    proven: Sequence[OrderView],
) -> None:
    """Remember what was shown to be theirs, or one wrong try for each guess."""
    if "after_commit" not in session.info:
        raise RuntimeError("a try with a proof must be recorded: pass a session of db.write()")
    outcomes = [(order.number, True) for order in proven] or [(n, False) for n, _ in pairs]
    for number, success in outcomes:
        session.add(Verification(
            identity_id=identity_id, level=_LEVEL, order_number=number[:64], success=success,
            method="number_and_proof", created_at=clock.now(),
        ))
    session.flush()


def _remembered(session: Session, identity_id: int) -> list[str]:
    return list(session.scalars(
        sa.select(Verification.order_number).distinct().where(
            Verification.identity_id == identity_id, Verification.success.is_(True),
            Verification.created_at > clock.now() - REMEMBERED,
        )
    ))
