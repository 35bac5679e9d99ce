"""Pages that change by themselves: told by a stream, and by looking where there is none.

The real web server and the real Redis; what happens is done by the product's services.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.conftest import Watch
from tests.console import stage
from tests.console.stage import AYSE
from tests.crowd import Crowd
from tests.databases import Databases
from tests.webserver import Redis, WebServer, shop

TOLD = 3_000  # milliseconds: by looking alone, a page that has a stream would need up to 25 s
Enter = Callable[..., Page]


@pytest.fixture
def redis(all_databases: Databases, tmp_path: Path) -> Iterator[Redis]:
    """A running Redis, and a shop where two people wrote."""
    with shop(all_databases, tmp_path) as server:
        yield server


@pytest.fixture
def web(redis: Redis) -> Iterator[WebServer]:
    """The web server with eight places for streams."""
    server = WebServer(threads=16)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def enter(browser: Browser, web: WebServer, watch: Watch) -> Iterator[Enter]:
    """A function that opens a page of an agent's browser, and waits until it listens."""
    cookie, _ = web.signed_in(stage.DENIZ)
    name, _, value = cookie.partition("=")
    contexts = []

    def make(path: str, listens: bool = True) -> Page:
        context = browser.new_context(base_url=web.url, locale="tr-TR")
        context.add_cookies([{"name": name, "value": value, "url": web.url}])
        contexts.append(context)
        page = context.new_page()
        watch.on(page)
        if listens:
            with page.expect_response("**/api/events?**") as answer:
                page.goto(path)
            assert answer.value.status == 200
        else:
            page.goto(path)
        return page

    yield make
    for context in contexts:
        context.close()


def talk(phone: str) -> str:
    return f"/console/conversations/{stage.uid_of(phone)}"


def rests(page: Page, seconds: float, within: float = 15.0) -> bool:
    """Wait until a page has asked for nothing for so long; tell whether it came to that in time."""
    last = began = time.monotonic()

    def asked(_: Request) -> None:
        nonlocal last
        last = time.monotonic()

    page.on("request", asked)
    while time.monotonic() - last < seconds and time.monotonic() - began < within:
        page.wait_for_timeout(100)
    page.remove_listener("request", asked)
    return time.monotonic() - last >= seconds


def test_what_is_said_appears_in_the_thread_and_in_the_list_without_looking(enter: Enter) -> None:
    page = enter(talk(AYSE))
    inbox = enter("/console/?tab=all")
    for each in (page, inbox):
        assert rests(each, 3)  # nobody asks whether there is something
    stage.customer_writes(AYSE, "kargom nerede kaldı")
    expect(page.locator(".msg-in", has_text="kargom nerede kaldı")).to_be_visible(timeout=TOLD)
    expect(inbox.get_by_text("kargom nerede kaldı")).to_be_visible(timeout=TOLD)
    stage.bot_says(AYSE, "Hemen bakıyorum.")
    answer = page.locator(".msg", has_text="Hemen bakıyorum.")
    expect(answer).to_be_visible(timeout=TOLD)
    expect(answer.get_by_role("img", name="Ulaştı")).to_be_visible(timeout=TOLD)


def test_a_ticket_appears_in_the_list_without_looking(enter: Enter) -> None:
    page = enter("/console/tickets")
    assert rests(page, 1.5)
    number = stage.ticket(AYSE)
    expect(page.get_by_text(number)).to_be_visible(timeout=TOLD)


def test_without_redis_the_page_looks_by_itself(enter: Enter, redis: Redis) -> None:
    page = enter(talk(AYSE))
    redis.stop()
    stage.customer_writes(AYSE, "yine de görünür")
    expect(page.locator(".msg-in", has_text="yine de görünür")).to_be_visible(timeout=15_000)
    stage.customer_writes(AYSE, "ve bu da")
    expect(page.locator(".msg-in", has_text="ve bu da")).to_be_visible(timeout=15_000)
    expect(page.locator("#offline")).to_be_hidden()


def test_who_was_refused_a_stream_looks_by_itself(enter: Enter, web: WebServer) -> None:
    crowd = Crowd("127.0.0.1", web.port)
    cookies = [web.signed_in(email)[0] for email in (stage.ECE, stage.ADMIN)]
    crowd.ask(8, cookies)
    assert crowd.answered() and crowd.open == 8  # every place
    page = enter(talk(AYSE), listens=False)
    stage.customer_writes(AYSE, "sırada kaldım")
    expect(page.locator(".msg-in", has_text="sırada kaldım")).to_be_visible(timeout=15_000)
    crowd.close()


def test_a_lost_connection_is_shown_and_nothing_is_missed(
    enter: Enter, web: WebServer, watch: Watch
) -> None:
    page = enter(talk(AYSE))
    assert rests(page, 1.5)
    came_back: list[Request] = []
    page.on("request", lambda r: came_back.append(r) if "/api/events" in r.url else None)
    web.stop(signal.SIGINT)
    expect(page.locator("#offline")).to_be_visible(timeout=15_000)
    stage.customer_writes(AYSE, "kimse yokken")
    web.start()
    expect(page.locator(".msg-in", has_text="kimse yokken")).to_be_visible(timeout=20_000)
    expect(page.locator("#offline")).to_be_hidden()
    watch.troubles.clear()  # the browser itself reports each request that failed
    # The stream came back with the mark that it had: what it missed it was told.
    deadline = time.monotonic() + 15
    while not any(_mark(r) for r in came_back) and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    assert any(_mark(r) for r in came_back)
    stage.customer_writes(AYSE, "yeniden duyuyor")
    expect(page.locator(".msg-in", has_text="yeniden duyuyor")).to_be_visible(timeout=15_000)


def _mark(request: Request) -> str:
    return request.all_headers().get("last-event-id", "")


def test_a_page_that_nobody_sees_holds_no_place(enter: Enter, web: WebServer) -> None:
    page = enter(talk(AYSE))
    crowd = Crowd("127.0.0.1", web.port)
    cookies = [web.signed_in(email)[0] for email in (stage.ECE, stage.ADMIN)]
    crowd.ask(8, cookies)
    assert crowd.answered() and crowd.open == 7  # the page has the eighth place
    crowd.leave(crowd.with_status(204))
    _seen(page, False)
    assert crowd.listen(lambda: _one_more(crowd, cookies), 15)
    crowd.close()
    stage.customer_writes(AYSE, "bakan yokken")
    with page.expect_response("**/api/events?**"):
        _seen(page, True)
    expect(page.locator(".msg-in", has_text="bakan yokken")).to_be_visible(timeout=TOLD)


def _seen(page: Page, visible: bool) -> None:
    """Let a page believe that its tab came to the front, or went behind another one."""
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        not visible,
    )


def _one_more(crowd: Crowd, cookies: list[str]) -> bool:
    crowd.leave([a for a in crowd.asked if a.ended])
    crowd.ask(1, cookies)
    crowd.answered(5)
    return crowd.open == 8
