"""A second stack for journeys that make things fail, so that others find theirs in order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.journeys.pairs import TWO_OF_EACH
from tests.stack import Stack


@pytest.fixture(scope="session")
def frail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One running stack, two of each process, whose parts may be stopped and killed.

    It looks for missed messages often, and one person may get ten messages a second.
    """
    settings = {**TWO_OF_EACH, "MISSED_POLL_SECONDS": "2", "PAIR_SECONDS_PER_MESSAGE": "0.1"}
    with Stack(tmp_path_factory.mktemp("frail"), environment=settings) as running:
        yield running
        assert running.stop() < 10
