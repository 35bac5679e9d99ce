"""A second stack for journeys that make things fail, so that others find theirs in order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stack import Stack


@pytest.fixture(scope="session")
def frail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One running stack whose parts may be stopped and killed; it looks for missed messages often."""
    folder = tmp_path_factory.mktemp("frail")
    with Stack(folder, environment={"MISSED_POLL_SECONDS": "2"}) as running:
        yield running
