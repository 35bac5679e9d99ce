"""Take the pictures in docs/screenshots from a running demo (`make run`), with the real bot.

    python scripts/screenshots.py [--url http://127.0.0.1:8000] [--out docs/screenshots]

Talks as demo customers through the simulator and as an agent at the desk. Needs Playwright
(requirements-dev.txt) and a Chromium: Debian's, or the one named in CHROMIUM. Take them from a
fresh DATA_DIR on a weekday between 9 and 18, or start the demo with CLOCK at such a time.
"""

from __future__ import annotations

import argparse
import base64
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bot import config  # noqa: E402
from bot.accounts.service import DEMO_FILE  # noqa: E402

AGENT = "agent1@example.com"
AYSE, ELIF, JOHN = "+905321234567", "+905441112233", "+447700900123"
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
_ANSWER = 30_000  # milliseconds that a reply of the bot may take

OVERVIEW = """
<body style="margin:0;padding:48px;display:flex;gap:40px;align-items:center;
  background:linear-gradient(135deg,#dff3f0,#f6efe4)">
<img src="{phone}" style="height:720px;border-radius:44px;box-shadow:0 24px 60px #0003">
<img src="{desk}" style="height:720px;border-radius:18px;box-shadow:0 24px 60px #0003">
</body>
"""


def _shrink(path: Path) -> None:
    """Keep a picture small: 256 colours are enough for pages."""
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(256).save(path, optimize=True)


class Camera:
    """A browser, the address of the demo, and where the pictures go."""

    def __init__(self, browser: Browser, url: str, out: Path) -> None:
        self.browser, self.url, self.out = browser, url, out

    def page(self, path: str, **more: Any) -> Page:
        """Open a page in a browser of its own."""
        options = {"viewport": WIDE, "locale": "tr-TR", "base_url": self.url, **more}
        page = self.browser.new_context(**options).new_page()
        page.goto(path)
        return page

    def take(self, page: Page, name: str) -> Path:
        """Take a picture once the page has come to rest."""
        page.wait_for_timeout(700)
        path = self.out / f"{name}.png"
        page.screenshot(path=path)
        _shrink(path)
        print(path)
        return path

    def desk(self, path: str = "/console/", **more: Any) -> Page:
        """Open a page of the desk as the agent."""
        page = self.page("/console/login", **more)
        page.locator("#email").fill(AGENT)
        page.locator("#password").fill(password())
        page.locator("#password").press("Enter")
        page.wait_for_url("**/console/")
        if path != "/console/":
            page.goto(path)
        return page


def password() -> str:
    """Return the agent's password as the demo keeps it."""
    for line in (config.load().data_dir / DEMO_FILE).read_text().splitlines():
        address, _, word = line.partition(" ")
        if address == AGENT:
            return word
    raise SystemExit(f"{DEMO_FILE} does not know {AGENT}: start the demo first")


def say(page: Page, text: str) -> None:
    """Write as the phone's owner and wait for the answer."""
    before = page.locator(".line-theirs:not([aria-hidden])").count()
    page.locator("#text").fill(text)
    page.locator("#text").press("Enter")
    page.wait_for_function(
        "n => document.querySelectorAll('.line-theirs:not([aria-hidden])').length > n",
        arg=before, timeout=_ANSWER,
    )
    expect(page.locator(".dots")).to_have_count(0, timeout=_ANSWER)


def inline(path: Path) -> str:
    """Return a picture as an address that holds it."""
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()


def shoot(camera: Camera) -> None:
    """Walk through the demo and take every picture."""
    camera.take(camera.page("/console/login"), "login")
    camera.take(camera.desk(), "inbox-empty")

    english = camera.page(f"/simulator/?phone={JOHN}".replace("+", "%2B"))
    say(english, "where is my order?")
    other = camera.page(f"/simulator/?phone={ELIF}".replace("+", "%2B"))
    say(other, "Havlularım hâlâ gelmedi, bir kişiyle görüşmek istiyorum")

    phone = camera.page(f"/simulator/?phone={AYSE}".replace("+", "%2B"))
    say(phone, "siparişim nerede")
    say(phone, "temsilciye bağlanmak istiyorum")

    camera.take(camera.desk("/console/?tab=all"), "inbox")
    desk = camera.desk("/console/?tab=all")
    desk.get_by_role("link", name="Ayşe Kaya").click()
    desk.get_by_role("button", name="Devral").click()
    expect(desk.locator("textarea[data-ready]")).to_be_visible()
    desk.get_by_label("Yanıtınız").fill(
        "Merhaba Ayşe Hanım, ben Deniz. Kahve makineniz için mi yazmıştınız? Şimdi bakıyorum."
    )
    desk.get_by_label("Yanıtınız").press("Control+Enter")
    expect(desk.locator(".msg-by-user .ticks-delivered")).to_be_visible(timeout=_ANSWER)
    picture = camera.take(desk, "conversation")
    expect(phone.get_by_text("ben Deniz")).to_be_visible(timeout=_ANSWER)
    camera.take(phone, "simulator")
    handset = camera.out / "phone.tmp.png"
    phone.locator(".phone").screenshot(path=handset, omit_background=True)

    here = desk.url
    camera.take(camera.desk(here, color_scheme="dark"), "conversation-dark")
    camera.take(camera.desk(here, viewport=PHONE), "conversation-phone")
    camera.take(camera.desk("/console/?tab=all", viewport=PHONE), "inbox-phone")
    address = f"/simulator/?phone={AYSE}".replace("+", "%2B")
    camera.take(camera.page(address, viewport=PHONE), "simulator-phone")

    overview = camera.browser.new_page(viewport={"width": 1680, "height": 816})
    overview.set_content(OVERVIEW.format(phone=inline(handset), desk=inline(picture)))
    camera.take(overview, "overview")
    handset.unlink()


def main() -> None:
    """Read the arguments and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default=f"http://127.0.0.1:{config.load().port}")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    options = parser.parse_args()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        raise SystemExit("no Chromium: install Debian's chromium, or name one in CHROMIUM")
    options.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        shoot(Camera(browser, options.url, options.out))
        browser.close()


if __name__ == "__main__":
    main()
