"""A small brain of its own: real Rasa, our components, a dozen sentences an intent."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.databases import Databases
from tests.nlu.actions import FakeActions

BRAIN = Path(__file__).parent / "brain"


@pytest.fixture(scope="session")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Train the small brain once and return its archive."""
    folder = tmp_path_factory.mktemp("brain")
    os.environ["RASA_CACHE_DIRECTORY"] = str(folder / "cache")
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    from rasa.model_training import train

    # The pipeline and the policies are those of the product.
    config = yaml.safe_load(Path("config.yml").read_text())
    config_path = folder / "config.yml"
    config_path.write_text(yaml.safe_dump(config))
    result = train(
        domain=str(BRAIN / "domain.yml"),
        config=str(config_path),
        training_files=[str(BRAIN / "nlu.yml"), str(BRAIN / "rules.yml")],
        output=str(folder),
        fixed_model_name="small",
    )
    assert result.model
    return str(result.model)


@pytest.fixture(scope="session")
def parse(model_path: str) -> Callable[..., dict[str, Any]]:
    """Return a function from a text (and metadata) to Rasa's parse result."""
    from rasa.core.agent import Agent
    from rasa.core.channels.channel import UserMessage

    agent = Agent.load(model_path)

    def ask(text: str, **metadata: Any) -> dict[str, Any]:
        message = UserMessage(text, metadata=metadata)
        result: dict[str, Any] = asyncio.run(agent.processor.parse_message(message))
        return result

    return ask


@pytest.fixture
def actions() -> FakeActions:
    """An action server whose actions a test may change."""
    return FakeActions()


@pytest.fixture(scope="session")
def all_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Where fresh databases come from."""
    made = Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def address(
    request: pytest.FixtureRequest, tmp_path: Path, all_databases: Databases
) -> Iterator[str]:
    """Where a tracker store may live: a path, or the URL of a PostgreSQL database."""
    if request.param == "sqlite":
        yield str(tmp_path / "deep" / "tracker.sqlite3")
        return
    with all_databases.fresh("postgresql") as url:
        yield url


@pytest.fixture
def loud_logging() -> Iterator[None]:
    """Have everything logged, and put the process's logging back afterwards."""
    from bot.nlu import quiet

    factory, installed = logging.getLogRecordFactory(), quiet._installed
    level = logging.getLogger("rasa").level
    logging.getLogger("rasa").setLevel(logging.DEBUG)
    quiet._installed = False
    yield
    logging.setLogRecordFactory(factory)
    logging.getLogger("rasa").setLevel(level)
    quiet._installed = installed
