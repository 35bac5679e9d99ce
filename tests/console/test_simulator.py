"""The simulator: whom it lets in, and that its messages take the door of every channel."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from bot import db
from bot.conversations.models import Identity, Message
from tests.console import stage
from tests.console.conftest import Make, signed_in, token
from tests.console.stage import AYSE, MEHMET

PATHS = ("/simulator/", "/simulator/api/messages?phone=%2B905321234567", "/simulator/api/files/x")


@pytest.mark.parametrize(
    ("remote", "headers", "status"),
    [
        ("127.0.0.1", {"Host": "localhost:8000"}, 200),
        ("127.0.0.1", {"Host": "127.0.0.1:8000"}, 200),
        ("::1", {"Host": "[::1]:8000"}, 200),
        ("127.0.0.1", {"Host": "rebound.example:8000"}, 404),
        ("127.0.0.1", {"Host": "127.0.0.1.example"}, 404),
        ("127.0.0.1", {"Host": "localhost", "X-Forwarded-For": "1.2.3.4"}, 404),
        ("127.0.0.1", {"Host": "localhost", "Forwarded": "for=1.2.3.4"}, 404),
        ("127.0.0.1", {"Host": "localhost", "X-Real-IP": "127.0.0.1"}, 404),
        ("192.168.1.9", {"Host": "localhost"}, 404),
    ],
)
def test_only_this_machine_gets_in_without_signing_in(
    visitor: FlaskClient, remote: str, headers: dict[str, str], status: int
) -> None:
    answer = visitor.get("/simulator/", headers=headers, environ_base={"REMOTE_ADDR": remote})
    assert answer.status_code == status


def test_a_signed_in_user_gets_in_from_anywhere(app: Flask) -> None:
    client = signed_in(app, stage.DENIZ)
    answer = client.get("/simulator/", environ_base={"REMOTE_ADDR": "192.168.1.9"})
    assert answer.status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_without_the_demo_there_is_no_simulator(make_app: Make, path: str) -> None:
    assert make_app(DEMO="0").test_client().get(path).status_code == 404


def test_the_page_offers_the_demos_customers(visitor: FlaskClient) -> None:
    page = visitor.get("/simulator/").text
    for name in ("Ayşe Kaya", "Mehmet Demir", "Elif Şahin", "Fatma Yılmaz", "John Smith"):
        assert name in page


def send(client: FlaskClient, **message: object):  # type: ignore[no-untyped-def]
    headers = {"X-CSRFToken": token(client, "/simulator/")}
    return client.post("/simulator/api/messages", json=message, headers=headers)


def shown(client: FlaskClient, phone: str = AYSE) -> dict:  # type: ignore[type-arg]
    answer = client.get("/simulator/api/messages", query_string={"phone": phone})
    assert answer.json is not None
    return answer.json


def test_a_message_becomes_the_customers_own(visitor: FlaskClient) -> None:
    answer = send(visitor, phone=AYSE, name="Ayşe", text="siparişim nerede", message_id="web-1")
    assert answer.status_code == 202 and answer.json == {"message_id": "web-1"}
    with db.read() as session:
        message = session.scalars(sa.select(Message)).one()
        identity = session.get(Identity, message.identity_id)
        assert identity.phone == AYSE and identity.customer.name == "Ayşe Kaya"
    assert (message.channel, message.text) == ("simulator", "siparişim nerede")


def test_the_same_message_twice_is_one(visitor: FlaskClient) -> None:
    for _ in range(3):
        assert send(visitor, phone=AYSE, text="merhaba", message_id="web-7").status_code == 202
    assert len(shown(visitor)["messages"]) == 1


def test_sending_needs_the_pages_token(visitor: FlaskClient) -> None:
    answer = visitor.post("/simulator/api/messages", json={"phone": AYSE, "text": "x"})
    assert answer.status_code == 400 and answer.content_type == "application/problem+json"
    assert shown(visitor)["messages"] == []


@pytest.mark.parametrize("body", [[], "x", 7, {"text": "no phone"}])
def test_nonsense_is_refused(visitor: FlaskClient, body: object) -> None:
    headers = {"X-CSRFToken": token(visitor, "/simulator/")}
    answer = visitor.post("/simulator/api/messages", json=body, headers=headers)
    assert answer.status_code == 400


def test_ticks_and_typing_follow_the_answer(visitor: FlaskClient) -> None:
    send(visitor, phone=AYSE, text="siparişim nerede")
    waiting = shown(visitor)
    assert waiting["typing"] and waiting["messages"][0]["ticks"] == "delivered"
    stage.bot_says(AYSE, "Yolda.", ("Değiştir", "Sağ olun"))
    answered = shown(visitor)
    question, answer = answered["messages"]
    assert not answered["typing"] and question["ticks"] == "read"
    assert answer["text"] == "Yolda." and not answer["mine"]
    assert [option["title"] for option in answer["options"]] == ["Değiştir", "Sağ olun"]


def test_what_has_not_arrived_is_not_on_the_phone(visitor: FlaskClient) -> None:
    send(visitor, phone=AYSE, text="temsilci")
    stage.agent_takes(AYSE, stage.DENIZ)
    with db.write() as session:
        from bot.accounts import service
        from bot.conversations.handover import desk

        user = service.by_email(session, stage.DENIZ)
        assert user is not None
        desk.reply(session, stage.conversation_of(session, AYSE).id, user.id, "Merhaba")
    assert len(shown(visitor)["messages"]) == 1
    stage.send_all(AYSE)
    assert [m["text"] for m in shown(visitor)["messages"]] == ["temsilci", "Merhaba"]


def test_a_tapped_button_stays_tapped(visitor: FlaskClient) -> None:
    send(visitor, phone=AYSE, text="merhaba")
    stage.bot_says(AYSE, "Hangisi?", ("Bir", "İki"))
    payload = shown(visitor)["messages"][-1]["options"][1]["payload"]
    send(visitor, phone=AYSE, text="İki", payload=payload)
    assert [option["used"] for option in shown(visitor)["messages"][1]["options"]] == [False, True]


def test_a_phone_shows_its_own_messages_only(visitor: FlaskClient) -> None:
    send(visitor, phone=AYSE, text="ben Ayşe")
    send(visitor, phone=MEHMET, text="ben Mehmet")
    assert [m["text"] for m in shown(visitor, MEHMET)["messages"]] == ["ben Mehmet"]


def test_only_later_messages_after_a_known_one(visitor: FlaskClient) -> None:
    for text in ("bir", "iki"):
        send(visitor, phone=AYSE, text=text)
    first = shown(visitor)["messages"][0]["id"]
    answer = visitor.get("/simulator/api/messages", query_string={"phone": AYSE, "after": first})
    assert answer.json is not None
    assert [m["text"] for m in answer.json["messages"]] == ["iki"]


def test_nothing_new_is_said_in_a_few_bytes(visitor: FlaskClient) -> None:
    send(visitor, phone=AYSE, text="merhaba")
    cursor = shown(visitor)["cursor"]
    again = visitor.get("/simulator/api/messages", query_string={"phone": AYSE, "cursor": cursor})
    assert again.json == {"changed": False, "cursor": cursor}


def upload(client: FlaskClient, data: bytes, name: str = "foto.png"):  # type: ignore[no-untyped-def]
    form = {"file": (io.BytesIO(data), name), "csrf_token": token(client, "/simulator/")}
    return client.post("/simulator/api/uploads", data=form)


def test_a_photo_goes_up_travels_and_is_shown(visitor: FlaskClient) -> None:
    attachment = upload(visitor, stage.PIXEL, "../../\u202efoto.html").json
    assert attachment is not None
    assert (attachment["kind"], attachment["content_type"]) == ("image", "image/png")
    send(visitor, phone=AYSE, text="bakın", attachment=attachment)
    [file] = shown(visitor)["messages"][0]["files"]
    answer = visitor.get(f"/simulator/api/files/{file['uid']}", buffered=True)
    assert answer.data == stage.PIXEL and answer.content_type == "image/png"


@pytest.mark.parametrize("data", [b"<html>", b"<svg xmlns=''>", b"MZ\x90", b"", b"\xff\xd8"])
def test_what_no_phone_sends_is_not_taken(visitor: FlaskClient, data: bytes) -> None:
    assert upload(visitor, data, "photo.jpg").status_code == 400


def test_a_file_that_is_too_large_is_not_taken(visitor: FlaskClient) -> None:
    assert upload(visitor, stage.PIXEL + b"\0" * (16 * 1024 * 1024)).status_code == 413


def test_a_foreign_reference_fetches_nothing(visitor: FlaskClient) -> None:
    send(visitor, phone=AYSE, text="x", attachment={
        "kind": "image", "reference": "../../secrets/secret_key", "content_type": "image/png",
    })
    assert shown(visitor)["messages"][0]["files"] == []
