"""The shop's own data from files: its profile and policies (YAML), its orders (CSV)."""

from __future__ import annotations

from bot.aftersales.importing.orderfile import import_orders
from bot.aftersales.importing.report import Report
from bot.aftersales.importing.shopfile import import_shop

__all__ = ["Report", "import_orders", "import_shop"]
