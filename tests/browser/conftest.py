"""A real browser on the real pages. Without Chromium these tests are skipped, and say why."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.site import served
from tests.console import stage
from tests.console.conftest import app, make_app  # noqa: F401

ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
)
MISSING = (
    "no Chromium on this machine: install Debian's (`apt-get install chromium`), "
    "or name another one in CHROMIUM"
)


def chromium() -> str | None:
    """Return the path of the system's Chromium, or None."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


class Watch:
    """What went wrong on the pages of a test: errors, refused resources, failed requests."""

    def __init__(self) -> None:
        self.troubles: list[str] = []

    def on(self, page: Page) -> None:
        """Listen to a page."""
        page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        page.on(
            "console",
            lambda line: line.type == "error" and self.troubles.append(f"console: {line.text}"),
        )
        page.on("dialog", self._dialog)

    def _dialog(self, dialog: Any) -> None:
        self.troubles.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@pytest.fixture(scope="package")  # its event loop must end before other tests run theirs
def browser() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    path = chromium()
    if path is None:
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture
def site(app: Flask) -> Iterator[str]:  # noqa: F811
    """The address of the running application, with the demo shop and its users."""
    with served() as address:
        yield address


@pytest.fixture
def watch() -> Iterator[Watch]:
    """What goes wrong on any page; a test that ends with something in it fails."""
    watching = Watch()
    yield watching
    assert watching.troubles == []


@pytest.fixture
def open_page(browser: Browser, site: str, watch: Watch) -> Iterator[Callable[..., Page]]:
    """A function that opens a page in a browser of its own (Turkish, 1280 x 800 unless told)."""
    contexts = []

    def make(path: str = "/console/", width: int = 1280, height: int = 800, **more: Any) -> Page:
        context = browser.new_context(
            **{
                "viewport": {"width": width, "height": height}, "locale": "tr-TR",
                "base_url": site, **more,
            }
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        watch.on(page)
        page.goto(path)
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def desk(open_page: Callable[..., Page]) -> Callable[..., Page]:
    """A function that signs an agent in, in a browser of their own."""

    def enter(email: str = stage.DENIZ, path: str = "/console/", **more: Any) -> Page:
        page = open_page("/console/login", **more)
        page.get_by_label("E-posta").fill(email)
        page.get_by_label("Parola").fill(stage.PASSWORD)
        page.get_by_role("button", name="Giriş yap").click()
        page.wait_for_url("**/console/")
        if path != "/console/":
            page.goto(path)
        return page

    return enter
