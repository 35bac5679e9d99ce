"""The simulator's channel: its signature, its files, and that it exists only in a demo."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
from pathlib import Path

import pytest

from bot.channels.base import WebhookRequest
from bot.channels.errors import Forged, MediaError
from bot.channels.events import DeliveryStatus, InboundMessage, MessageKind, OutgoingMessage
from bot.channels.simulator import uploads
from bot.channels.simulator.channel import HEADER, SimulatorChannel, sign
from bot.config import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, internal_secret="between-us")


@pytest.fixture
def channel(settings: Settings) -> SimulatorChannel:
    return SimulatorChannel(settings)


def test_only_in_a_demo(settings: Settings) -> None:
    assert SimulatorChannel.missing(settings) == []
    assert SimulatorChannel.missing(dataclasses.replace(settings, demo=False)) == ["DEMO"]


def test_what_the_page_signs_is_believed(channel: SimulatorChannel, settings: Settings) -> None:
    body = json.dumps({"message_id": "m1", "phone": "+905321234567", "text": "selam"}).encode()
    request = WebhookRequest("POST", "/", {HEADER.lower(): sign(settings, body)}, body)
    channel.verify(request)
    [event] = channel.parse(request)
    assert isinstance(event, InboundMessage)
    assert event.text == "selam"


def test_without_a_secret_nothing_is_believed(settings: Settings) -> None:
    bare = dataclasses.replace(settings, internal_secret="")
    request = WebhookRequest("POST", "/", {HEADER.lower(): sign(bare, b"")}, b"")
    with pytest.raises(Forged):
        SimulatorChannel(bare).verify(request)


def test_sent_is_delivered(channel: SimulatorChannel) -> None:
    message = OutgoingMessage("u-1", "simulator", "+905321234567", "Merhaba")
    result = channel.send(message)
    assert result.provider_message_id == "sim-u-1"
    assert result.status is DeliveryStatus.DELIVERED
    assert channel.find_sent(message, dt.datetime.now(dt.timezone.utc)) == result


def test_three_buttons_and_the_window_of_whatsapp(channel: SimulatorChannel) -> None:
    assert channel.limits.options == 3
    assert channel.limits.window == dt.timedelta(hours=24)
    assert channel.vouches_for_phone


def test_an_upload_comes_back(channel: SimulatorChannel, settings: Settings) -> None:
    for content_type in ("image/jpeg", "image/png", "audio/ogg", "application/pdf"):
        reference = uploads.store_upload(settings, b"file", f"{content_type}; a=b")
        found, stream = channel.open_media(reference)
        with stream:
            assert (found, stream.read()) == (content_type, b"file")
    odd = uploads.store_upload(settings, b"file", "../../x")
    found, stream = channel.open_media(odd)
    stream.close()
    assert found == "application/octet-stream"
    assert os.stat(uploads.folder(settings) / odd).st_mode & 0o077 == 0


def test_an_upload_is_named_in_a_message(channel: SimulatorChannel, settings: Settings) -> None:
    reference = uploads.store_upload(settings, b"file", "image/jpeg")
    attachment = {"kind": "image", "reference": reference, "content_type": "image/jpeg"}
    body = json.dumps({"message_id": "m1", "phone": "+905321234567", "attachment": attachment})
    [event] = channel.parse(WebhookRequest("POST", "/", {}, body.encode()))
    assert isinstance(event, InboundMessage)
    assert event.kind is MessageKind.MEDIA
    assert event.attachments[0].reference == reference


@pytest.mark.parametrize(
    "reference",
    ["", ".", "..", "../secret.txt", "/etc/passwd", "a/b", "abcdefgh/../x", "abcdefgh\0",
     "abcdefgh\n", ".hidden-file", "abcdefgh.tar.gz", "x" * 100, "12345678.jpg"],
)  # fmt: skip
def test_no_path_leads_out(channel: SimulatorChannel, settings: Settings, reference: str) -> None:
    uploads.folder(settings).mkdir(parents=True)
    (uploads.folder(settings).parent / "secret.txt").write_text("secret")
    with pytest.raises(MediaError) as caught:
        channel.open_media(reference)
    assert caught.value.permanent


def test_neither_link_nor_folder_is_an_upload(
    channel: SimulatorChannel, settings: Settings, tmp_path: Path
) -> None:
    uploads.folder(settings).mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (uploads.folder(settings) / "abcdefgh").symlink_to(tmp_path / "secret.txt")
    (uploads.folder(settings) / "ijklmnop").mkdir()
    for reference in ("abcdefgh", "ijklmnop"):
        with pytest.raises(MediaError) as caught:
            channel.open_media(reference)
        assert caught.value.permanent
