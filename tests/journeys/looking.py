"""What several journeys look up in a running stack, or set up in it."""

from __future__ import annotations

import datetime as dt
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import requests

from tests.stack import Stack

VAGUE = (
    "ee hani o var ya dün", "mavi olan nasıl", "bir şeyler olmuş galiba", "şu konuyu diyorum",
    "makinenin durumu", "öyle bir durum var bende", "o değil öbürü vardı ya", "şey o şey işte",
)


class Talk(NamedTuple):
    """A customer's conversation as it stands."""

    uid: str
    state: str
    reason: str | None
    promised_at: dt.datetime | None


def instant(value: Any) -> dt.datetime | None:
    """Return a time from the database as an aware instant; SQLite gives UTC without a zone."""
    if value is None:
        return None
    at = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
    return at if at.tzinfo else at.replace(tzinfo=dt.timezone.utc)


def data(value: Any) -> Any:
    """Return a JSON column's value; SQLite gives its text."""
    return json.loads(value) if isinstance(value, str) else value


def talk(stack: Stack, phone: str) -> Talk:
    """Return the conversation of a phone or other address."""
    [row] = stack.rows(
        "SELECT c.uid, c.state, c.wait_reason, c.promised_at FROM conversation c "
        "JOIN identity i ON i.customer_id = c.customer_id WHERE i.address = :a", a=phone,
    )
    return Talk(row[0], row[1], row[2], instant(row[3]))


def turns(stack: Stack, phone: str) -> list[dict[str, Any]]:
    """Return the turns of a conversation in order: state, reason, commands, result."""
    return [
        {"state": state, "reason": reason, "commands": data(commands) or [], "result": data(result)}
        for state, reason, commands, result in stack.rows(
            "SELECT t.state, t.reason, t.commands, t.result FROM turn t JOIN conversation c ON "
            "c.id = t.conversation_id WHERE c.uid = :u ORDER BY t.created_at",
            u=talk(stack, phone).uid,
        )
    ]


def order_of(stack: Stack, folder: Path, phone: str, number: str, product: str) -> None:
    """Let a person have an order that is being prepared."""
    file = folder / "orders.csv"
    file.write_text(
        "order_number,ordered_at,customer_name,phone,email,language,sku,product,variant,quantity,"
        "unit_price_kurus,state,carrier,tracking_number,handed_over_at,last_scan_at,"
        "last_scan_place,estimate_from,estimate_to,delivered_at\n"
        f"{number},2026-11-20T10:00:00+03:00,Can Ay,{phone},{number}@example.com,tr,X-1,"
        f"{product},,1,59900,preparing,,,,,,,,\n"
    )
    done = stack.command("import", "orders", str(file))
    assert done.returncode == 0, done.stderr


def choices(reply: str) -> list[str]:
    """Return the numbered choices at the end of a reply; AssertionError when misnumbered."""
    found = re.findall(r"^(\d+)\) (.+)$", reply, re.MULTILINE)
    assert [int(n) for n, _ in found] == list(range(1, len(found) + 1)), reply
    return [title for _, title in found]


def clock_of(at: dt.datetime | None) -> str:
    """Return an instant's time of day in the shop's zone, as replies word it."""
    assert at is not None
    return at.astimezone(ZoneInfo("Europe/Istanbul")).strftime("%H:%M")


def wait_until(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Return once a condition holds; AssertionError with `what` when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def seconds_of(url: str) -> float:
    """Return how long a page takes; AssertionError unless it is there."""
    began = time.monotonic()
    assert requests.get(url, timeout=10).status_code == 200, url
    return time.monotonic() - began


def understood(stack: Stack, text: str) -> str:
    """Return the intent that the stack's live model finds in a text."""
    secret = (stack.folder / "var" / "secrets" / "internal_secret").read_text()
    answer = requests.post(
        str(stack.run_info()["rasa_urls"]).split(",")[0] + "/webhooks/destek/parse",
        json={"text": text, "language": "tr"}, headers={"X-Destek-Secret": secret}, timeout=10,
    )
    return str(answer.json()["intent"]["name"])


def vague(stack: Stack, count: int) -> list[str]:
    """Return texts that the live model is not sure of: another model may be sure of others."""
    found = [text for text in VAGUE if understood(stack, text) == "nlu_fallback"]
    assert len(found) >= count, f"of the vague sentences only {found} are unclear to this model"
    return found[:count]
