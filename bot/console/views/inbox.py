"""The list of conversations: who waits, who is mine, everybody."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask_login import current_user, login_required

from bot import db
from bot.console import fragments, rows

blueprint = Blueprint(
    "inbox", __name__, url_prefix="/console", static_folder="../static", static_url_path="/static"
)


def tab_asked_for() -> str:
    """Return the tab named in the address; the waiting ones unless it names one."""
    tab = request.args.get("tab", "waiting")
    return tab if tab in rows.TABS else "waiting"


def list_parts(tab: str) -> tuple[list[fragments.Item], str]:
    """Return the rendered rows of a tab, and the tabs with their counts."""
    with db.read() as session:
        found = rows.conversations(session, tab, current_user.user_id)
        counts = rows.counts(session, current_user.user_id)
    items = [(row["uid"], render_template("parts/row.html", row=row)) for row in found]
    if not items:
        items = [("empty", render_template("parts/empty.html", tab=tab))]
    return items, render_template("parts/tabs.html", tab=tab, counts=counts)


@blueprint.get("/")
@login_required
def page() -> str:
    """Show the list."""
    tab = tab_asked_for()
    items, tabs = list_parts(tab)
    return render_template("inbox.html", tab=tab, items=items, tabs=tabs)


@blueprint.get("/api/inbox")
@login_required
def live() -> Response:
    """Answer what the list looks like now."""
    tab = tab_asked_for()

    def draw() -> fragments.Parts:
        items, tabs = list_parts(tab)
        return {"rows": items}, {"tabs": tabs}

    with db.read() as session:
        mark = rows.list_mark(session, current_user.user_id)
    return fragments.answer((tab, mark), draw)
