"""One conversation: the thread, the customer, and what an agent can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user, login_required
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound as PageNotFound
from werkzeug.wrappers import Response as AnyResponse

from bot import db
from bot.aftersales.waiting import back
from bot.console import fragments, i18n, panel, problems, rows, timeline
from bot.console.views.inbox import list_parts, tab_asked_for
from bot.conversations import queries
from bot.conversations.handover import desk, service
from bot.conversations.states import WaitReason
from bot.conversations.tickets import queries as tickets
from bot.conversations.tickets.service import solve
from bot.errors import Conflict, InvalidInput

blueprint = Blueprint("conversation", __name__, url_prefix="/console")
LONGEST_REPLY = 4096  # characters; the outbox splits it where the channel takes less


def _wanted(session: Session, uid: str) -> dict[str, Any]:
    """Return the conversation's row with a name to call it by; 404 when there is none."""
    found = queries.conversation(session, uid)
    if found is None:
        raise PageNotFound()
    return {**found, "name": found["name"] or found["phone"] or i18n.text("nameless")}


def _messages_asked_for() -> int:
    show = request.args.get("show", rows.MESSAGES_AT_ONCE, type=int)
    return max(rows.MESSAGES_AT_ONCE, min(show, rows.MOST_MESSAGES))


def _parts(
    session: Session, conversation: dict[str, Any]
) -> tuple[list[fragments.Item], dict[str, str]]:
    """Return the rendered thread, and the blocks around it."""
    about = panel.head(session, conversation, current_user.user_id)
    blocks = {
        name: render_template(f"parts/{name}.html", about=about)
        for name in ("head", "summary", "composer")
    }
    return timeline.items(session, conversation, _messages_asked_for()), blocks


@blueprint.get("/conversations/<uid>")
@login_required
def page(uid: str) -> str:
    """Show a conversation with the list beside it."""
    with db.read() as session:
        conversation = _wanted(session, uid)
        items, blocks = _parts(session, conversation)
        customer = panel.customer(session, conversation)
    beside, tabs = list_parts(tab_asked_for())
    return render_template(
        "conversation.html", uid=uid, items=items, blocks=blocks, customer=customer,
        tab=tab_asked_for(), rows=beside, tabs=tabs, show=_messages_asked_for(),
    )


@blueprint.get("/api/conversations/<uid>")
@login_required
def live(uid: str) -> Response:
    """Answer what the thread and its surroundings look like now."""
    with db.read() as session:
        conversation = _wanted(session, uid)

        def draw() -> fragments.Parts:
            items, blocks = _parts(session, conversation)
            return {"messages": items}, blocks

        seen = rows.thread_mark(session, conversation["id"], _messages_asked_for())
        return fragments.answer((conversation, seen), draw)


def _refusal(holder: Conflict) -> str:
    """Return a conflict in the reader's words; its message is the holder's name, if anybody's."""
    name = str(holder)
    return i18n.text("taken_by", name=name) if name else i18n.text("not_yours")


def _back(uid: str) -> AnyResponse:
    return redirect(url_for("conversation.page", uid=uid, tab=request.args.get("tab")))


def _move(uid: str, step: Callable[[Session, int, int], object], done: str) -> AnyResponse:
    """Make one move of the hand-over and go back to the page, saying what came of it."""
    try:
        with db.write() as session:
            step(session, _wanted(session, uid)["id"], current_user.user_id)
    except Conflict as holder:
        flash(_refusal(holder), "warning")
    else:
        flash(i18n.text(done), "success")
    return _back(uid)


def _leave(session: Session, conversation_id: int, user_id: int) -> None:
    if not back.put_back(session, conversation_id, user_id, WaitReason.AGENT_LEFT):
        raise Conflict("")


def _resolve(session: Session, conversation_id: int, user_id: int) -> None:
    ticked = set(request.form.getlist("solve"))
    service.resolve(session, conversation_id, user_id)
    for ticket in tickets.open_of(session, conversation_id):
        if ticket.number in ticked:
            solve(session, int(ticket.id), user_id)


@blueprint.post("/conversations/<uid>/take")
@login_required
def take(uid: str) -> AnyResponse:
    """Take the conversation; whoever comes second is told who has it."""
    return _move(uid, service.claim, "done.taken")


@blueprint.post("/conversations/<uid>/hand-back")
@login_required
def hand_back(uid: str) -> AnyResponse:
    """Give the conversation back to the bot."""
    return _move(uid, service.hand_back, "done.handed_back")


@blueprint.post("/conversations/<uid>/leave")
@login_required
def leave(uid: str) -> AnyResponse:
    """Put the conversation back into the queue for another agent."""
    return _move(uid, _leave, "done.left")


@blueprint.post("/conversations/<uid>/resolve")
@login_required
def resolve(uid: str) -> AnyResponse:
    """Close the matter, and with it the tickets that are ticked."""
    return _move(uid, _resolve, "done.resolved")


@blueprint.post("/conversations/<uid>/reply")
@login_required
def reply(uid: str) -> AnyResponse:
    """Send an answer: 204 or a problem for the page's script, else back to the page."""
    text = request.form.get("text", "")[:LONGEST_REPLY]
    trouble = ""
    try:
        with db.write() as session:
            wanted = _wanted(session, uid)["id"]
            key = request.form.get("key", "")[:32]
            desk.reply(session, wanted, current_user.user_id, text, key=key)
    except Conflict as holder:
        trouble = _refusal(holder)
    except InvalidInput:
        trouble = i18n.text("empty_reply")
    if problems.wants_json():
        return problems.problem(409, "Conflict", trouble) if trouble else Response(status=204)
    if trouble:
        flash(trouble, "warning")
    return _back(uid)
