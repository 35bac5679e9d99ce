"""Policies as a shop writes them: checked, against the law where it sets a limit, and stored.

Sums are written in liras and kept in kuruş. What is checked here is the floor that the law gives a
consumer in Türkiye; a shop may always be kinder.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot import config
from bot.aftersales.policies import service as policies
from bot.aftersales.promises.compute import REFUND_DAYS

Problem = Callable[[str], None]
_MONEY = {"fee": "fee_kurus", "free_from": "free_from_kurus", "spend_per_point": "kurus_per_point"}
_KNOWN = {
    "delivery": {"free_from", "fee", "carriers"},
    "dispatch": {"cutoff", "office_days"},
    "returns": {"days", "carrier", "refund_days"},
    "support": {"minutes_per_chat", "opening_buffer_minutes", "ticket_hours", "update_hours"},
    "payment": {"methods"},
    "loyalty": {"spend_per_point", "tiers"},
    "warranty": {"years"},
}
_METHOD = {"key", "label", "fee", "installments"}
_NUMBERS = {
    "office_days", "days", "refund_days", "minutes_per_chat", "opening_buffer_minutes",
    "update_hours", "years", "installments",
}
_WITHDRAWAL_DAYS = 14  # Consumer Act 6502, art. 48
_WARRANTY_YEARS = 2  # Regulation on Warranty Certificates, 13.6.2014, no. 29029


def kurus(value: Any) -> int:
    """Return a sum written in liras (`79.90`) in kuruş; ValueError if it is none."""
    try:
        exact = Decimal(str(value)) * 100
    except InvalidOperation as error:
        raise ValueError(f"{value!r} is not a sum in liras, such as 79.90") from error
    if exact != exact.to_integral_value() or exact < 0:
        raise ValueError(f"{value!r} is not a sum in liras with at most two decimals")
    return int(exact)


def read(data: dict[str, Any], problem: Problem) -> list[tuple[str, dict[str, Any]]]:
    """Return (key, version) pairs of the `policies` part of a shop file, in the order written.

    A policy is one mapping, or a list of them, each with its own `valid_from`.
    """
    versions: list[tuple[str, dict[str, Any]]] = []
    for key, written in data.items():
        if key not in _KNOWN:
            problem(f"policies.{key} is not known; there are {', '.join(sorted(_KNOWN))}")
            continue
        for version in written if isinstance(written, list) else [written]:
            if not isinstance(version, dict):
                problem(f"policies.{key} must hold names and values")
                continue
            versions.append((key, _version(key, dict(version), problem)))
    return versions


def store(session: Session, versions: list[tuple[str, dict[str, Any]]], source: str) -> int:
    """Write versions as `read` gave them; return how many were new."""
    return sum(
        policies.publish(
            session, key, version["values"], valid_from=version["valid_from"],
            source=version["source"] or source,
        )
        for key, version in versions
    )


def _version(key: str, written: dict[str, Any], problem: Problem) -> dict[str, Any]:
    here = f"policies.{key}"
    valid_from = written.pop("valid_from", None)
    source = str(written.pop("source", ""))
    for name in sorted(set(written) - _KNOWN[key]):
        problem(f"{here}.{name} is not known; there are {', '.join(sorted(_KNOWN[key]))}")
    values = _money(written, here, problem)
    _check_shapes(here, values, problem)
    if key == "payment":
        values["methods"] = [
            _method(m, f"{here}.methods[{n}]", problem)
            for n, m in enumerate(values.get("methods") or [])
        ]
    _check_law(key, values, problem)
    return {"values": values, "source": source, "valid_from": _start(valid_from, here, problem)}


def _money(written: dict[str, Any], here: str, problem: Problem) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in written.items():
        if name in _MONEY and value is not None:
            try:
                values[_MONEY[name]] = kurus(value)
            except ValueError as error:
                problem(f"{here}.{name}: {error}")
        elif value is not None:
            values[name] = value
    return values


def _method(written: Any, here: str, problem: Problem) -> dict[str, Any]:
    if not isinstance(written, dict) or not isinstance(written.get("label"), dict):
        problem(f"{here} needs a label in tr and en")
        return {"label": {}}
    for name in sorted(set(written) - _METHOD):
        problem(f"{here}.{name} is not known; there are {', '.join(sorted(_METHOD))}")
    _check_shapes(here, written, problem)
    return _money(written, here, problem)


def _check_shapes(here: str, values: dict[str, Any], problem: Problem) -> None:
    """Name what later sums would stumble over: text where a number belongs, and the like."""
    for name in sorted(_NUMBERS & set(values)):
        if not _is_number(values[name]):
            problem(f"{here}.{name} is {values[name]!r}; write a number")
    waits = values.get("ticket_hours", {})
    if not isinstance(waits, dict) or not all(_is_number(v) for v in waits.values()):
        problem(f"{here}.ticket_hours must name numbers, such as {{urgent: 2, normal: 8}}")
    for name in ("tiers", "methods", "carriers"):
        if not isinstance(values.get(name, []), list):
            problem(f"{here}.{name} must be a list")
            values[name] = []
    for tier in values.get("tiers", []):
        named = isinstance(tier, dict) and "name" in tier
        if not named or not _is_number(tier.get("from_points")):
            problem(f"{here}.tiers: each needs name and from_points")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def _check_law(key: str, values: dict[str, Any], problem: Problem) -> None:
    floors = {
        "returns": ("days", _WITHDRAWAL_DAYS, "days to change their mind"),
        "warranty": ("years", _WARRANTY_YEARS, "years of warranty"),
    }
    if key in floors:
        name, least, meaning = floors[key]
        value = values.get(name, least)
        if not isinstance(value, (int, float)) or value < least:
            problem(f"policies.{key}.{name} is {value}; the law gives customers {least} {meaning}")
    if key == "returns":
        value = values.get("refund_days", REFUND_DAYS)
        if not isinstance(value, int) or not 0 < value <= REFUND_DAYS:
            problem(
                f"policies.returns.refund_days is {value}; by law the money goes back within "
                f"{REFUND_DAYS} days"
            )
    if key == "dispatch":
        try:
            dt.time.fromisoformat(str(values.get("cutoff", "16:00")))
        except ValueError:
            problem(f"policies.dispatch.cutoff is {values['cutoff']!r}; write it as \"16:00\"")


def _start(value: Any, here: str, problem: Problem) -> dt.datetime | None:
    """Return the first instant of a day in the shop's zone; None: from the import on."""
    if value is None:
        return None
    zone = ZoneInfo(config.load().shop_time_zone)
    if isinstance(value, dt.datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, dt.time(), zone)
    problem(f"{here}.valid_from is {value!r}; write a date such as 2026-01-01")
    return None
