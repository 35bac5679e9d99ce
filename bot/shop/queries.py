"""Reading what the shop says about itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from bot import config, db
from bot.shop.models import ShopSetting
from bot.shop.service import CARRIERS, HOURS, PROFILE, TEMPLATES
from bot.workdays import WorkingHours

# What a shop is called until it has told us; answers need these keys to exist.
_NO_PROFILE: dict[str, Any] = {
    "name": "Destek", "phone": "", "email": "", "url": "", "privacy_url": "", "address": "",
    "social": {},
}


def profile(session: Session) -> dict[str, Any]:
    """Return name, phone, email, url, privacy_url, address (texts) and social ({name: url})."""
    return {**_NO_PROFILE, **(_value(session, PROFILE) or {})}


def office_hours(session: Session) -> WorkingHours:
    """Return when people answer: the shop's week, its closures and the public holidays."""
    zone = config.load().shop_time_zone
    return WorkingHours.from_dict({"zone": zone, **(_value(session, HOURS) or {})})


def carriers(session: Session) -> dict[str, dict[str, Any]]:
    """Return the carriers by key: {name, aliases: [...], tracking_url (may be missing)}.

    `tracking_url` holds `{number}` where the tracking number goes.
    """
    return dict(_value(session, CARRIERS) or {})


def templates(session: Session) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the approved message templates: {name: {language: {sid, text, variables: [...]}}}."""
    return dict(_value(session, TEMPLATES) or {})


def carrier_name(session: Session, key: str) -> str:
    """Return how a carrier is called, or its key if the shop has not named it."""
    return str(carriers(session).get(key, {}).get("name") or key)


def tracking_link(session: Session, key: str, number: str) -> str:
    """Return the carrier's page for a parcel, or "": no link rather than a guessed one."""
    pattern = str(carriers(session).get(key, {}).get("tracking_url") or "")
    if not number.isascii() or not number.isalnum() or "{number}" not in pattern:
        return ""
    return pattern.replace("{number}", number)


def _value(session: Session, key: str) -> Any:
    row = db.load(session, ShopSetting, key)
    return row.value if row else None
