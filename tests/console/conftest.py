"""The web application over a fresh database, and clients of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot import config, jobs, logs
from bot.app import create_app
from bot.channels import registry
from tests import databases
from tests.console import stage
from tests.databases import Databases

Make = Callable[..., Flask]


@pytest.fixture
def make_app(
    request: pytest.FixtureRequest, all_databases: Databases, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Make]:
    """A function that makes the application with some settings; Redis is away, nothing rings.

    On SQLite, unless a test asks for another database by an indirect parameter.
    """
    kind = getattr(request, "param", "sqlite")
    with all_databases.fresh(kind) as url, databases.used(monkeypatch, url, tmp_path):
        monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
        monkeypatch.setenv("DEMO_PASSWORD", stage.PASSWORD)
        monkeypatch.setattr(jobs, "enqueue", lambda *_, **__: False)
        logs.configure("web", "WARNING")

        def make(**settings: str) -> Flask:
            for name, value in settings.items():
                monkeypatch.setenv(name, value)
            config.load.cache_clear()
            registry.get.cache_clear()
            return create_app()

        yield make
        registry.get.cache_clear()


@pytest.fixture
def app(make_app: Make) -> Flask:
    """The application with the demo shop and its users."""
    made = make_app()
    stage.open_shop()
    return made


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    """A client that has not signed in."""
    return app.test_client()


def signed_in(app: Flask, email: str, password: str = stage.PASSWORD) -> FlaskClient:
    """Return a client signed in as somebody, with the token that its forms carry."""
    client = app.test_client()
    answer = client.post(
        "/console/login",
        data={"email": email, "password": password, "csrf_token": token(client)},
    )
    assert answer.status_code == 302, answer.text
    return client


def token(client: FlaskClient, page: str = "/console/login") -> str:
    """Return the CSRF token of a page."""
    text = client.get(page, follow_redirects=True).text
    return text.split('<meta name="csrf-token" content="')[1].split('"')[0]


@pytest.fixture
def deniz(app: Flask) -> FlaskClient:
    """A client of the first agent."""
    return signed_in(app, stage.DENIZ)


@pytest.fixture
def ece(app: Flask) -> FlaskClient:
    """A client of the second agent."""
    return signed_in(app, stage.ECE)


def post(client: FlaskClient, path: str, **form: str):  # type: ignore[no-untyped-def]
    """Post a form as a page of the desk does."""
    return client.post(path, data={"csrf_token": token(client, "/console/"), **form})
