"""Quiet hours for what the customer did not ask for. An answer to their own message knows none.

No Turkish law fixes hours; the defaults follow the trade's habit and are a setting of the shop
(`quiet_hours`): notices about an own order 08:00-22:00, offers and surveys 10:00-20:00 and neither on
Sundays nor on religious or national holidays.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot import config, workdays
from bot.conversations.states import Purpose
from bot.shop.models import ShopSetting

_DEFAULTS = {"notice": ["08:00", "22:00"], "marketing": ["10:00", "20:00"]}
_UNASKED = {
    Purpose.NOTICE.value: "notice", Purpose.SURVEY.value: "marketing",
    Purpose.MARKETING.value: "marketing",
}


def until(session: Session, purpose: str, now: dt.datetime) -> dt.datetime | None:
    """Return the instant from which a message may leave, or None when it may now."""
    kind = _UNASKED.get(purpose)
    if kind is None:
        return None
    row = session.get(ShopSetting, "quiet_hours")
    opens, closes = {**_DEFAULTS, **(row.value if row else {})}[kind]
    zone = ZoneInfo(config.load().shop_time_zone)
    local = now.astimezone(zone)
    start, end = dt.time.fromisoformat(opens), dt.time.fromisoformat(closes)
    for days in range(15):
        day = local.date() + dt.timedelta(days=days)
        if kind == "marketing" and (day.weekday() == 6 or workdays.is_full_holiday(day)):
            continue
        begin = dt.datetime.combine(day, start, zone)
        if local < begin:
            return begin
        if local <= dt.datetime.combine(day, end, zone):
            return None
    return None
