"""Both databases, and a Twilio fake that the channel is pointed at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot import config, db, jobs
from bot.channels import registry
from tests.fakes.twilio import TwilioFake


@pytest.fixture
def fake(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TwilioFake]:
    """A running fake, in the settings; nothing rings, so that a test drives each step itself."""
    with TwilioFake() as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PUBLIC_BASE_URL", "https://destek.example")
        monkeypatch.setattr(jobs, "enqueue", lambda *_, **__: True)
        config.load.cache_clear()
        registry.get.cache_clear()
        yield running
        registry.get.cache_clear()
        db.dispose()
