"""What is said of the shop's rules comes from its policies, whichever version holds."""

from __future__ import annotations

import datetime as dt
import string
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from bot import clock, db
from bot.aftersales import demo
from bot.aftersales.policies import answers, service
from bot.aftersales.policies.answers import Answer
from bot.errors import NotFound
from bot.shop import queries as shop
from bot.shop import service as shop_service

RESPONSES = yaml.safe_load(
    (Path(__file__).parents[2] / "data/responses/policies.yml").read_text()
)["responses"]


def say(answer: Answer, language: str = "tr") -> str:
    variants = RESPONSES[answer.response]
    text = next(v["text"] for v in variants if ("condition" in v) == (language == "en"))
    names = [name for _, name, _, _ in string.Formatter().parse(text) if name]
    assert all(answer.variables[name] for name in names), answer
    return text.format(**answer.variables)


@pytest.fixture
def loaded(set_clock: Callable[[str], None]) -> Callable[[str], None]:
    set_clock("2026-11-24T14:00:00+03:00")
    demo.load_if_empty()
    return set_clock


def test_shipping(loaded: object) -> None:
    with db.read() as session:
        turkish, english = answers.shipping(session, "tr"), answers.shipping(session, "en")
    for part in ("750 TL ve üzeri", "79,90 TL", "Yurtiçi Kargo, Aras Kargo", "16:00"):
        assert part in say(turkish)
    assert "79.90 TL" in say(english, "en") and "from 750 TL" in say(english, "en")
    assert [s["record"] for s in turkish.sources] == ["delivery", "dispatch"]


@pytest.mark.parametrize(("values", "response"), [
    ({"fee_kurus": 4990}, "utter_shipping_info_flat"),
    ({"fee_kurus": 0}, "utter_shipping_info_free"),
])
def test_other_shops_ship_otherwise(
    loaded: object, values: dict[str, int], response: str
) -> None:
    with db.write() as session:
        service.publish(session, "delivery", values)
        answer = answers.shipping(session, "tr")
    assert answer.response == response
    assert "Yurtiçi Kargo" in say(answer)  # without a list, all carriers of the shop


def test_returns(loaded: object) -> None:
    with db.write() as session:
        answer = answers.returns(session, "tr")
        text = say(answer)
        assert "14 gün içinde" in text and "Yurtiçi Kargo ile gönderirseniz" in text
        assert "verdiğiniz günden başlayarak en geç 14 gün" in text
        service.publish(session, "returns", {"days": 30, "refund_days": 99})
        other = answers.returns(session, "tr")
    assert other.response == "utter_return_policy_any_carrier"
    assert "30 gün" in say(other) and "en geç 14 gün" in say(other)


def test_payment_and_loyalty(loaded: object) -> None:
    with db.read() as session:
        pay, points = answers.payment(session, "tr"), answers.loyalty(session, "tr")
        english = [say(f(session, "en"), "en") for f in (answers.payment, answers.loyalty)]
    assert "kredi kartı (6 taksite kadar), havale/EFT, kapıda ödeme (49,90 TL)" in say(pay)
    assert "her 10 TL için 1 puan" in say(points) and "Gold (1.000)" in say(points)
    assert "cash on delivery (49.90 TL)" in english[0] and "Gold (1,000)" in english[1]


def test_a_programme_without_tiers_and_none_at_all(loaded: object) -> None:
    with db.write() as session:
        service.publish(session, "loyalty", {"kurus_per_point": 500})
        assert "5 TL" in say(answers.loyalty(session, "tr"))
        service.publish(session, "loyalty", {})
        assert say(answers.loyalty(session, "tr")) == "Şu anda bir puan programımız yok."


def test_hours_tell_whether_somebody_is_there(loaded: Callable[[str], None]) -> None:
    with db.read() as session:
        text = say(answers.hours(session, "tr"))
    assert "Pazartesi–Cuma 09:00–18:00, Cumartesi 10:00–16:00" in text
    assert "kapanış bugün 18:00" in text and "0850 000 00 00" in text
    loaded("2027-03-08T13:01:00+03:00")
    with db.read() as session:
        closed = answers.hours(session, "tr")
        english = say(answers.hours(session, "en"), "en")
    assert "açılış: 12 Mart Cuma 09:00" in say(closed)
    assert closed.promises[0].due_at == dt.datetime.fromisoformat("2027-03-12T09:00:00+03:00")
    assert "open again Fri 12 Mar 09:00" in english and "Mon–Fri 09:00–18:00" in english
    loaded("2027-03-08T12:30:00+03:00")
    with db.read() as session:
        assert "kapanış bugün 13:00" in say(answers.hours(session, "tr"))


def test_a_shop_without_a_rule_says_so(database: str) -> None:
    with db.write() as session:
        shop_service.put(session, shop_service.PROFILE, {"phone": "0850", "email": "a@b.example"})
        for ask in (answers.shipping, answers.returns, answers.payment):
            assert "0850" in say(ask(session, "tr"))
        with pytest.raises(NotFound):
            service.current(session, "delivery")


def test_a_version_holds_from_its_day_on(database: str) -> None:
    soon = clock.now() + dt.timedelta(days=7)
    with db.write() as session:
        assert service.publish(session, "returns", {"days": 14})
        assert not service.publish(session, "returns", {"days": 14})
        assert service.publish(session, "returns", {"days": 30}, valid_from=soon)
        assert not service.publish(session, "returns", {"days": 30}, valid_from=soon)
    with db.read() as session:
        now, then = service.current(session, "returns"), service.current(session, "returns", soon)
    assert (now.values["days"], now.version) == (14, 1)
    assert (then.values["days"], then.version) == (30, 2)


def test_links_are_the_shops_or_none(loaded: object) -> None:
    with db.read() as session:
        assert shop.tracking_link(session, "yurtici", "42").endswith("code=42")
        assert shop.tracking_link(session, "aras", "42") == ""
        assert shop.tracking_link(session, "unheard", "42") == ""
        assert shop.tracking_link(session, "yurtici", "42&x=<b>") == ""
        assert shop.tracking_link(session, "yurtici", "") == ""
        assert shop.carrier_name(session, "unheard") == "unheard"
