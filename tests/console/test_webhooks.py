"""The doors: the request reaches the intake as it was sent, and the status says whose fault it was."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.channels.base import WebhookReply, WebhookRequest
from bot.channels.errors import Forged
from bot.gateway import intake, webhooks
from tests.browser.site import served
from tests.console.conftest import Make

TWILIO = {
    "TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000001", "TWILIO_AUTH_TOKEN": "t" * 32,
    "TWILIO_WHATSAPP_FROM": "whatsapp:+14155550100",
}
DOOR = "/webhooks/twilio/whatsapp"


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, WebhookRequest]]:
    """What the intake was given, instead of the intake."""
    calls: list[tuple[str, WebhookRequest]] = []

    def receive(channel: str, request: WebhookRequest) -> WebhookReply:
        calls.append((channel, request))
        return WebhookReply(200, "text/xml", "<Response/>")

    monkeypatch.setattr(intake, "receive", receive)
    return calls


@pytest.fixture
def provider(make_app: Make) -> FlaskClient:
    """A client of an application with Twilio set up."""
    return make_app(**TWILIO).test_client()


def test_the_provider_hears_what_the_channel_answers(
    provider: FlaskClient, seen: list[tuple[str, WebhookRequest]]
) -> None:
    answer = provider.post(DOOR, data=b"Body=x")
    assert (answer.status_code, answer.content_type, answer.text) == (
        200, "text/xml", "<Response/>",
    )
    assert [name for name, _ in seen] == ["twilio_whatsapp"]


@pytest.mark.parametrize(
    "target",
    [DOOR, f"{DOOR}?a=%2F%2f+%20&b", f"{DOOR}?x=%C4%B1&x=2&=&%", "/webhooks/twilio%2Fwhatsapp?q"],
)
def test_the_target_arrives_untouched(
    make_app: Make, seen: list[tuple[str, WebhookRequest]], target: str
) -> None:
    make_app(**TWILIO)
    with served() as address:
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=5)
        connection.request("POST", target, b"\xff\x00 not text", {"X-Twilio-Signature": "s"})
        connection.getresponse().read()
        connection.close()
    [(_, request)] = seen
    assert request.raw_target == target
    assert request.body == b"\xff\x00 not text"
    assert request.header("X-Twilio-Signature") == "s"
    assert request.path == DOOR


def test_an_absolute_target_counts_by_its_path(app: Flask) -> None:
    with app.test_request_context(
        DOOR, environ_overrides={"RAW_URI": f"http://x.example{DOOR}?a=%2f", "REQUEST_URI": ""}
    ) as context:
        assert webhooks.raw_target(context.request) == f"{DOOR}?a=%2f"


def test_a_server_that_keeps_no_target_gets_it_rebuilt(app: Flask) -> None:
    with app.test_request_context(
        f"{DOOR}?a=%2F&b=1", environ_overrides={"RAW_URI": "", "REQUEST_URI": ""}
    ) as context:
        assert webhooks.raw_target(context.request) == f"{DOOR}?a=%2F&b=1"


def test_a_form_is_not_decoded_before_the_intake(
    provider: FlaskClient, seen: list[tuple[str, WebhookRequest]]
) -> None:
    body = b"Body=%ff%00&\xfe=" + b"\x00" * 10
    provider.post(DOOR, data=body, content_type="application/x-www-form-urlencoded")
    assert seen[0][1].body == body


def test_a_forged_request_is_401_and_says_so_as_json(provider: FlaskClient) -> None:
    answer = provider.post(DOOR, data=b"Body=x", headers={"X-Request-Id": "abc-1"})
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.json is not None
    assert answer.json["status"] == 401 and answer.json["request_id"] == "abc-1"


def test_our_own_failure_is_500_without_a_word_of_the_request(
    provider: FlaskClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_channel: str, request: WebhookRequest) -> WebhookReply:
        raise RuntimeError(f"can not store {request.body!r}")

    monkeypatch.setattr(intake, "receive", fail)
    answer = provider.post(DOOR, data=b"Body=secret+words")
    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
    output = answer.text + "".join(capsys.readouterr())
    assert "secret" not in output


@pytest.mark.parametrize("door", ["nothing", "simulator", "twilio", "twilio/whatsapp/", "../x"])
def test_a_door_that_is_not_there_is_404(provider: FlaskClient, door: str) -> None:
    answer = provider.post(f"/webhooks/{door}", data=b"x")
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"


def test_a_channel_that_is_off_has_no_door(make_app: Make) -> None:
    answer = make_app(TWILIO_AUTH_TOKEN="").test_client().post(DOOR, data=b"x")
    assert answer.status_code == 404


def test_a_body_of_two_and_a_half_megabytes_passes_one_above_three_does_not(
    provider: FlaskClient, seen: list[tuple[str, WebhookRequest]]
) -> None:
    assert provider.post(DOOR, data=b"x" * 2_500_000).status_code == 200
    assert len(seen[0][1].body) == 2_500_000
    answer = provider.post(DOOR, data=b"x" * (3 * 1024 * 1024 + 1))
    assert answer.status_code == 413
    assert answer.content_type == "application/problem+json"
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("given", "kept"), [("trace-1.2:3", True), ("x" * 129, False), ("a b", False), ("", False)]
)
def test_the_request_id_comes_back_or_is_made(
    provider: FlaskClient, given: str, kept: bool
) -> None:
    answer = provider.get("/healthz", headers={"X-Request-Id": given} if given else {})
    assert (answer.headers["X-Request-Id"] == given) is kept
    assert len(answer.headers["X-Request-Id"]) >= 8


def test_the_channel_decides_what_is_forged(
    provider: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_channel: str, _request: WebhookRequest) -> WebhookReply:
        raise Forged("no")

    monkeypatch.setattr(intake, "receive", refuse)
    assert provider.post(DOOR, data=b"").status_code == 401
