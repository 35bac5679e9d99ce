"""Each kind of request from Twilio, by fixture: what must be true of it beyond its `expect`."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import urlencode

import pytest

from bot.channels.base import WebhookRequest
from bot.channels.events import (
    DeliveryStatus,
    DeliveryUpdate,
    Event,
    InboundMessage,
    MediaKind,
    MessageKind,
    UnknownEvent,
)
from bot.channels.twilio.parse import KEPT_KEYS
from tests.channels.harness import FORM, HARNESSES

HARNESS = HARNESSES["twilio_whatsapp"]


def event(name: str) -> Event:
    request, _ = HARNESS.fixture(name)
    [found] = HARNESS.channel.parse(request)
    return found


def message(name: str) -> InboundMessage:
    found = event(name)
    assert isinstance(found, InboundMessage)
    return found


def update(name: str) -> DeliveryUpdate:
    found = event(name)
    assert isinstance(found, DeliveryUpdate)
    return found


def posted(
    form: Mapping[str, str] | None = None, target: str = "/webhooks/twilio/whatsapp", **fields: str
) -> Event:
    values = {
        "MessageSid": "SM1", "From": "whatsapp:+905321234567", "To": "whatsapp:+14155238886",
        "NumMedia": "0", **(form or {}), **fields,
    }  # fmt: skip
    body = urlencode(values).encode()
    [found] = HARNESS.channel.parse(WebhookRequest("POST", target, {"content-type": FORM}, body))
    return found


def text_of(body: str) -> str:
    found = posted(Body=body)
    assert isinstance(found, InboundMessage)
    return found.text


def test_text() -> None:
    m = message("text")
    assert (m.channel, m.account, m.kind) == ("twilio_whatsapp", "+14155238886", MessageKind.TEXT)
    assert m.sender.phone == m.sender.address == "+905321234567"
    assert m.sender.display_name == "Ayşe"
    assert m.raw["Body"] == m.text == "siparişim nerede"
    assert m.provider_message_id == m.raw["MessageSid"]
    assert not (m.attachments or m.payload or m.reply_to or m.forwarded or m.attributes)


def test_one_file() -> None:
    [attachment] = message("media_1").attachments
    assert attachment.kind is MediaKind.IMAGE
    assert attachment.content_type == "image/jpeg"


def test_ten_files_in_order() -> None:
    m = message("media_10")
    assert [a.reference for a in m.attachments] == [m.raw[f"MediaUrl{i}"] for i in range(10)]
    assert {a.kind for a in m.attachments} == {
        MediaKind.IMAGE, MediaKind.VIDEO, MediaKind.DOCUMENT,
    }  # fmt: skip


def test_files_count_even_when_the_number_is_wrong() -> None:
    for number in ("0", "", "x", "-1", "1e9"):
        found = posted(NumMedia=number, MediaUrl0="https://api.twilio.com/a", Body="")
        assert isinstance(found, InboundMessage)
        assert len(found.attachments) == 1


def test_a_caption_is_the_text() -> None:
    m = message("caption")
    assert (m.kind, m.text, len(m.attachments)) == (MessageKind.MEDIA, "kapak kırık geldi", 1)


def test_a_voice_note_without_the_codec_in_its_type() -> None:
    [attachment] = message("voice_note").attachments
    assert (attachment.kind, attachment.content_type) == (MediaKind.VOICE, "audio/ogg")


def test_a_place() -> None:
    assert message("location").attributes == {
        "latitude": 41.0082,
        "longitude": 28.9784,
        "address": "Sultanahmet, Fatih/İstanbul",
        "label": "Ev",
    }


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [("91", "0"), ("0", "181"), ("nan", "0"), ("inf", "0"), ("", "0"), ("41,0", "28,9")],
)
def test_a_place_that_does_not_exist_is_none(latitude: str, longitude: str) -> None:
    found = posted(Latitude=latitude, Longitude=longitude, MessageType="location")
    assert isinstance(found, InboundMessage)
    assert found.kind is MessageKind.UNSUPPORTED
    assert "latitude" not in found.attributes


def test_a_contact() -> None:
    m = message("contact")
    assert m.kind is MessageKind.CONTACT
    assert m.attachments[0].kind is MediaKind.CONTACT


def test_a_button_carries_our_payload_and_what_it_answers() -> None:
    m = message("button")
    assert (m.kind, m.text, m.payload) == (MessageKind.TAP, "Evet, o", "opt_7f3a")
    assert m.reply_to == "SM" + "b" * 32


def test_a_list_row() -> None:
    m = message("list_tap")
    assert (m.kind, m.text, m.payload) == (MessageKind.TAP, "Sipariş 1024", "row_2")


def test_a_reply_names_the_message_it_quotes() -> None:
    assert message("reply").reply_to == "SM" + "c" * 32


def test_forwarded() -> None:
    assert message("forwarded").forwarded
    assert message("forwarded_often").forwarded
    assert not message("text").forwarded


def test_empty_body() -> None:
    assert message("empty_body").kind is MessageKind.EMPTY
    blank = posted(Body=" \n ")
    assert isinstance(blank, InboundMessage)
    assert blank.kind is MessageKind.EMPTY


def test_reactions() -> None:
    assert message("reaction").kind is MessageKind.REACTION
    assert message("reaction_removed").kind is MessageKind.REACTION


def test_a_kind_we_do_not_know_names_itself() -> None:
    m = message("unsupported_kind")
    assert (m.kind, m.attributes) == (MessageKind.UNSUPPORTED, {"provider_kind": "order"})


def test_a_person_without_a_number_is_never_given_one() -> None:
    for name in ("bsuid_only", "bsuid_in_external_id_only"):
        sender = message(name).sender
        assert sender.phone is None
        assert not sender.address.startswith("+")
        assert sender.aliases == ()


def test_a_person_with_both_is_known_by_both() -> None:
    sender = message("bsuid_and_phone").sender
    assert (sender.address, sender.aliases) == ("+905321234567", ("TR.7718",))


def test_the_prefix_does_not_decide() -> None:
    assert message("no_prefix").sender == message("text").sender
    assert message("no_prefix").account == "+14155238886"


@pytest.mark.parametrize(
    "spelling",
    ["whatsapp:+905321234567", "whatsapp: 905321234567", " +905321234567 ", "905321234567"],
)
def test_one_number_in_several_spellings(spelling: str) -> None:
    found = posted(From=spelling, Body="x")
    assert isinstance(found, InboundMessage)
    assert found.sender.phone == "+905321234567"


@pytest.mark.parametrize(
    "sender", ["", "whatsapp:", "Ayşe", "whatsapp:+90532'--", "a" * 10_000, "+"]
)
def test_who_has_no_address_can_not_be_answered(sender: str) -> None:
    found = posted(From=sender, Body="x")
    assert isinstance(found, UnknownEvent)
    assert found.kind == "no_sender"


def test_null_bytes_are_gone_everywhere() -> None:
    m = message("null_bytes")
    assert m.text == "siparişim nerede"
    assert m.raw["ProfileName"] == m.sender.display_name == "Ayşe"


def test_bytes_that_are_not_utf8_become_visible_marks() -> None:
    assert message("not_utf8").text == "sipari\ufffd nerede"


class TestBase64:
    WORDS = "Merhaba, geçen hafta verdiğim sipariş hâlâ elime ulaşmadı, takip numarası çalışmıyor."

    def test_joined_parts_are_decoded(self) -> None:
        packed = base64.b64encode(self.WORDS.encode()).decode()
        assert text_of(packed) == self.WORDS
        assert text_of(packed[:40] + "\r\n" + packed[40:] + "\n") == self.WORDS

    def test_the_payload_keeps_what_came(self) -> None:
        m = message("base64_parts")
        assert m.raw["Body"] != m.text

    @pytest.mark.parametrize(
        "text",
        [
            base64.b64encode(b"kargo nerede").decode(),  # short: could be a code
            base64.b64encode(bytes(range(256))).decode(),  # no words inside
            base64.b64encode(b"x" * 90).decode(),  # readable, but no words
            base64.b64encode(b"kargo nerede \x1b " * 6).decode(),  # control characters
            "a" * 80,
            "Siparisim1024nerede" * 5,
            "https://narev.example/iade/" + "A" * 61,
            "abcd " * 20,
        ],
    )
    def test_anything_else_is_left_alone(self, text: str) -> None:
        assert text_of(text) == text


def test_an_advertisement_and_a_stop_word_ride_along() -> None:
    assert message("referral").attributes["referral"]["ReferralSourceType"] == "ad"
    found = posted(Body="STOP", OptOutType="STOP")
    assert isinstance(found, InboundMessage)
    assert found.attributes["opt_out_type"] == "STOP"


def test_parameters_we_do_not_know_are_kept() -> None:
    assert message("unknown_parameters").raw["SomethingNew"] == "1"
    assert message("unknown_parameters").raw["AnotherOne"] == ""


def test_a_name_that_came_twice_keeps_both_values() -> None:
    body = b"MessageSid=SM1&From=%2B905321234567&Body=a&Body=b"
    request = WebhookRequest("POST", HARNESS.target, {"content-type": FORM}, body)
    [found] = HARNESS.channel.parse(request)
    assert isinstance(found, InboundMessage)
    assert found.text == "a"
    assert found.raw["Body"] == ["a", "b"]


def test_without_an_id_it_can_not_be_told_from_its_copy() -> None:
    assert isinstance(event("no_message_sid"), UnknownEvent)
    assert isinstance(posted(MessageSid="\0", Body="x"), UnknownEvent)
    assert isinstance(posted(MessageSid="x" * 101, Body="x"), UnknownEvent)


def test_the_older_names_of_the_id_will_do() -> None:
    found = posted(MessageSid="", SmsSid="SM7", Body="x")
    assert isinstance(found, InboundMessage)
    assert found.provider_message_id == "SM7"


def test_our_own_message_is_never_a_customers() -> None:
    assert isinstance(event("own_message"), UnknownEvent)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("status_queued", DeliveryStatus.QUEUED),
        ("status_accepted", DeliveryStatus.QUEUED),
        ("status_sending", DeliveryStatus.QUEUED),
        ("status_sent", DeliveryStatus.SENT),
        ("status_delivered", DeliveryStatus.DELIVERED),
        ("status_read", DeliveryStatus.READ),
        ("status_failed", DeliveryStatus.FAILED),
        ("status_undelivered", DeliveryStatus.FAILED),
        ("status_canceled", DeliveryStatus.FAILED),
    ],
)
def test_status(name: str, status: DeliveryStatus) -> None:
    u = update(name)
    assert u.status is status
    assert u.our_id == "0f7d6c1e"
    assert u.recipient == "+905321234567"
    assert u.account == "+14155238886"


def test_a_failed_status_carries_its_code() -> None:
    assert update("status_failed").error_code == "63016"
    assert update("status_sent").error_code == ""


def test_a_status_is_one_whichever_door_it_comes_through() -> None:
    assert update("status_on_inbound_door").status is DeliveryStatus.DELIVERED
    assert message("inbound_on_status_door").text == "merhaba"


def test_a_status_without_our_id() -> None:
    assert update("status_without_our_id").our_id == ""


@pytest.mark.parametrize(
    ("query", "our_id"),
    [("uuid=a%2Fb", "a/b"), ("x=1&uuid=abc&y=2", "abc"), ("uuid=", ""), ("nouuid=1", "")],
)
def test_our_id_from_the_query(query: str, our_id: str) -> None:
    found = posted(MessageStatus="sent", target=f"/webhooks/twilio/status?{query}")
    assert isinstance(found, DeliveryUpdate)
    assert found.our_id == our_id


@pytest.mark.parametrize("word", ["received", "receiving", "teleported", "SEN T", "\0", "x" * 9999])
def test_a_status_we_do_not_know_is_recorded(word: str) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": word}
    body = urlencode(form).encode()
    target = "/webhooks/twilio/status"
    [found] = HARNESS.channel.parse(WebhookRequest("POST", target, {"content-type": FORM}, body))
    assert isinstance(found, UnknownEvent)
    assert found.kind.startswith("status:")
    assert len(found.kind) < 60


def test_neither_status_nor_message_is_recorded_at_the_status_door() -> None:
    body = urlencode({"MessageSid": "SM1", "From": "whatsapp:+905321234567"}).encode()
    target = "/webhooks/twilio/status?uuid=u"
    [found] = HARNESS.channel.parse(WebhookRequest("POST", target, {"content-type": FORM}, body))
    assert isinstance(found, UnknownEvent)


def test_a_get_request_is_read_from_its_query() -> None:
    target = "/webhooks/twilio/whatsapp?MessageSid=SM1&From=%2B905321234567&Body=selam"
    [found] = HARNESS.channel.parse(WebhookRequest("GET", target, {}, b""))
    assert isinstance(found, InboundMessage)
    assert found.text == "selam"


def test_identifying_values_are_kept_from_masking() -> None:
    raw = message("media_10").raw
    identifying = {k for k in raw if k.endswith("Sid") or k.startswith("MediaUrl")}
    assert identifying | {"From", "To", "WaId"} <= KEPT_KEYS
    assert HARNESS.channel.raw_keys_kept >= KEPT_KEYS
    assert not KEPT_KEYS & {"Body", "ProfileName", "ButtonText", "ListTitle"}


def test_twilio_hears_twiml_that_says_nothing() -> None:
    request, _ = HARNESS.fixture("text")
    reply = HARNESS.channel.reply(request)
    assert (reply.status, reply.body) == (200, "<Response/>")
    assert reply.content_type.startswith("text/xml")
