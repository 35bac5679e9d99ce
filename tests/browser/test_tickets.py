"""Tickets as an agent works through them, in a real browser."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from bot import clock, db
from bot.conversations.states import Handling
from bot.conversations.tickets.models import Ticket
from tests.console import stage
from tests.console.stage import AYSE

Enter = Callable[..., Page]


def state(number: str) -> str:
    with db.read() as session:
        return str(session.scalars(sa.select(Ticket.state).where(Ticket.number == number)).one())


def call() -> str:
    stage.customer_writes(AYSE, "Beni arar mısınız?")
    start = clock.now() + dt.timedelta(hours=1)
    return stage.ticket(
        AYSE, intent="callback_request", category="callback", priority="high", order_number=None,
        due_at=start + dt.timedelta(minutes=30),
        details={"phone": AYSE, "call_from": start.isoformat(), "first_message": "Arayın"},
    )


def test_a_ticket_appears_by_itself_is_read_and_solved_by_keyboard(desk: Enter) -> None:
    page = desk()
    page.get_by_role("link", name="Kayıtlar").click()
    page.wait_for_url("**/console/tickets")
    number = call()
    row = page.locator(".row-link", has_text=number)
    expect(row).to_be_visible()
    row.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/tickets/{number}*")
    facts = page.locator(".ticket-facts")
    expect(facts).to_contain_text("Aranacak telefon")
    expect(facts).to_contain_text(AYSE)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Çözüldü":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text=number)).to_be_visible()
    assert state(number) == "solved"
    expect(page.locator(".row-link", has_text=number)).to_have_count(0)
    page.get_by_role("link", name="Görüşmeyi aç").click()
    page.wait_for_url(f"**/conversations/{stage.uid_of(AYSE)}*")


def test_a_choice_about_tickets_stays_while_the_chat_goes_on(desk: Enter) -> None:
    number, other = call(), stage.ticket(AYSE)
    stage.agent_takes(AYSE, stage.DENIZ)
    page = desk(path=f"/console/conversations/{stage.uid_of(AYSE)}")
    left = page.get_by_label(f"{other} kaydını da çöz")
    expect(left).to_be_checked()
    left.uncheck()
    third = stage.ticket(AYSE)
    expect(page.get_by_label(f"{third} kaydını da çöz")).to_be_checked()
    expect(left).not_to_be_checked()
    page.get_by_role("button", name="Çöz", exact=True).click()
    expect(page.get_by_text("Görüşme çözüldü olarak kapatıldı.")).to_be_visible()
    assert stage.state_of(AYSE) is Handling.RESOLVED
    assert [state(n) for n in (number, other, third)] == ["solved", "open", "solved"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["list", "one", "chat"])
def test_a_phones_screen_is_enough_for_tickets(desk: Enter, path: str, scheme: str) -> None:
    stage.customer_writes(AYSE, "merhaba")
    for _ in range(3):
        number = stage.ticket(
            AYSE, priority="urgent", details={"first_message": "W" * 300, "details": "k " * 400}
        )
    stage.agent_takes(AYSE, stage.DENIZ)
    address = {
        "list": "/console/tickets", "one": f"/console/tickets/{number}",
        "chat": f"/console/conversations/{stage.uid_of(AYSE)}",
    }[path]
    page = desk(path=address, width=390, height=844, color_scheme=scheme)
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    beyond = page.evaluate(
        """() => [...document.querySelectorAll("button, a, input, label, dd, .pill")]
            .filter(e => e.offsetParent && !e.classList.contains("skip"))
            .filter(e => e.getBoundingClientRect().right > 391)
            .map(e => e.outerHTML.slice(0, 80))"""
    )
    assert beyond == []
    if path == "one":
        expect(page.get_by_role("button", name="Çözüldü")).to_be_visible()
        expect(page.locator(".pane-list")).to_be_hidden()
        page.get_by_role("link", name="Listeye dön").click()
        page.wait_for_url("**/console/tickets?state=open")
