"""Health, readiness and figures."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot import db, health
from tests.console import stage
from tests.console.conftest import Make


def test_a_running_process_is_healthy(visitor: FlaskClient) -> None:
    assert visitor.get("/healthz").status_code == 200


def test_not_ready_names_the_parts_that_are_down(visitor: FlaskClient) -> None:
    answer = visitor.get("/readyz")
    assert answer.status_code == 503 and answer.json is not None
    assert {part["name"]: part["ok"] for part in answer.json["parts"]} == {
        "database": True, "redis": False, "rasa": False, "actions": False,
    }


def test_ready_when_every_part_answers(
    visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in health.CHECKS:
        monkeypatch.setitem(health.CHECKS, name, lambda: None)
    answer = visitor.get("/readyz")
    assert answer.status_code == 200 and answer.json is not None and answer.json["ready"]


def test_the_figures_count_what_is_there(app: Flask, visitor: FlaskClient) -> None:
    stage.customer_writes(stage.AYSE, "siparişim nerede")
    stage.customer_writes(stage.MEHMET, "merhaba")
    stage.bot_says(stage.MEHMET, "Merhaba")
    stage.waits(stage.AYSE, minutes=3)
    text = visitor.get("/metrics").text
    assert 'destek_messages{direction="in",state="received"} 1.0' in text
    assert 'destek_messages{direction="out",state="delivered"} 1.0' in text
    assert 'destek_conversations{state="waiting"} 1.0' in text
    assert stage.AYSE not in text and "siparişim" not in text


@pytest.mark.parametrize(
    ("headers", "remote", "status"),
    [
        ({}, "127.0.0.1", 200),
        ({}, "::1", 200),
        ({}, "10.0.0.5", 401),
        ({"X-Forwarded-For": "127.0.0.1"}, "127.0.0.1", 401),
        ({"Forwarded": "for=127.0.0.1"}, "127.0.0.1", 401),
        ({"Authorization": "Bearer figures"}, "10.0.0.5", 200),
        ({"Authorization": "Bearer wrong"}, "10.0.0.5", 401),
        ({"Authorization": "Bearer ü"}, "10.0.0.5", 401),
    ],
)
def test_the_figures_are_for_this_machine_or_a_holder_of_the_token(
    make_app: Make, headers: dict[str, str], remote: str, status: int
) -> None:
    client = make_app(METRICS_TOKEN="figures").test_client()
    answer = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": remote})
    assert answer.status_code == status


def test_without_a_set_token_an_empty_one_opens_nothing(make_app: Make) -> None:
    client = make_app(METRICS_TOKEN="").test_client()
    answer = client.get(
        "/metrics", headers={"Authorization": "Bearer "}, environ_base={"REMOTE_ADDR": "10.0.0.5"}
    )
    assert answer.status_code == 401


def test_a_page_without_a_database_is_still_a_friendly_page(
    deniz: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> object:
        raise OSError("the disk is gone")

    monkeypatch.setattr(db, "read", broken)
    answer = deniz.get("/console/")
    assert answer.status_code == 500
    assert "Bizde bir sorun çıktı" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


def test_a_page_that_is_not_there_says_so_in_the_readers_language(visitor: FlaskClient) -> None:
    turkish = visitor.get("/console/nothing")
    english = visitor.get("/console/nothing", headers={"Accept-Language": "en"})
    assert turkish.status_code == english.status_code == 404
    assert "Böyle bir sayfa yok" in turkish.text
    assert "There is no such page" in english.text
