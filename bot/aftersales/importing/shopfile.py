"""`import shop`: profile, hours, carriers, policies, products and templates of a YAML file.

docs/shop.example.yml explains each key. A file is taken as a whole or, when anything in it can not
be read, not at all; what it does not mention stays as it is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.orm import Session

from bot import config, db
from bot.aftersales.importing import policyfile
from bot.aftersales.importing.report import Report
from bot.aftersales.orders.models import Product
from bot.errors import InvalidInput
from bot.shop import service as shop
from bot.workdays import WorkingHours

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PARTS = ("shop", "hours", "carriers", "policies", "products", "templates", "demo")
_PROFILE = ("name", "phone", "email", "url", "privacy_url", "address", "social")
_PRODUCT = ("sku", "name", "name_en")


def import_shop(path: Path) -> Report:
    """Read a shop file and store it; InvalidInput lists everything that is wrong with it."""
    data = read(path)
    report = Report(path.name)
    with db.write() as session:
        apply(session, data, path.name, report)
    if data.get("demo"):
        report.notes.append("the part `demo` is only read by the demo shop")
    return report


def read(path: Path) -> dict[str, Any]:
    """Return the content of a YAML file; InvalidInput when it can not be read."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"{path} can not be opened: {error.strerror}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidInput(f"{path.name} is not readable YAML in UTF-8: {error}") from error
    if not isinstance(data, dict):
        raise InvalidInput(f"{path.name} must hold the parts {', '.join(_PARTS)}")
    return data


def apply(session: Session, data: dict[str, Any], source: str, report: Report) -> None:
    """Store the parts of a shop file in the caller's transaction; InvalidInput if any is wrong."""
    problems: list[str] = []
    for part in sorted(set(data) - set(_PARTS), key=str):
        problems.append(f"{part} is not known; there are {', '.join(_PARTS)}")
    for part in _PARTS:
        wanted = list if part == "products" else dict
        if part in data and not isinstance(data[part], wanted):
            problems.append(f"{part} must be a {'list' if wanted is list else 'mapping'}")
    if problems:
        raise InvalidInput(_together(source, problems))
    profile = _profile(data.get("shop", {}), problems.append)
    hours = _hours(data["hours"], problems.append) if "hours" in data else None
    carriers = _carriers(data.get("carriers", {}), problems.append)
    versions = policyfile.read(data.get("policies", {}), problems.append)
    products = [_product(p, n, problems.append) for n, p in enumerate(data.get("products", []), 1)]
    templates = _templates(data.get("templates", {}), problems.append)
    if problems:
        raise InvalidInput(_together(source, problems))
    for key, value in (
        (shop.PROFILE, profile), (shop.HOURS, hours), (shop.CARRIERS, carriers),
        (shop.TEMPLATES, templates),
    ):
        if value and shop.put(session, key, value):
            report.add(key if key in (shop.PROFILE, shop.HOURS) else f"set of {key}")
    report.add("policy versions", policyfile.store(session, versions, source))
    report.add("products", sum(_store_product(session, product) for product in products))


def _together(source: str, problems: list[str]) -> str:
    return f"{source} was not imported:\n" + "\n".join(f"- {problem}" for problem in problems)


def _profile(data: dict[str, Any], problem: Callable[[str], None]) -> dict[str, Any]:
    for name in sorted(set(data) - set(_PROFILE)):
        problem(f"shop.{name} is not known; there are {', '.join(_PROFILE)}")
    given = {name: value for name, value in data.items() if value is not None}
    social = given.pop("social", {})
    if not isinstance(social, dict):
        problem("shop.social must be a mapping of names to addresses")
        social = {}
    texts: dict[str, Any] = {name: str(value) for name, value in given.items()}
    return {**texts, "social": {str(k): str(v) for k, v in social.items()}} if social else texts


def _hours(data: dict[str, Any], problem: Callable[[str], None]) -> dict[str, Any]:
    weekly: dict[str, list[str]] = {}
    week = data.get("week") or {}
    if not isinstance(week, dict):
        problem("hours.week must be a mapping of days to times")
        week = {}
    for day, span in week.items():
        opens, dash, closes = str(span).replace(" ", "").partition("-")
        if day not in _DAYS or not dash:
            problem(f'hours.week.{day}: write a day such as monday: "09:00-18:00"')
            continue
        weekly[str(_DAYS.index(day))] = [opens, closes]
    closures = []
    for entry in data.get("closures") or []:
        entry = entry if isinstance(entry, dict) else {"note": entry}
        first, last = entry.get("from"), entry.get("to", entry.get("from"))
        if not isinstance(first, dt.date) or not isinstance(last, dt.date):
            problem(f"hours.closures: {entry} needs from and to as dates such as 2027-03-12")
            continue
        closures.append(
            {"from": first.isoformat(), "to": last.isoformat(), "note": str(entry.get("note", ""))}
        )
    given: dict[str, Any] = {"weekly": weekly, "closures": closures}
    given |= {k: data[k] for k in ("half_day_close", "open_on_holidays") if k in data}
    try:
        return WorkingHours.from_dict({"zone": config.load().shop_time_zone, **given}).to_dict()
    except (ValueError, KeyError, TypeError) as error:
        problem(f"hours: {error}")
        return {}


def _carriers(data: dict[str, Any], problem: Callable[[str], None]) -> dict[str, Any]:
    carriers: dict[str, Any] = {}
    for key, entry in data.items():
        if not isinstance(entry, dict) or not entry.get("name"):
            problem(f"carriers.{key} needs a name")
            continue
        url = str(entry.get("tracking_url") or "")
        if url and ("{number}" not in url or not url.startswith("https://")):
            problem(f"carriers.{key}.tracking_url must begin with https:// and hold {{number}}")
        made = {"name": str(entry["name"]), "aliases": [str(a) for a in entry.get("aliases") or []]}
        carriers[str(key)] = {**made, "tracking_url": url} if url else made
    return carriers


def _product(data: Any, place: int, problem: Callable[[str], None]) -> dict[str, Any]:
    if not isinstance(data, dict) or not data.get("sku") or not data.get("name"):
        problem(f"products, entry {place}: sku and name are needed")
        return {}
    more = {
        str(name): value if isinstance(value, (str, int, float, list, dict)) else str(value)
        for name, value in data.items() if name not in _PRODUCT
    }
    return {
        "sku": str(data["sku"]), "name": str(data["name"]),
        "name_en": str(data.get("name_en") or ""), "attributes": more,
    }


def _store_product(session: Session, values: dict[str, Any]) -> int:
    if db.insert_once(session, Product, **values):
        return 1
    row = session.query(Product).filter_by(sku=values["sku"]).one()
    if all(getattr(row, name) == value for name, value in values.items()):
        return 0
    for name, value in values.items():
        setattr(row, name, value)
    return 1


def _templates(data: dict[str, Any], problem: Callable[[str], None]) -> dict[str, Any]:
    templates: dict[str, Any] = {}
    for name, versions in data.items():
        for language, version in (versions if isinstance(versions, dict) else {"?": None}).items():
            version = version if isinstance(version, dict) else {}
            if language not in ("tr", "en") or not version.get("sid"):
                problem(f"templates.{name} needs tr and en, each with sid, text and variables")
                continue
            templates.setdefault(str(name), {})[language] = {
                "sid": str(version["sid"]), "text": str(version.get("text", "")),
                "variables": [str(v) for v in version.get("variables") or []],
            }
    return templates
