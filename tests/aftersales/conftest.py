"""A shop in which people wait."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot import db, jobs
from bot.aftersales import demo
from tests.aftersales import factory
from tests.aftersales.queue_stage import TUESDAY

SetClock = Callable[[str], None]


@pytest.fixture
def busy_shop(set_clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo shop on a Tuesday at eleven, with two agents; nothing rings."""
    monkeypatch.setattr(jobs, "enqueue", lambda *_, **__: False)
    set_clock(TUESDAY.format("11:00"))
    demo.load_if_empty()
    with db.write() as session:
        factory.agents(session, 2)
