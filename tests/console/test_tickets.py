"""Tickets at the desk: the list, one ticket in plain words, solving, and solving with a chat."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from bot import clock, db
from bot.accounts.models import AuditEntry
from bot.conversations.models import Case
from bot.conversations.tickets.models import Ticket
from tests import databases
from tests.console import stage
from tests.console.conftest import post
from tests.console.stage import AYSE, MEHMET


def due_in(hours: float) -> dt.datetime:
    return clock.now() + dt.timedelta(hours=hours)


def states() -> dict[str, str]:
    with db.read() as session:
        return dict(session.execute(sa.select(Ticket.number, Ticket.state)).all())


@pytest.mark.parametrize("path", ["/console/tickets", "/console/tickets/T-10001",
                                  "/console/api/tickets"])
def test_nobody_sees_tickets_without_signing_in(visitor: FlaskClient, path: str) -> None:
    assert visitor.get(path).status_code in (302, 401)


@pytest.mark.parametrize("make_app", databases.KINDS, indirect=True)
def test_what_is_due_first_comes_first(deniz: FlaskClient) -> None:
    stage.customer_writes(AYSE, "merhaba")
    stage.customer_writes(MEHMET, "merhaba")
    with db.write() as session:
        session.execute(sa.delete(Ticket))
    later = stage.ticket(AYSE, due_at=due_in(8), order_number=None)
    never = stage.ticket(AYSE, due_at=None, order_number="1025")
    late = stage.ticket(MEHMET, due_at=due_in(-1), priority="urgent")
    page = deniz.get("/console/tickets").text
    assert page.index(late) < page.index(later) < page.index(never)
    row = page[page.index(late) : page.index(later)]
    for words in ("Mehmet Demir", "sipariş 1024", "Acil", "gecikti", "Açık"):
        assert words in row
    assert '<span class="count count-waiting">3</span>' in page


def test_a_ticket_says_all_that_is_known_in_plain_words(deniz: FlaskClient) -> None:
    stage.customer_writes(AYSE, "beni arayın")
    number = stage.ticket(
        AYSE, intent="callback_request", category="callback", order_number=None, priority="high",
        details={
            "phone": "+905321112233", "first_message": "beni <b>arayın</b>", "language": "tr",
            "call_from": due_in(3.5).isoformat(), "danger": True, "floor": 3,
        },
    )
    page = deniz.get(f"/console/tickets/{number}").text
    for words in (
        "Aranacak telefon", "+905321112233", "Aranacak saat", "beni &lt;b&gt;arayın&lt;/b&gt;",
        "Güvenlik tehlikesi", "Öncelikli", "Türkçe", "floor", f"conversations/{stage.uid_of(AYSE)}",
    ):
        assert words in page, words
    assert "callback_request" not in page and "T1" not in page.split("Aranacak saat")[1][:60]
    post(deniz, "/console/language", language="en", back="/console/")
    assert "Number to call" in deniz.get(f"/console/tickets/{number}").text


def test_a_ticket_that_does_not_exist_is_no_page(deniz: FlaskClient) -> None:
    assert deniz.get("/console/tickets/T-99999").status_code == 404
    assert post(deniz, "/console/tickets/T-99999/solve").status_code == 404


def test_solving_is_done_once_and_noted(deniz: FlaskClient, ece: FlaskClient) -> None:
    stage.customer_writes(AYSE, "merhaba")
    number = stage.ticket(AYSE)
    before = deniz.get("/console/api/tickets").json
    assert before is not None
    post(deniz, f"/console/tickets/{number}/solve")
    assert states()[number] == "solved"
    assert f"{number} çözüldü" in deniz.get(f"/console/tickets/{number}").text
    post(ece, f"/console/tickets/{number}/solve")
    assert "daha önce çözülmüş" in ece.get(f"/console/tickets/{number}").text
    assert number in deniz.get("/console/tickets?state=solved").text
    after = deniz.get(f"/console/api/tickets?cursor={before['cursor']}").json
    assert after is not None and after["changed"]
    assert number not in [item["key"] for item in after["lists"]["tickets"]]
    with db.read() as session:
        found = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "solve")).all()
    assert len(found) == 1


@pytest.mark.parametrize("state", ["open", "solved"])
def test_an_empty_list_teaches(deniz: FlaskClient, state: str) -> None:
    with db.write() as session:
        session.execute(sa.delete(Ticket))
    assert 'class="empty empty-list"' in deniz.get(f"/console/tickets?state={state}").text


def test_resolving_a_chat_solves_the_tickets_that_are_ticked(deniz: FlaskClient) -> None:
    stage.customer_writes(AYSE, "merhaba")
    old = stage.ticket(AYSE)
    with db.write() as session:
        session.execute(sa.update(Case).values(closed_at=clock.now()))
    stage.customer_writes(AYSE, "yine ben")
    ticked, left = stage.ticket(AYSE), stage.ticket(AYSE)
    page = f"/console/conversations/{stage.uid_of(AYSE)}"
    post(deniz, f"{page}/take")
    text = deniz.get(page).text
    for number, checked in ((old, False), (ticked, True), (left, True)):
        box = text.split(f'name="solve" value="{number}"')[1].split(">")[0]
        assert ("checked" in box) is checked, number
    post(deniz, f"{page}/resolve", solve=ticked)
    assert {n: states()[n] for n in (old, ticked, left)} == {
        old: "open", ticked: "solved", left: "open"
    }


def test_a_refused_resolution_solves_nothing(deniz: FlaskClient) -> None:
    stage.customer_writes(AYSE, "merhaba")
    number = stage.ticket(AYSE)
    stage.agent_takes(AYSE, stage.ECE)
    post(deniz, f"/console/conversations/{stage.uid_of(AYSE)}/resolve", solve=number)
    assert states()[number] == "open"
