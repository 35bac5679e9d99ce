"""The desk as an agent lives it, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from bot.conversations.states import Author, Handling
from tests.browser.conftest import Watch
from tests.console import stage
from tests.console.stage import AYSE, ELIF, MEHMET

Enter = Callable[..., Page]


def talk(phone: str) -> str:
    return f"/console/conversations/{stage.uid_of(phone)}"


def answer_box(page: Page) -> Locator:
    """Return the box for an answer once the page's script has it."""
    expect(page.locator("textarea[data-ready]")).to_be_visible()
    return page.get_by_label("Yanıtınız")


def waiting_chat() -> None:
    stage.customer_writes(AYSE, "Bir insanla konuşmak istiyorum")
    stage.bot_says(AYSE, "Sizi bir arkadaşımıza aktarıyorum.")
    stage.waits(AYSE, minutes=7, summary={"wish": "track_order", "order_number": "1024"})


def test_a_wrong_password_is_explained_and_the_right_one_opens_the_desk(
    open_page: Enter, watch: Watch
) -> None:
    page = open_page("/console/?tab=mine")
    page.get_by_label("E-posta").fill(stage.DENIZ)
    page.get_by_label("Parola").fill("not this one")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("E-posta ya da parola yanlış")
    watch.troubles.clear()  # the browser itself reports the 401
    expect(page.get_by_label("Parola")).to_be_focused()
    page.get_by_label("Parola").fill(stage.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/?tab=mine")


def test_a_new_chat_appears_by_itself(desk: Enter) -> None:
    page = desk()
    expect(page.get_by_text("Bekleyen kimse yok")).to_be_visible()
    waiting_chat()
    row = page.get_by_role("link", name="Ayşe Kaya")
    expect(row).to_be_visible()
    expect(row).to_contain_text("7 dk bekliyor")
    expect(row).to_contain_text("söz:")
    expect(page.locator(".count-waiting")).to_have_text("1")


def test_an_agent_takes_reads_answers_and_hands_back(desk: Enter) -> None:
    waiting_chat()
    page = desk()
    page.get_by_role("link", name="Ayşe Kaya").click()
    expect(page.locator(".summary")).to_contain_text("1024")
    page.get_by_role("button", name="Devral").click()
    expect(page.get_by_role("status").filter(has_text="Görüşme sizde")).to_be_visible()
    assert stage.state_of(AYSE) is Handling.AGENT

    box = answer_box(page)
    box.fill("Merhaba Ayşe Hanım, hemen bakıyorum.")
    box.press("Control+Enter")
    answer = page.locator(".msg-by-user", has_text="hemen bakıyorum")
    expect(answer).to_be_visible()
    expect(box).to_have_value("")
    expect(answer.get_by_role("img", name="Gönderilecek")).to_be_visible()
    stage.send_all(AYSE)
    expect(answer.get_by_role("img", name="Ulaştı")).to_be_visible()

    stage.customer_writes(AYSE, "Çok teşekkürler!")
    expect(page.locator(".msg-in", has_text="Çok teşekkürler!")).to_be_visible()
    page.get_by_role("button", name="Bota geri ver").click()
    expect(page.get_by_text("Görüşme bota geri verildi.")).to_be_visible()
    assert stage.state_of(AYSE) is Handling.BOT
    assert stage.sent_texts(AYSE, Author.USER) == ["Merhaba Ayşe Hanım, hemen bakıyorum."]


def test_of_two_who_take_at_once_one_wins_and_the_other_is_told_who(desk: Enter) -> None:
    waiting_chat()
    pages = [desk(email, talk(AYSE)) for email in (stage.DENIZ, stage.ECE)]
    # Both pages still offer the chat when the second click comes.
    pages[1].route(
        "**/api/conversations/**",
        lambda route: route.fulfill(json={"changed": False, "cursor": ""}),
    )
    pages[0].get_by_role("button", name="Devral").click()
    expect(pages[0].get_by_label("Yanıtınız")).to_be_visible()
    pages[1].get_by_role("button", name="Devral").click()
    expect(pages[1].get_by_role("alert").first).to_contain_text("Deniz")
    expect(pages[1].get_by_label("Yanıtınız")).to_have_count(0)
    expect(pages[1].locator(".composer-shut")).to_contain_text("Deniz")


def test_a_draft_survives_the_page(desk: Enter) -> None:
    waiting_chat()
    stage.agent_takes(AYSE, stage.DENIZ)
    page = desk(path=talk(AYSE))
    answer_box(page).fill("Yarım kalan")
    page.reload()
    expect(page.get_by_label("Yanıtınız")).to_have_value("Yarım kalan")


def test_an_answer_that_can_not_leave_is_kept_and_explained(desk: Enter, watch: Watch) -> None:
    waiting_chat()
    stage.agent_takes(AYSE, stage.DENIZ)
    page = desk(path=talk(AYSE))
    page.route("**/reply*", lambda route: route.abort())
    answer_box(page).fill("Gidemeyen söz")
    page.get_by_role("button", name="Gönder").click()
    expect(page.locator(".composer .note")).to_have_text("Gönderilemedi. Yeniden deneyin.")
    expect(page.get_by_label("Yanıtınız")).to_have_value("Gidemeyen söz")
    watch.troubles.clear()  # the browser itself reports the request that failed
    page.unroute("**/reply*")
    page.get_by_role("button", name="Gönder").click()
    expect(page.locator(".msg-by-user", has_text="Gidemeyen söz")).to_be_visible()


def test_a_lost_connection_is_shown_and_nothing_is_missed(desk: Enter, watch: Watch) -> None:
    page = desk()
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_be_visible(timeout=20_000)
    waiting_chat()
    page.context.set_offline(False)
    expect(page.get_by_role("link", name="Ayşe Kaya")).to_be_visible(timeout=20_000)
    expect(page.locator("#offline")).to_be_hidden()
    watch.troubles.clear()  # the browser itself reports each request that failed


def test_what_i_have_not_read_is_marked(desk: Enter) -> None:
    stage.customer_writes(AYSE, "bir")
    stage.customer_writes(MEHMET, "iki")
    page = desk(path="/console/?tab=all")
    expect(page.locator(".unread:visible")).to_have_count(2)
    expect(page).to_have_title("(2) Görüşmeler · Destek")
    page.get_by_role("link", name="Mehmet Demir").click()
    expect(page.locator(".unread:visible")).to_have_count(1)
    page.goto("/console/?tab=all")
    expect(page.locator(".unread:visible")).to_have_count(1)
    stage.customer_writes(MEHMET, "üç")
    expect(page.locator(".unread:visible")).to_have_count(2)


def test_the_keyboard_is_enough(desk: Enter) -> None:
    waiting_chat()
    page = desk()
    page.keyboard.press("Tab")
    expect(page.get_by_text("İçeriğe geç")).to_be_focused()
    page.get_by_role("link", name="Ayşe Kaya").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/conversations/**")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Devral":
            break
    page.keyboard.press("Enter")
    box = answer_box(page)
    expect(box).to_be_visible()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "reply":
            break
    page.keyboard.type("Klavyeyle")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".msg-by-user", has_text="Klavyeyle")).to_be_visible()


HOSTILE = (
    "<script>window.owned=1</script>",
    "\"><img src=x onerror=\"window.owned=1\">",
    "<svg/onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7*7 }} ${7*7} =HYPERLINK(\"http://evil.example\")",
    "*<b onmouseover=alert(1)>kalın</b>*",
    "fatura\u202egpj.exe",
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_words_are_words(desk: Enter, hostile: str) -> None:
    stage.customer_writes(
        "+905000000001", hostile, name=hostile, attachment=stage.photo(name=hostile)
    )
    stage.fetch_files()
    page = desk(path="/console/?tab=all")
    expect(page.locator(".row-name")).to_be_visible()
    page.goto(talk("+905000000001"))
    expect(page.locator(".msg-text")).to_be_visible()
    shown = page.locator(".msg-text").inner_text()
    assert shown.replace("*", "") == hostile.replace("*", "")
    grown = ".msg script, .msg svg[onload], .msg [onerror], .msg [onmouseover]"
    assert page.locator(grown).count() == 0
    page.locator(".msg-text").hover()
    assert page.evaluate("window.owned") is None
    direction = page.locator(".msg-text").evaluate("e => getComputedStyle(e).unicodeBidi")
    assert direction == "isolate"


def test_a_photo_from_a_customer_is_seen(desk: Enter) -> None:
    stage.customer_writes(ELIF, "bakın", attachment=stage.photo())
    page = desk(path=talk(ELIF))
    expect(page.get_by_text("getiriliyor…")).to_be_visible()
    stage.fetch_files()
    picture = page.locator(".photo img")
    expect(picture).to_be_visible()
    page.wait_for_function("document.querySelector('.photo img').naturalWidth === 1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/console/login", "/console/?tab=all", "talk", "/simulator/"])
def test_a_phones_screen_needs_no_sideways_scrolling(desk: Enter, path: str, scheme: str) -> None:
    stage.customer_writes(AYSE, "W" * 300 + " https://example.com/" + "x" * 300)
    stage.waits(AYSE, minutes=70, summary={"words": "k" * 300, "wish": "track_order"})
    stage.agent_takes(AYSE, stage.DENIZ)
    page = desk(width=390, height=844, color_scheme=scheme)
    if path == "/console/login":
        page.get_by_role("button", name="Çıkış yap").click()
    else:
        page.goto(talk(AYSE) if path == "talk" else path)
    page.wait_for_timeout(500)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    beyond = page.evaluate(
        """() => [...document.querySelectorAll("button, a, input, textarea, .bubble, .balloon")]
            .filter(e => e.offsetParent && !e.classList.contains("skip"))
            .filter(e => e.getBoundingClientRect().right > 391)
            .map(e => e.outerHTML.slice(0, 80))"""
    )
    assert beyond == []
    theme = page.evaluate("document.documentElement.dataset.bsTheme")
    assert theme == scheme
