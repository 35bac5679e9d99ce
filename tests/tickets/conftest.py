"""The database fixtures of the aftersales tests."""

from tests.aftersales.conftest import all_databases, database, set_clock

__all__ = ["all_databases", "database", "set_clock"]
