"""Shop time: which settings move it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from bot import clock, config

MOMENT = "2027-03-08T12:59:00+03:00"


@pytest.fixture(autouse=True)
def _the_environment_is_read_again(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("CLOCK_SPEED", raising=False)
    monkeypatch.setenv("CLOCK", MOMENT)
    # The clock runs on from the moment it is set, not from when this process began.
    monkeypatch.setenv("DESTEK_CLOCK_ORIGIN", repr(time.time()))
    clock.reload()
    yield
    monkeypatch.undo()
    clock.reload()


@pytest.mark.parametrize(
    "word", ["", "1", "true", "True", "yes", "YES", "on", "On", "TRUE", "0", "false", "No", "off"]
)
def test_the_clock_moves_exactly_when_the_settings_say_demo(
    word: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("DEMO", word)
    clock.reload()
    settings = config.from_environment({"DEMO": word, "DATA_DIR": str(tmp_path)})
    assert (clock.now().isoformat()[:13] == "2027-03-08T09") is settings.demo
    assert settings.demo is (word.lower() in ("", "1", "true", "yes", "on"))
