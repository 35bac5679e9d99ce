"""Which shop system this shop uses."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.aftersales.orders.local import LocalShopSystem
from bot.aftersales.orders.shopsystem import ShopSystem


def shop_system(session: Session) -> ShopSystem:
    """Return the shop system to ask; the `local` one reads through `session`."""
    return LocalShopSystem(session)
