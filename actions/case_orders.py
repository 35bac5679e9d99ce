"""Which order a case is about: the one that was named, the only one possible, or nobody knows yet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from actions.base import Context
from actions.case_table import CaseSpec
from bot import db
from bot.aftersales.orders import access
from bot.aftersales.orders.numbers import same_number
from bot.aftersales.orders.shopsystem import OrderView
from bot.text import clean, find_numbers, fold

NOT_ASKED = "-"
_NOT_THIS = re.compile(r"[^a-z0-9]{0,3}(?:y?[iu] |n?[iu]n )?(?:degil|kalsin|iptal etmeyin|olmasin)\b")


def candidates(ctx: Context, spec: CaseSpec) -> list[OrderView]:
    """Return the customer's own orders that a case can be about, newest first."""
    with db.read() as session:
        own = _own(session, ctx, spec)
    return [order for order in own if order.state in spec.orders]


def has_orders(ctx: Context) -> bool:
    """Tell whether the address that writes has any order at all."""
    with db.read() as session:
        return bool(access.vouched_orders(session, access.who(session, ctx.uid)))


def shown(session: Session, ctx: Context, spec: CaseSpec, number: str | None) -> OrderView | None:
    """Return the order of a number if this customer may have this case about it."""
    if not number or number == NOT_ASKED:
        return None
    person = access.who(session, ctx.uid)
    found = access.find_for(session, person, [number]).orders
    if len(found) != 1:
        return None
    own = {order.number for order in _own(session, ctx, spec)}
    return found[0] if found[0].number in own else None


def is_proven(session: Session, ctx: Context, number: str) -> bool:
    """Tell whether a number is of an order that this customer has shown to know (level V1)."""
    return bool(access.find_for(session, access.who(session, ctx.uid), [number]).orders)


def meant(ctx: Context, spec: CaseSpec) -> str | None:
    """Return the order that the message names or that alone can be meant; None: ask."""
    if not spec.orders:
        return NOT_ASKED
    named = named_numbers(ctx) or find_numbers(ctx.slot("unclear_text") or "")
    if named:
        with db.read() as session:
            found = access.find_for(session, access.who(session, ctx.uid), named).orders
        return found[0].number if len(found) == 1 else (None if found else named[0])
    before = ctx.slot("case_order")
    if ctx.in_form and before and before != NOT_ASKED:
        return str(before)  # another matter about the order that we were speaking of
    possible = candidates(ctx, spec)
    if len(possible) == 1:
        return possible[0].number
    spoken_of = ctx.slot("order_number")
    if spoken_of and _was_named(ctx, str(spoken_of)):
        told = [order.number for order in possible if same_number(order.number, str(spoken_of))]
        return told[0] if told else None
    return None


def named_numbers(ctx: Context) -> list[str]:
    """Return the numbers of the message that may be an order's, without "not 1024"."""
    named = ctx.entities("order_number") or ctx.entities("tracking_number")
    if len(named) < 2:
        return named
    words = fold(clean(ctx.words_of_turn))
    kept = [n for n in named if not _is_excluded(words, n)]
    return kept or named


def product_lines(ctx: Context, spec: CaseSpec, number: str | None) -> int:
    """Return how many pieces an order holds, 0 when it is not known."""
    with db.read() as session:
        order = shown(session, ctx, spec, number)
    return sum(line.quantity for line in order.lines) if order else 0


def _own(session: Session, ctx: Context, spec: CaseSpec) -> Sequence[OrderView]:
    person = access.who(session, ctx.uid)
    return (access.vouched_orders if spec.owner else access.own_orders)(session, person)


def _was_named(ctx: Context, number: str) -> bool:
    """Tell whether the customer, and not only we, spoke of a number in the present talk."""
    for event in reversed(ctx.tracker.events):
        if event.get("event") == "session_started":
            return False
        parsed: dict[str, Any] = event.get("parse_data") or {}
        for entity in parsed.get("entities") or ():
            if entity.get("entity") == "order_number" and same_number(
                number, str(entity.get("value"))
            ):
                return True
    return False


def _is_excluded(words: str, number: str) -> bool:
    places = [m.end() for m in re.finditer(re.escape(fold(number)), words)]
    return any(_NOT_THIS.match(words, place) for place in places) or bool(
        re.search(rf"\bnot {re.escape(fold(number))}\b", words)
    )
