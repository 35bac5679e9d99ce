"""Handing a conversation to a person, the same way from every topic."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from rasa_sdk.events import ActiveLoop, SlotSet
from sqlalchemy.orm import Session

from actions.base import Choice, Context, Events
from bot import db
from bot.aftersales.promises import compute
from bot.aftersales.promises.service import PromiseDraft
from bot.conversations.handover import service as handover
from bot.conversations.handover.models import Handover
from bot.conversations.states import WaitReason
from bot.shop import queries as shop

LONG_WAIT = dt.timedelta(minutes=30)  # from here on a call is offered instead of waiting
CASE_SLOTS = (
    "case_intent", "case_text", "case_order", "case_details", "case_photo", "case_tries",
    "case_ticket",
)


def close_case() -> Events:
    """Return the events that end an open case form."""
    return [
        ActiveLoop(None), SlotSet("requested_slot", None),
        *(SlotSet(name, None) for name in CASE_SLOTS),
    ]


def answers(ctx: Context) -> dict[str, Any]:
    """Return what was answered of the open case so far, "-" and blanks left out."""
    given = {name: ctx.slot(name) for name in CASE_SLOTS if name != "case_tries"}
    return {name: value for name, value in given.items() if value not in (None, "", "-")}


def summary(ctx: Context, **more: Any) -> dict[str, Any]:
    """Return what a person should know at first sight: wish, order, answers, last words.

    The customer's words are data for the desk, which shows them escaped.
    """
    wish = ctx.slot("case_intent") or ctx.slot("last_wish") or ""
    known = {
        "wish": wish, "order_number": ctx.slot("order_number"), "language": ctx.language,
        "answers": answers(ctx), "words": ctx.words_of_turn[:500], **more,
    }
    return {name: value for name, value in known.items() if value}


def hand_over(ctx: Context, reason: WaitReason, **more: Any) -> Events:
    """Ask for a person, say by when one answers, and end a form; never a second time.

    Who waits already hears the time that was promised, or a new one when that has passed.
    """
    with db.write() as session:
        draft = compute.human_reply(session, ctx.now, conversation_id=ctx.conversation_id)
        handover.request(
            session, conversation_id=ctx.conversation_id, reason=reason,
            promised_at=draft.due_at, summary=summary(ctx, **more), turn_id=ctx.turn_id,
        )
        row = handover_of(session, ctx.conversation_id)
        is_open = shop.office_hours(session).is_open(ctx.now)
    asked_before = row is not None and row.summary.get("turn_id") != ctx.turn_id
    if row is not None and asked_before and row.promised_at and row.promised_at > ctx.now:
        ctx.say("utter_still_waiting", until=ctx.until(row.promised_at))
    else:
        _say_when(ctx, draft, is_open)
    return close_case()


def _say_when(ctx: Context, draft: PromiseDraft, is_open: bool) -> None:
    """Say when a person answers: now from the queue, after the rush, or when work begins again."""
    assert draft.due_at is not None
    opens_at = draft.basis.get("opens_at")
    variables = {"until": ctx.until(draft.due_at), "place": str(draft.basis["place"])}
    if not is_open and opens_at:
        variables["opens"] = ctx.moment(dt.datetime.fromisoformat(opens_at))
        response = "utter_handover_closed"
    else:
        response = "utter_handover_later" if opens_at else "utter_handover"
    long_wait = bool(opens_at) or draft.due_at - ctx.now > LONG_WAIT
    call = Choice(ctx.intent_label("callback_request"), "/callback_request")
    ctx.say(response, variables, promises=[draft], choices=[call] if long_wait else [])


def handover_of(session: Session, conversation_id: int) -> Handover | None:
    """Return the hand-over that a conversation is in, or None."""
    found = sa.select(Handover).where(
        Handover.conversation_id == conversation_id, Handover.ended_at.is_(None)
    )
    return session.scalars(found.order_by(Handover.id.desc()).limit(1)).first()


def shop_phone() -> str:
    """Return the shop's telephone number as it is shown."""
    with db.read() as session:
        return str(shop.profile(session).get("phone", ""))
