"""Tickets: what people have to do, by when, and the button that says it is done."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user, login_required
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound as PageNotFound
from werkzeug.wrappers import Response as AnyResponse

from bot import db
from bot.console import fragments, i18n, tickets
from bot.conversations.tickets import queries, service

blueprint = Blueprint("tickets", __name__, url_prefix="/console")


def _state_asked_for() -> str:
    state = request.args.get("state", "open")
    return state if state in queries.STATES else "open"


def _list_parts(
    session: Session, state: str, chosen: str
) -> tuple[list[fragments.Item], str]:
    """Return the rendered rows in a state, and the tabs with the count of open ones."""
    items = [
        (row["number"], render_template(
            "parts/ticket_row.html", row=row, state=state, chosen=chosen
        ))
        for row in tickets.rows(session, state)
    ]
    if not items:
        items = [("empty", render_template("parts/ticket_empty.html", state=state))]
    tabs = render_template("parts/ticket_tabs.html", state=state, count=tickets.count(session))
    return items, tabs


@blueprint.get("/tickets")
@blueprint.get("/tickets/<number>")
@login_required
def page(number: str = "") -> str:
    """Show the list, and one ticket beside it."""
    with db.read() as session:
        ticket = tickets.one(session, number) if number else None
        if number and ticket is None:
            raise PageNotFound()
        state = _state_asked_for()
        items, tabs = _list_parts(session, state, number)
    return render_template(
        "tickets.html", items=items, tabs=tabs, state=state, ticket=ticket, chosen=number
    )


@blueprint.get("/api/tickets")
@login_required
def live() -> Response:
    """Answer what the list looks like now."""
    state, chosen = _state_asked_for(), request.args.get("chosen", "")[:16]
    with db.read() as session:

        def draw() -> fragments.Parts:
            items, tabs = _list_parts(session, state, chosen)
            return {"tickets": items}, {"tabs": tabs}

        return fragments.answer((state, chosen, tickets.mark(session)), draw)


@blueprint.post("/tickets/<number>/solve")
@login_required
def solve(number: str) -> AnyResponse:
    """Mark a ticket as solved."""
    with db.write() as session:
        found = queries.find(session, number)
        if found is None:
            raise PageNotFound()
        solved = service.solve(session, found["id"], current_user.user_id)
    if solved:
        flash(i18n.text("done.solved", number=found["number"]), "success")
    else:
        flash(i18n.text("ticket.solved_before"), "warning")
    return redirect(url_for("tickets.page", number=found["number"], state=_state_asked_for()))
