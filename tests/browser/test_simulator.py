"""The phone in the browser: what is tapped and typed arrives, what is answered shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bot.conversations.states import Author
from tests.browser.conftest import Watch
from tests.console import stage
from tests.console.stage import AYSE, JOHN

Open = Callable[..., Page]


@pytest.fixture
def quiet(watch: Watch) -> Iterator[None]:
    """Forget what the browser itself reports about requests that a test lets fail."""
    yield
    watch.troubles[:] = [t for t in watch.troubles if "net::ERR_FAILED" not in t]


def test_a_message_goes_out_and_its_answer_comes(open_page: Open) -> None:
    page = open_page("/simulator/")
    box = page.get_by_label("Mesaj yazın")
    box.fill("siparişim nerede")
    box.press("Enter")
    mine = page.locator(".line-mine", has_text="siparişim nerede")
    expect(mine).to_have_count(1)
    expect(mine.get_by_role("img", name="Ulaştı")).to_be_visible()
    expect(page.locator("#presence")).to_have_text("yazıyor…")
    expect(page.locator(".dots")).to_be_visible()

    stage.bot_says(AYSE, "*1024* yolda <b>hızla</b>.", ("Değiştir", "Sağ olun"))
    theirs = page.locator(".line-theirs", has_text="yolda")
    expect(theirs.locator("strong")).to_have_text("1024")
    expect(theirs).to_contain_text("<b>hızla</b>")
    expect(mine.get_by_role("img", name="Okundu")).to_be_visible()
    expect(page.locator("#presence")).to_have_text("çevrimiçi")
    expect(mine).to_have_count(1)

    page.get_by_role("button", name="Sağ olun").click()
    expect(page.locator(".line-mine", has_text="Sağ olun")).to_be_visible()
    expect(page.get_by_role("button", name="Değiştir")).to_be_enabled()
    expect(page.get_by_role("button", name="Sağ olun")).to_be_disabled()
    assert stage.sent_texts(AYSE, Author.CUSTOMER) == ["siparişim nerede", "Sağ olun"]


@pytest.mark.usefixtures("quiet")
def test_a_message_waits_with_one_tick_until_it_is_stored(open_page: Open) -> None:
    page = open_page("/simulator/")
    page.route("**/api/messages?*", lambda route: route.abort())
    page.wait_for_timeout(800)
    page.get_by_label("Mesaj yazın").fill("merhaba")
    page.keyboard.press("Enter")
    expect(page.locator(".line-mine .tick-sent")).to_be_visible()
    page.unroute("**/api/messages?*")
    expect(page.locator(".line-mine .tick-delivered")).to_be_visible()


@pytest.mark.usefixtures("quiet")
def test_what_could_not_be_sent_can_be_sent_again(open_page: Open) -> None:
    page = open_page("/simulator/")
    page.route("**/api/messages", lambda route: route.abort())
    page.get_by_label("Mesaj yazın").fill("merhaba")
    page.keyboard.press("Enter")
    again = page.get_by_role("button", name="Yeniden dene")
    expect(again).to_be_visible()
    page.unroute("**/api/messages")
    again.click()
    expect(page.locator(".line-mine .tick-delivered")).to_be_visible()
    assert stage.sent_texts(AYSE, Author.CUSTOMER) == ["merhaba"]


def test_another_customer_has_another_thread_and_other_examples(open_page: Open) -> None:
    stage.customer_writes(AYSE, "ben Ayşe")
    page = open_page("/simulator/")
    expect(page.locator(".line-mine", has_text="ben Ayşe")).to_be_visible()
    page.get_by_text("John Smith").click()
    expect(page.locator(".line-mine")).to_have_count(0)
    page.get_by_role("button", name="Where is my order?").click()
    expect(page.get_by_label("Mesaj yazın")).to_have_value("Where is my order?")
    page.get_by_role("button", name="Gönder").click()
    expect(page.locator(".line-mine .tick-delivered")).to_have_count(1)
    assert stage.sent_texts(JOHN, Author.CUSTOMER) == ["Where is my order?"]


def test_a_new_number_is_a_new_customer(open_page: Open) -> None:
    page = open_page("/simulator/")
    page.get_by_text("Yeni numara").click()
    number = page.locator("#new-number").inner_text()
    assert number.startswith("+90500")
    page.get_by_label("Mesaj yazın").fill("merhaba")
    page.keyboard.press("Enter")
    expect(page.locator(".tick-delivered")).to_be_visible()
    assert stage.sent_texts(number, Author.CUSTOMER) == ["merhaba"]


def test_a_photo_is_chosen_seen_and_sent(open_page: Open, tmp_path: Path) -> None:
    path = tmp_path / "fincan.png"
    path.write_bytes(stage.PIXEL)
    page = open_page("/simulator/")
    page.locator("#photo").set_input_files(path)
    expect(page.locator("#preview")).to_contain_text("fincan.png")
    page.get_by_label("Mesaj yazın").fill("kırık geldi")
    page.keyboard.press("Enter")
    expect(page.locator(".line-mine .tick-delivered")).to_be_visible()
    page.wait_for_function(
        "document.querySelector('.line-mine img.photo')?.src.includes('/simulator/api/files/')"
        " && document.querySelector('.line-mine img.photo').naturalWidth === 1"
    )


@pytest.mark.usefixtures("quiet")
def test_a_file_that_is_no_photo_is_refused_in_words(
    open_page: Open, tmp_path: Path, watch: Watch
) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(b"<html>")
    page = open_page("/simulator/")
    page.locator("#photo").set_input_files(path)
    page.get_by_role("button", name="Gönder").click()
    expect(page.locator("#trouble")).to_contain_text("bir fotoğraf seçin")
    expect(page.locator(".line-mine")).to_have_count(0)
    watch.troubles.clear()  # the browser itself reports the 400


@pytest.mark.parametrize(
    "hostile",
    ["<script>window.owned=1</script>", "\"><img src=x onerror=window.owned=1>",
     "javascript:alert(1) http://x\" onmouseover=alert(1)", "\u202edrawkcab"],
)
def test_hostile_words_are_words(open_page: Open, hostile: str) -> None:
    stage.customer_writes(AYSE, hostile)
    stage.bot_says(AYSE, hostile, (hostile[:20],))
    page = open_page("/simulator/")
    expect(page.locator(".line")).to_have_count(2)
    for text in page.locator(".say").all_inner_texts():
        assert text == hostile
    assert page.evaluate("window.owned") is None
    assert page.locator("#chat script, #chat [onerror], #chat [onmouseover]").count() == 0


def test_shift_enter_makes_a_line_and_long_texts_keep_theirs(open_page: Open) -> None:
    page = open_page("/simulator/")
    box = page.get_by_label("Mesaj yazın")
    box.type("bir")
    box.press("Shift+Enter")
    box.type("iki")
    box.press("Enter")
    expect(page.locator(".tick-delivered")).to_be_visible()
    assert stage.sent_texts(AYSE, Author.CUSTOMER) == ["bir\niki"]
