"""Photos: stored at once, fetched with care, shown later when the provider is slow."""

from __future__ import annotations

import time

import pytest
import requests

from tests.stack import Stack

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 200


def _attachment(stack: Stack, phone: str) -> tuple[str, str | None]:
    rows = stack.rows(
        "SELECT a.state, a.path FROM attachment a JOIN message m ON m.id = a.message_id JOIN "
        "identity i ON i.id = m.identity_id WHERE i.address = :p ORDER BY a.id", p=phone
    )
    return rows[-1][0], rows[-1][1]


def _wait_stored(stack: Stack, phone: str, seconds: float) -> str:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        state, path = _attachment(stack, phone)
        if state == "stored":
            assert path
            return path
        time.sleep(0.2)
    raise AssertionError(f"still {state}")


def test_photo_is_fetched_without_credentials_crossing_hosts(stack: Stack) -> None:
    phone = "+905394000001"
    stack.fake.inbound("ürün kırık geldi", phone, media=[(PNG, "image/png")])
    path = _wait_stored(stack, phone, 15)
    assert (stack.folder / "var" / "media" / path).read_bytes() == PNG
    [(uid,)] = stack.rows(
        "SELECT a.uid FROM attachment a JOIN message m ON m.id = a.message_id JOIN identity i ON "
        "i.id = m.identity_id WHERE i.address = :p", p=phone
    )
    at_the_desk = stack.signed_in("agent1@example.com").get(f"{stack.url}/console/media/{uid}")
    assert at_the_desk.content == PNG and at_the_desk.headers["Content-Type"] == "image/png"
    stranger = requests.get(f"{stack.url}/console/media/{uid}", allow_redirects=False, timeout=5)
    assert stranger.status_code in (302, 303, 401) and PNG not in stranger.content
    assert stack.fake.cdn_authorizations == []


def test_ten_files_of_one_message_are_all_kept(stack: Stack) -> None:
    phone = "+905394000002"
    media = [(PNG + bytes([i]), "image/png") for i in range(10)]
    stack.fake.inbound("on fotoğraf", phone, media=media)
    _wait_stored(stack, phone, 15)
    deadline = time.monotonic() + 15
    query = (
        "SELECT count(*) FROM attachment a JOIN message m ON m.id = a.message_id JOIN identity i "
        "ON i.id = m.identity_id WHERE i.address = :p AND a.state = 'stored'"
    )
    while time.monotonic() < deadline and stack.rows(query, p=phone)[0][0] < 10:
        time.sleep(0.2)
    assert stack.rows(query, p=phone)[0][0] == 10


def test_voice_note_is_kept_and_said_honestly(stack: Stack) -> None:
    phone = "+905394000003"
    reply = stack.ask("", phone, media=[(b"OggS" + b"0" * 50, "audio/ogg")])
    assert "dinleyemiyorum" in reply and "iki kelime" in reply and "temsilci" in reply
    _wait_stored(stack, phone, 15)


@pytest.mark.timeout(240)
def test_when_fetching_fails_for_an_hour_the_photo_comes_later(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """An hour of the shop's time passes in 7.5 s; the message is there all along."""
    folder = tmp_path_factory.mktemp("slow-media")
    with Stack(folder, clock="2026-11-24T11:00:00+03:00", speed="480") as stack:
        phone = "+905394000004"
        stack.fake.fault("error", on="media", for_seconds=7.5, status=503)
        stack.fake.inbound("kutu ezik geldi", phone, media=[(PNG, "image/png")])
        stack.fake.wait_for(phone, 1, 15)
        time.sleep(4)
        assert _attachment(stack, phone)[0] == "pending"
        [(text,)] = stack.rows(
            "SELECT m.text FROM message m JOIN identity i ON i.id = m.identity_id WHERE "
            "i.address = :p AND m.direction = 'in'", p=phone
        )
        assert text == "kutu ezik geldi"
        _wait_stored(stack, phone, 60)
