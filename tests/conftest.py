"""Fixtures for every test: no test may touch the settings or the data of the machine's owner."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One running stack that journeys share; each journey uses people of its own."""
    with Stack(tmp_path_factory.mktemp("stack")) as running:
        yield running
