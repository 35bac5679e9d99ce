"""All tables in one import, for migrations and for `metadata.create_all` in tests."""

from __future__ import annotations

from bot.accounts import models as accounts
from bot.aftersales.customers import models as customers
from bot.aftersales.loyalty import models as loyalty
from bot.aftersales.orders import models as orders
from bot.aftersales.policies import models as policies
from bot.aftersales.promises import models as promises
from bot.conversations import models as conversations
from bot.conversations.handover import models as handover
from bot.conversations.tickets import models as tickets
from bot.db import Base
from bot.shop import models as shop

__all__ = [
    "Base", "accounts", "conversations", "customers", "handover", "loyalty", "orders",
    "policies", "promises", "shop", "tickets",
]
