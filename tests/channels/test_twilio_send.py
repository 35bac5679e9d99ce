"""Sending: what Twilio gets, and what each answer, or silence, means."""

from __future__ import annotations

import concurrent.futures
import datetime as dt
import json
import logging
import socket

import pytest

from bot.channels.errors import Outcome, Remedy, SendError
from bot.channels.events import DeliveryStatus, Option
from bot.channels.twilio import client as twilio_client
from bot.channels.twilio.errors import CODES
from bot.channels.twilio.send import classify
from bot.channels.twilio.whatsapp import TwilioWhatsAppChannel
from tests.channels.conftest import AYSE, MakeChannel, outgoing
from tests.fakes.twilio import TwilioFake

CONTENT = "HX" + "0123456789abcdef" * 2


def failure(
    channel: TwilioWhatsAppChannel, text: str = "Siparişiniz yolda.", **f: object
) -> SendError:
    with pytest.raises(SendError) as caught:
        channel.send(outgoing(text, **f))
    return caught.value


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twilio_client, "TIMEOUT", 0.3)


def test_text(channel: TwilioWhatsAppChannel, fake: TwilioFake) -> None:
    result = channel.send(outgoing("Merhaba Ayşe Hanım,\nsiparişiniz yolda 🚚"))
    [message] = fake.sent(AYSE)
    assert result.provider_message_id == message.sid
    assert result.status is DeliveryStatus.QUEUED
    assert message.body == "Merhaba Ayşe Hanım,\nsiparişiniz yolda 🚚"
    assert (message.from_, message.to) == ("whatsapp:+14155238886", "whatsapp:+905321234567")
    assert message.status_callback == ""


def test_without_an_account_from_the_configured_sender(
    channel: TwilioWhatsAppChannel, fake: TwilioFake
) -> None:
    channel.send(outgoing(account=""))
    assert fake.sent()[0].from_ == "whatsapp:+14155238886"


def test_the_sender_may_be_configured_without_its_prefix(
    make_channel: MakeChannel, fake: TwilioFake
) -> None:
    channel = make_channel(twilio_whatsapp_from="+14155238886")
    assert channel.account == "+14155238886"
    channel.send(outgoing(account=channel.account))
    assert fake.sent()[0].from_ == "whatsapp:+14155238886"


def test_a_messaging_service_as_sender(make_channel: MakeChannel, fake: TwilioFake) -> None:
    service = "MG" + "0" * 32
    channel = make_channel(twilio_whatsapp_from=service)
    channel.send(outgoing(account=channel.account))
    assert fake.store.requests[-1]["MessagingServiceSid"] == [service]
    assert "From" not in fake.store.requests[-1]


def test_to_a_person_without_a_number(channel: TwilioWhatsAppChannel, fake: TwilioFake) -> None:
    channel.send(outgoing(address="US.13491208655302741918"))
    assert fake.sent()[0].to == "whatsapp:US.13491208655302741918"


def test_media_with_a_caption(channel: TwilioWhatsAppChannel, fake: TwilioFake) -> None:
    channel.send(outgoing("Kullanım kılavuzu", media_url="https://desk.example/m/1.pdf"))
    [message] = fake.sent()
    assert message.media_urls == ("https://desk.example/m/1.pdf",)
    assert message.body == "Kullanım kılavuzu"


def test_a_template_goes_without_text(channel: TwilioWhatsAppChannel, fake: TwilioFake) -> None:
    fake.templates[CONTENT] = "Sayın {{1}}, {{2}} numaralı siparişiniz yolda."
    channel.send(
        outgoing("(for the desk)", template=CONTENT, template_variables={"1": "Ayşe", "2": "1024"})
    )
    [message] = fake.sent()
    assert message.body == "Sayın Ayşe, 1024 numaralı siparişiniz yolda."
    request = fake.store.requests[-1]
    assert "Body" not in request
    assert json.loads(request["ContentVariables"][0]) == {"1": "Ayşe", "2": "1024"}


def test_a_template_without_variables(channel: TwilioWhatsAppChannel, fake: TwilioFake) -> None:
    channel.send(outgoing("", template=CONTENT))
    assert "ContentVariables" not in fake.store.requests[-1]


def test_options_are_not_ours_to_render(channel: TwilioWhatsAppChannel, fake: TwilioFake) -> None:
    assert channel.limits.options == 0
    channel.send(outgoing("1) Evet", options=(Option(1, "Evet", "o1"),)))
    assert fake.sent()[0].body == "1) Evet"


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("https://desk.example/s", "https://desk.example/s?uuid=u-1"),
        ("https://desk.example/s?a=1", "https://desk.example/s?a=1&uuid=u-1"),
        ("https://desk.example/s?uuid=u-1", "https://desk.example/s?uuid=u-1"),
    ],
)
def test_our_id_rides_in_the_status_callback(
    channel: TwilioWhatsAppChannel, fake: TwilioFake, given: str, asked: str
) -> None:
    channel.send(outgoing(status_callback=given))
    assert fake.sent()[0].status_callback == asked


def test_nothing_to_send_is_not_sent(channel: TwilioWhatsAppChannel, fake: TwilioFake) -> None:
    assert failure(channel, "").outcome is Outcome.REFUSED
    assert fake.api_requests["POST Messages"] == 0


class TestFailures:
    def test_too_fast(self, channel: TwilioWhatsAppChannel, fake: TwilioFake) -> None:
        fake.fault("rate_limit", retry_after=7)
        error = failure(channel)
        assert (error.outcome, error.code, error.retry_after) == (Outcome.NOT_SENT, "20429", 7.0)
        assert fake.sent() == []
        channel.send(outgoing())
        assert len(fake.sent()) == 1

    def test_too_fast_without_a_hint(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake
    ) -> None:
        fake.fault("rate_limit", retry_after=7)
        fake.fault("rate_limit")
        assert failure(channel).retry_after == 7.0
        assert failure(channel).retry_after is None

    def test_nobody_listens(self, make_channel: MakeChannel) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{unused.getsockname()[1]}"
            error = failure(make_channel(twilio_api_base_url=url))
        assert (error.outcome, error.permanent) == (Outcome.NOT_SENT, False)

    def test_a_name_that_does_not_resolve(
        self, make_channel: MakeChannel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def nowhere(*_: object, **__: object) -> object:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")

        monkeypatch.setattr(socket, "getaddrinfo", nowhere)
        error = failure(make_channel(twilio_api_base_url="http://twilio.invalid"))
        assert error.outcome is Outcome.NOT_SENT

    @pytest.mark.parametrize("kind", ["error", "error_after_accepting"])
    @pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 302])
    def test_an_error_of_twilio_may_have_sent_it(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, kind: str, status: int
    ) -> None:
        fake.fault(kind, status=status)
        assert failure(channel).outcome is Outcome.UNKNOWN

    def test_a_dropped_connection_may_have_sent_it(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake
    ) -> None:
        channel.send(outgoing("warm"))
        fake.fault("drop")
        assert failure(channel).outcome is Outcome.UNKNOWN
        assert len(fake.sent()) == 2

    def test_silence_may_have_sent_it(
        self, impatient: None, channel: TwilioWhatsAppChannel, fake: TwilioFake
    ) -> None:
        fake.fault("hang", seconds=1)
        assert failure(channel).outcome is Outcome.UNKNOWN
        assert len(fake.sent()) == 1

    def test_an_answer_that_can_not_be_read_may_have_sent_it(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake
    ) -> None:
        fake.fault("garbage")
        assert failure(channel).outcome is Outcome.UNKNOWN
        assert len(fake.sent()) == 1

    def test_nothing_is_ever_sent_twice_by_itself(
        self, impatient: None, channel: TwilioWhatsAppChannel, fake: TwilioFake
    ) -> None:
        for kind in ("drop", "error_after_accepting", "hang", "rate_limit", "drop_before"):
            fake.fault(kind, seconds=1)
            failure(channel, kind)
        assert fake.api_requests["POST Messages"] == 5

    def test_wrong_credentials(self, make_channel: MakeChannel) -> None:
        error = failure(make_channel(twilio_auth_token="wrong"))
        assert (error.outcome, error.remedy) == (Outcome.REFUSED, Remedy.OPERATOR)
        assert (error.code, error.permanent) == ("20003", True)

    def test_wrong_account(self, make_channel: MakeChannel) -> None:
        error = failure(make_channel(twilio_account_sid="AC" + "9" * 32))
        assert (error.outcome, error.remedy) == (Outcome.REFUSED, Remedy.OPERATOR)

    def test_a_rejection_without_twilios_words(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake
    ) -> None:
        fake.fault("error", status=403)
        error = failure(channel)
        assert (error.outcome, error.remedy) == (Outcome.REFUSED, Remedy.OPERATOR)
        fake.fault("error", status=400)
        error = failure(channel)
        assert (error.outcome, error.remedy) == (Outcome.REFUSED, Remedy.NONE)

    def test_too_long(self, channel: TwilioWhatsAppChannel, fake: TwilioFake) -> None:
        error = failure(channel, "a" * (channel.limits.text + 1))
        assert (error.outcome, error.code) == (Outcome.REFUSED, "21617")
        channel.send(outgoing("a" * channel.limits.text))
        assert len(fake.sent()) == 1

    def test_an_unknown_template(self, channel: TwilioWhatsAppChannel) -> None:
        error = failure(channel, "", template="HX1")
        assert (error.code, error.remedy) == ("21655", Remedy.OPERATOR)

    def test_a_bad_address(self, channel: TwilioWhatsAppChannel) -> None:
        assert failure(channel, address="+1").remedy is Remedy.ADDRESS_BAD

    def test_another_number_of_ours_that_twilio_does_not_know(
        self, channel: TwilioWhatsAppChannel
    ) -> None:
        error = failure(channel, account="+15550001111")
        assert (error.code, error.remedy) == ("63007", Remedy.OPERATOR)

    @pytest.mark.parametrize("code", sorted(CODES))
    def test_a_code_means_the_same_at_once_and_later(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, code: str
    ) -> None:
        fake.fault("refuse", status=400, code=int(code))
        error = failure(channel)
        assert (error.outcome, error.remedy) == classify(code) == channel.classify(code)
        assert error.code == code


@pytest.mark.parametrize(
    ("code", "outcome", "remedy"),
    [
        ("63016", Outcome.REFUSED, Remedy.TEMPLATE),
        ("63018", Outcome.NOT_SENT, Remedy.NONE),
        ("63038", Outcome.NOT_SENT, Remedy.NONE),
        ("63024", Outcome.REFUSED, Remedy.ADDRESS_BAD),
        ("63014", Outcome.REFUSED, Remedy.OPTED_OUT),
        ("21610", Outcome.REFUSED, Remedy.OPTED_OUT),
        ("63019", Outcome.REFUSED, Remedy.WITHOUT_MEDIA),
        ("63007", Outcome.REFUSED, Remedy.OPERATOR),
        ("30007", Outcome.REFUSED, Remedy.NONE),
        ("99999", Outcome.REFUSED, Remedy.NONE),
        ("", Outcome.REFUSED, Remedy.NONE),
    ],
)
def test_what_codes_mean(code: str, outcome: Outcome, remedy: Remedy) -> None:
    assert classify(code) == (outcome, remedy)
    if code:
        assert classify(int(code)) == (outcome, remedy)


def test_no_code_that_may_have_sent_it_is_called_unsent() -> None:
    assert all(outcome is not Outcome.UNKNOWN for outcome, _ in CODES.values())


def test_neither_log_nor_error_holds_the_customer(
    channel: TwilioWhatsAppChannel, fake: TwilioFake, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    channel.send(outgoing("gizli söz"))
    channel.find_sent(outgoing("gizli söz"), dt.datetime(2027, 1, 1, tzinfo=dt.timezone.utc))
    fake.fault("refuse", status=400, code=21211)
    error = failure(channel, "gizli söz", address="+1")
    for text in (caplog.text, str(error)):
        assert "gizli" not in text
        assert "905321234567" not in text
        assert fake.token not in text


def test_neither_proxy_nor_edge_of_the_machine_moves_a_loopback_url(
    make_channel: MakeChannel, fake: TwilioFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    make_channel().send(outgoing())
    assert len(fake.sent()) == 1


def test_the_new_token_sends_while_the_old_one_still_verifies(
    make_channel: MakeChannel, fake: TwilioFake
) -> None:
    make_channel(twilio_auth_token=f"{fake.token},old").send(outgoing())
    assert len(fake.sent()) == 1


def test_many_threads_share_one_channel(channel: TwilioWhatsAppChannel, fake: TwilioFake) -> None:
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        results = list(pool.map(lambda i: channel.send(outgoing(f"mesaj {i}")), range(200)))
    sent = {message.sid: message.body for message in fake.sent()}
    assert [sent[r.provider_message_id] for r in results] == [f"mesaj {i}" for i in range(200)]
