"""Writing what the shop says about itself. One row of `shop_setting` per part."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from bot import clock, db
from bot.shop.models import ShopSetting

PROFILE, HOURS, CARRIERS, TEMPLATES = "profile", "hours", "carriers", "templates"


def put(session: Session, key: str, value: Any) -> bool:
    """Store one part of the profile (any JSON value); tell whether it changed anything.

    `session` comes from `db.write()`. Writing an equal value leaves the row as it was.
    """
    if db.insert_once(session, ShopSetting, key=key, value=value):
        return True
    row = session.get(ShopSetting, key, populate_existing=True)
    if row is None or row.value == value:
        return False
    row.value = value
    row.updated_at = clock.now()
    return True
