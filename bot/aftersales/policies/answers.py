"""What the bot says about rules: response names and values, computed from the policies.

The words are in data/responses/policies.yml; labels that differ from shop to shop (ways to pay,
names of tiers) are the shop's own, in its file, in both languages.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from bot import clock, formatting
from bot.aftersales.policies import service as policies
from bot.aftersales.promises.compute import REFUND_DAYS
from bot.aftersales.promises.kinds import PromiseKind
from bot.aftersales.promises.service import PromiseDraft, basis
from bot.shop import queries as shop
from bot.workdays import WorkingHours

WARRANTY_YEARS = 2  # the least that the law allows, from delivery
_UNKNOWN = "utter_policy_unknown"


@dataclasses.dataclass(frozen=True)
class Answer:
    """A response with its variables, its promises, and the policies that it quotes."""

    response: str
    variables: dict[str, str]
    promises: tuple[PromiseDraft, ...] = ()
    sources: tuple[dict[str, Any], ...] = ()


def shipping(session: Session, language: str) -> Answer:
    """Delivery price, carriers and cut-off."""
    now = clock.now()
    delivery = policies.find(session, "delivery")
    dispatch = policies.find(session, "dispatch")
    if delivery is None or dispatch is None:
        return _unknown(session)
    fee = int(delivery.values.get("fee_kurus", 0))
    free_from = delivery.values.get("free_from_kurus")
    values = {
        "carriers": _carriers(session, delivery.values.get("carriers") or []),
        "cutoff": str(dispatch.values.get("cutoff", "16:00")),
        "fee": _money(fee, language),
    }
    response = "utter_shipping_info"
    if fee == 0:
        response = "utter_shipping_info_free"
        del values["fee"]
    elif free_from is None:
        response = "utter_shipping_info_flat"
    else:
        values["free_from"] = _money(int(free_from), language)
    return Answer(response, values, sources=(delivery.basis(now), dispatch.basis(now)))


def returns(session: Session, language: str) -> Answer:
    """Days, carrier and cost of a return, and how long the money takes."""
    policy = policies.find(session, "returns")
    if policy is None:
        return _unknown(session)
    values = {
        "days": str(policy.values.get("days", 14)),
        "refund_days": str(min(int(policy.values.get("refund_days", REFUND_DAYS)), REFUND_DAYS)),
    }
    carrier = policy.values.get("carrier")
    response = "utter_return_policy_any_carrier"
    if carrier:
        values["carrier"] = shop.carrier_name(session, str(carrier))
        response = "utter_return_policy"
    return Answer(response, values, sources=(policy.basis(clock.now()),))


def payment(session: Session, language: str) -> Answer:
    """The ways to pay, in the shop's own words with its figures filled in."""
    policy = policies.find(session, "payment")
    methods = policy.values.get("methods") if policy else None
    if policy is None or not methods:
        return _unknown(session)
    labels = []
    for method in methods:
        label = str(method["label"].get(language) or method["label"].get("tr", ""))
        label = label.replace("{fee}", _money(int(method.get("fee_kurus", 0)), language))
        labels.append(label.replace("{installments}", str(method.get("installments", 1))))
    return Answer(
        "utter_payment_options", {"methods": ", ".join(labels)},
        sources=(policy.basis(clock.now()),),
    )


def loyalty(session: Session, language: str) -> Answer:
    """How points are earned and what the tiers begin at."""
    policy = policies.find(session, "loyalty")
    if policy is None or not policy.values.get("kurus_per_point"):
        return Answer("utter_loyalty_none", {})
    values = {"amount": _money(int(policy.values["kurus_per_point"]), language)}
    sources = (policy.basis(clock.now()),)
    tiers = policy.values.get("tiers") or []
    if not tiers:
        return Answer("utter_loyalty_program_no_tiers", values, sources=sources)
    values["tiers"] = ", ".join(
        f"{tier['name']} ({formatting.number(int(tier['from_points']), language)})"
        for tier in sorted(tiers, key=lambda tier: int(tier["from_points"]))
    )
    return Answer("utter_loyalty_program", values, sources=sources)


def warranty(session: Session) -> Answer | None:
    """The years of the warranty, or None where the shop has set none.

    The law's two years hold even if the policy says less (Garanti Belgesi Yönetmeliği).
    """
    policy = policies.find(session, "warranty")
    if policy is None or not policy.values.get("years"):
        return None
    years = max(int(policy.values["years"]), WARRANTY_YEARS)
    return Answer(
        "utter_warranty_policy", {"years": str(years)}, sources=(policy.basis(clock.now()),)
    )


def hours(session: Session, language: str) -> Answer:
    """Contact, the week's hours, and whether somebody is there now or from when."""
    now = clock.now()
    profile = shop.profile(session)
    desk = shop.office_hours(session)
    values = {
        "phone": str(profile["phone"]), "email": str(profile["email"]), "url": str(profile["url"]),
        "hours": week(desk, language),
    }
    sources = tuple(
        basis("shop_setting", now, record=record) for record in ("hours", "profile")
    )
    closes = desk.closes_at(now)
    if closes:
        values["closes"] = formatting.time_label(closes)
        return Answer("utter_contact_and_hours_open", values, sources=sources)
    opens = desk.next_opening(now)
    values["opens"] = formatting.moment_label(opens, language, desk.zone, now)
    promise = PromiseDraft(
        PromiseKind.OPENING.value, None, opens.astimezone(dt.timezone.utc),
        basis("shop_setting", now, record="hours"), wording=values["opens"],
    )
    return Answer("utter_contact_and_hours_closed", values, (promise,), sources)


def address(session: Session) -> Answer | None:
    """Where the shop is, or None where it does not say."""
    where = str(shop.profile(session)["address"] or "")
    if not where:
        return None
    return Answer("utter_contact_address", {"address": where}, sources=_profile())


def social(session: Session) -> Answer | None:
    """The shop's accounts: `Instagram: https://...`, or None where it has none."""
    accounts = shop.profile(session)["social"] or {}
    if not accounts:
        return None
    listed = ", ".join(f"{str(name).capitalize()}: {url}" for name, url in accounts.items())
    return Answer("utter_contact_social", {"accounts": listed}, sources=_profile())


def _profile() -> tuple[dict[str, Any], ...]:
    return (basis("shop_setting", clock.now(), record="profile"),)


def week(desk: WorkingHours, language: str) -> str:
    """Return the week as people write it: `Pazartesi–Cuma 09:00–18:00, Cumartesi 10:00–16:00`."""
    spans: list[tuple[int, int, tuple[dt.time, dt.time]]] = []
    for weekday, times in sorted(desk.weekly.items()):
        if spans and spans[-1][1] == weekday - 1 and spans[-1][2] == times:
            spans[-1] = (spans[-1][0], weekday, times)
        else:
            spans.append((weekday, weekday, times))
    return ", ".join(
        f"{_days(first, last, language)} "
        f"{formatting.time_label(opens)}–{formatting.time_label(closes)}"
        for first, last, (opens, closes) in spans
    )


def _days(first: int, last: int, language: str) -> str:
    names = [_weekday(first, language), _weekday(last, language)]
    return names[0] if first == last else "–".join(names)


def _weekday(weekday: int, language: str) -> str:
    label = formatting.date_label(dt.date(2024, 1, 1 + weekday), language)  # a Monday is the 1st
    return label.split()[0] if language == "en" else label.split()[-1]


def _carriers(session: Session, keys: list[str]) -> str:
    known: Mapping[str, Any] = shop.carriers(session)
    return ", ".join(shop.carrier_name(session, key) for key in keys or known)


def _money(kurus: int, language: str) -> str:
    """Return a sum; round ones without the zeros of the kuruş, as people say them."""
    text = formatting.money(kurus, lang=language)
    return text.replace(",00 ", " ").replace(".00 ", " ") if kurus % 100 == 0 else text


def _unknown(session: Session) -> Answer:
    profile = shop.profile(session)
    return Answer(_UNKNOWN, {"phone": str(profile["phone"]), "email": str(profile["email"])})
