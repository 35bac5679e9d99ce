"""What every channel promises, run over every channel in the registry."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.base import WebhookReply, WebhookRequest
from bot.channels.errors import Forged
from bot.channels.events import DeliveryUpdate, Event, InboundMessage, UnknownEvent
from bot.channels.registry import CHANNELS, DOORS
from tests.channels.harness import HARNESSES, Harness, plain, unlike

MANY = settings(
    max_examples=400,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FEWER = settings(MANY, max_examples=150)

# Names and values that come close to what providers send, so that random forms get deep.
NAMES = st.sampled_from(
    [
        *("MessageSid", "SmsSid", "SmsMessageSid", "From", "To", "Body", "NumMedia", "MediaUrl0"),
        *("MediaUrl9", "MediaContentType0", "MessageStatus", "SmsStatus", "ErrorCode", "WaId"),
        *("ProfileName", "ExternalUserId", "ButtonText", "ButtonPayload", "ListId", "ListTitle"),
        *("Latitude", "Longitude", "Address", "OriginalRepliedMessageSid", "MessageType"),
        *("Forwarded", "OptOutType", "ReferralBody"),
        *("message_id", "phone", "name", "text", "payload", "attachment", "reply_to"),
    ]
) | st.text(max_size=20)
VALUES = st.sampled_from(
    ["", " ", "\0", "SM1", "whatsapp:+905321234567", "+905321234567", "US.12", "received", "sent",
     "delivered", "99999999999999999999", "-1", "nan", "1e400", "true", "https://x/y", "\ud800"]
) | st.text(max_size=200)  # fmt: skip


@pytest.fixture(params=sorted(CHANNELS))
def harness(request: pytest.FixtureRequest) -> Harness:
    return HARNESSES[request.param]


def texts(value: object) -> Iterator[str]:
    """Yield every text in JSON types, names included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for part in [*value, *value.values()] if isinstance(value, dict) else value:
            yield from texts(part)


def assert_storable(events: list[Event]) -> None:
    """Fail unless every event is of a known type and every text in it fits every database."""
    assert events
    for event in events:
        assert isinstance(event, (InboundMessage, DeliveryUpdate, UnknownEvent))
        text = json.dumps(plain(event), ensure_ascii=False, allow_nan=False)
        text.encode("utf-8")
        assert not any("\0" in part for part in texts(plain(event)))
        assert event.channel in CHANNELS
        assert len(event.account) <= 130
        if not isinstance(event, UnknownEvent):
            assert 0 < len(event.provider_message_id) <= 100
        if isinstance(event, InboundMessage):
            assert 0 < len(event.sender.address) <= 250
            assert len(event.sender.display_name) <= 200


def test_every_channel_is_under_contract() -> None:
    assert set(HARNESSES) == set(CHANNELS)
    assert set(DOORS.values()) <= set(CHANNELS)
    assert all(kind.name == name for name, kind in CHANNELS.items())


def test_every_channel_has_fixtures(harness: Harness) -> None:
    assert len(harness.fixtures()) >= 10


def test_every_fixture_is_genuine_and_becomes_what_it_says(harness: Harness) -> None:
    wrong = []
    for name in harness.fixtures():
        request, expect = harness.fixture(name)
        harness.channel.verify(request)
        events = harness.channel.parse(request)
        assert_storable(events)
        wrong += [f"{name}{line}" for line in unlike(expect, plain(events))]
    assert wrong == []


def test_a_request_is_parsed_the_same_each_time(harness: Harness) -> None:
    for name in harness.fixtures():
        request, _ = harness.fixture(name)
        assert harness.channel.parse(request) == harness.channel.parse(request)


def test_no_signature_is_forged(harness: Harness) -> None:
    with pytest.raises(Forged):
        harness.channel.verify(harness.request(harness.message("merhaba"), headers={}))


@MANY
@given(headers=st.dictionaries(st.text(max_size=30), st.text(max_size=60), max_size=3))
def test_wrong_headers_are_forged_and_nothing_else(
    harness: Harness, headers: dict[str, str]
) -> None:
    signed = list(harness.signature(harness.target, b"", harness.content_type))
    request = harness.request(harness.message("merhaba"), headers=headers)
    with pytest.raises(Forged):
        harness.channel.verify(request)
    for name, value in zip(signed, list(headers.values()), strict=False):
        with pytest.raises(Forged):
            harness.channel.verify(harness.request(request.body, headers={name: value}))


@MANY
@given(data=st.data())
def test_a_changed_body_is_forged(harness: Harness, data: st.DataObject) -> None:
    body = harness.message("merhaba dünya")
    signed = harness.signature(harness.target, body, harness.content_type)
    at = data.draw(st.integers(0, len(body) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != body[at]))
    changed = body[:at] + bytes([byte]) + body[at + 1 :]
    # A blank and its encoding, or a small and a capital hexadecimal digit, are one and the same.
    if {byte, body[at]} <= {ord("+"), ord(" ")} or chr(byte).lower() == chr(body[at]).lower():
        return
    with pytest.raises(Forged):
        harness.channel.verify(harness.request(changed, headers=signed))


@MANY
@given(target=st.text(max_size=50), body=st.binary(max_size=300), value=st.text(max_size=60))
def test_verify_raises_only_forged(harness: Harness, target: str, body: bytes, value: str) -> None:
    for name in harness.signature(harness.target, b"", harness.content_type):
        headers = {name.lower(): value, "content-type": value}
        with pytest.raises(Forged):
            harness.channel.verify(WebhookRequest("POST", target, headers, body))


@MANY
@given(
    body=st.binary(max_size=500),
    content_type=st.sampled_from(
        ["", "application/x-www-form-urlencoded", "application/json", "text/plain", "\0;;"]
    ),
    target=st.sampled_from(["", "/", "/x?uuid=%ff%00", "/x/status?uuid="]) | st.text(),
    method=st.sampled_from(["POST", "GET", "PUT", ""]),
)
def test_parse_never_raises_on_bytes(
    harness: Harness, body: bytes, content_type: str, target: str, method: str
) -> None:
    request = WebhookRequest(method, target, {"content-type": content_type}, body)
    assert_storable(harness.channel.parse(request))


@MANY
@given(fields=st.lists(st.tuples(NAMES, VALUES), max_size=12))
def test_parse_never_raises_on_nearly_right_forms(
    harness: Harness, fields: list[tuple[str, str]]
) -> None:
    body = "&".join(
        f"{quote_plus(k.encode('utf-8', 'surrogatepass'))}"
        f"={quote_plus(v.encode('utf-8', 'surrogatepass'))}"
        for k, v in fields
    ).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert_storable(harness.channel.parse(WebhookRequest("POST", harness.target, headers, body)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)


@MANY
@given(document=st.dictionaries(NAMES, JSON, max_size=10) | JSON)
def test_parse_never_raises_on_nearly_right_json(harness: Harness, document: object) -> None:
    body = json.dumps(document).encode()
    headers = {"content-type": "application/json"}
    assert_storable(harness.channel.parse(WebhookRequest("POST", harness.target, headers, body)))


@FEWER
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=2000))
def test_any_text_arrives_as_sent_without_null_bytes(harness: Harness, text: str) -> None:
    request = harness.request(harness.message(text))
    harness.channel.verify(request)
    [event] = harness.channel.parse(request)
    assert isinstance(event, InboundMessage)
    if event.kind.value == "text" and len(text) < 60:  # longer may be base64 of joined parts
        assert event.text == text.replace("\0", "")


@pytest.mark.parametrize(
    "body",
    [
        b"a" * 1_000_000,
        b"&" * 1_000_000,
        b"a&" * 500_000,
        b"%" * 1_000_000,
        b"\xff" * 1_000_000,
        b"\0" * 1_000_000,
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b"Body=" + b"A" * 1_000_000,
        b"1" * 1_000_000,
    ],
    ids=lambda body: repr(body[:5]),
)
def test_a_megabyte_of_anything_is_parsed(harness: Harness, body: bytes) -> None:
    for content_type in ("application/x-www-form-urlencoded", "application/json"):
        request = WebhookRequest("POST", harness.target, {"content-type": content_type}, body)
        assert_storable(harness.channel.parse(request))
        with pytest.raises(Forged):
            harness.channel.verify(request)


def test_a_megabyte_of_text_from_the_provider_is_a_message(harness: Harness) -> None:
    request = harness.request(harness.message("ş" * 1_000_000))
    harness.channel.verify(request)
    [event] = harness.channel.parse(request)
    assert isinstance(event, InboundMessage)
    assert len(event.text) == 1_000_000


def test_a_kind_nobody_knows_is_recorded(harness: Harness) -> None:
    for body in (b"", b"Something=1", b'{"something": 1}'):
        [event] = harness.channel.parse(harness.request(body))
        assert isinstance(event, UnknownEvent)
        assert event.kind


def test_the_reply_is_a_success(harness: Harness) -> None:
    reply = harness.channel.reply(harness.request(harness.message("merhaba")))
    assert isinstance(reply, WebhookReply)
    assert reply.status == 200


def test_a_channel_without_settings_names_them_all(harness: Harness) -> None:
    kind = type(harness.channel)
    assert kind.missing(harness.settings) == []
    nothing: dict[str, Any] = {name.lower(): "" for name in kind.required_settings}
    bare = dataclasses.replace(harness.settings, demo=False, **nothing)
    assert kind.missing(bare) == list(kind.required_settings or ["DEMO"])
    assert not kind.wanted(bare)
