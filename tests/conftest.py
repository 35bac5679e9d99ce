"""Fixtures for every test: a fresh database of each kind, the shop's clock, a running stack.

No test may touch the settings or the data of the machine's owner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import databases
from tests.databases import Databases
from tests.stack import Stack

# The same examples in each run, on whatever machine: who wants others takes the profile `default`.
settings.register_profile(
    "suite", derandomize=True, database=None, deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One running stack that journeys share; each journey uses people of its own.

    It has as many web threads as the product comes with.
    """
    with Stack(tmp_path_factory.mktemp("stack"), environment={"WEB_THREADS": "200"}) as running:
        yield running
        assert running.stop() < 10


@pytest.fixture(scope="session")
def all_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Where fresh databases come from."""
    made = Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.stop()


@pytest.fixture(params=databases.KINDS)
def database(
    request: pytest.FixtureRequest, all_databases: Databases, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """An empty database with all tables, set as the one to use; the kind is its value."""
    with all_databases.fresh(request.param) as url:
        with databases.used(monkeypatch, url, tmp_path):
            yield request.param


@pytest.fixture
def set_clock(database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Set the shop's clock to an ISO time, from which it runs on."""
    return databases.clock_setter(monkeypatch)
