"""What the shop says about itself: name, contact, working hours. Written by `import shop`."""

from __future__ import annotations

import sqlalchemy as sa

from bot import clock
from bot.db import Base, UTCDateTime


class ShopSetting(Base):
    """One named part of the shop's profile as JSON: `profile`, `hours`, `carriers`, ..."""

    __tablename__ = "shop_setting"

    key = sa.Column(sa.String(64), primary_key=True)
    value = sa.Column(sa.JSON, nullable=False)
    updated_at = sa.Column(UTCDateTime, nullable=False, default=clock.now)
