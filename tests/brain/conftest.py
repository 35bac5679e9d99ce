"""The trained brain, a demo shop of its own for each test, and people who talk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot import db, training
from bot.aftersales import demo
from bot.conversations.tickets.models import Ticket
from tests import databases
from tests.brain.talk import Brain, Talk
from tests.databases import Databases
from tests.stack import trained_models

TUESDAY = "2026-11-24T11:00:00+03:00"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first of these tests may have to train the model."""
    for item in items:
        if Path(__file__).parent in item.path.parents and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def brain() -> Brain:
    """The model of the present content, loaded once."""
    return Brain(training.live_model(trained_models()))


@pytest.fixture(scope="session")
def all_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Where fresh databases come from."""
    made = Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.stop()


@pytest.fixture
def shop_at(
    all_databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], None]]:
    """A function that opens a demo shop at an instant; calling it again moves the clock."""
    with all_databases.fresh("sqlite") as url:
        with databases.used(monkeypatch, url, tmp_path):
            set_clock = databases.clock_setter(monkeypatch)

            def open_shop(moment: str) -> None:
                set_clock(moment)
                demo.load_if_empty()

            yield open_shop


@pytest.fixture
def say_as(brain: Brain, shop_at: Callable[[str], None]) -> Callable[..., Talk]:
    """People of the demo shop, on a Tuesday at eleven."""
    shop_at(TUESDAY)
    return brain.customer


@pytest.fixture
def tickets() -> Callable[[], list[Any]]:
    """The tickets that were opened in this test, oldest first."""

    def rows() -> list[Any]:
        with db.read() as session:
            found = sa.select(Ticket).where(Ticket.is_demo.is_(False)).order_by(Ticket.id)
            return list(session.scalars(found))

    return rows
