"""The fake against the channel: what one signs the other believes, and faults are as ordered."""

from __future__ import annotations

import concurrent.futures
import datetime as dt
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from bot.channels.errors import Forged, SendError
from bot.channels.events import DeliveryStatus, DeliveryUpdate, InboundMessage
from bot.channels.twilio.whatsapp import TwilioWhatsAppChannel
from bot.errors import TemporarilyUnavailable
from tests.channels.conftest import AYSE, PUBLIC, outgoing
from tests.channels.receiver import Receiver
from tests.fakes.twilio import TwilioFake
from tests.fakes.twilio_weather import AMBIGUOUS

CALLBACK = f"{PUBLIC}/webhooks/twilio/status"
CONTENT = "HX" + "0" * 32


def updates(channel: TwilioWhatsAppChannel, receiver: Receiver) -> list[DeliveryUpdate]:
    """Return what the callbacks so far say, each verified."""
    found = []
    for request in receiver.requests:
        channel.verify(request)
        [event] = channel.parse(request)
        assert isinstance(event, DeliveryUpdate)
        found.append(event)
    return found


def test_a_customers_message_is_posted_signed_and_kept(
    channel: TwilioWhatsAppChannel, fake: TwilioFake, receiver: Receiver
) -> None:
    answer = fake.inbound("siparişim nerede", from_=AYSE, Forwarded="true", ProfileName=None)
    assert answer.status_code == 200
    [request] = receiver.requests
    channel.verify(request)
    [event] = channel.parse(request)
    assert isinstance(event, InboundMessage)
    assert (event.text, event.sender.phone, event.forwarded) == ("siparişim nerede", AYSE, True)
    assert event.sender.display_name == ""
    held = fake.message(event.provider_message_id)
    assert held is not None
    assert (held.direction, held.body) == ("inbound", "siparişim nerede")


def test_the_same_message_posted_again_is_kept_once(
    channel: TwilioWhatsAppChannel, fake: TwilioFake, receiver: Receiver
) -> None:
    for _ in range(2):
        fake.inbound("merhaba", MessageSid="SM1")
    assert receiver.requests[0].body == receiver.requests[1].body
    assert len(channel.missed(dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc))) == 1


def test_another_account_can_not_post(
    channel: TwilioWhatsAppChannel, fake: TwilioFake, receiver: Receiver
) -> None:
    fake.token = "another"
    fake.inbound("merhaba")
    with pytest.raises(Forged):
        channel.verify(receiver.requests[0])


class TestCallbacks:
    def test_in_order_and_signed_with_our_id(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, receiver: Receiver
    ) -> None:
        fake.callbacks.plan = ("sent", "delivered", "read")
        sent = channel.send(outgoing(status_callback=CALLBACK))
        fake.callbacks.wait()
        found = updates(channel, receiver)
        assert [u.status.value for u in found] == ["sent", "delivered", "read"]
        assert {u.our_id for u in found} == {"u-1"}
        assert {u.provider_message_id for u in found} == {sent.provider_message_id}
        assert {answer for _, _, answer in fake.callbacks.posted} == {200}

    def test_shuffled_and_repeated(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, receiver: Receiver
    ) -> None:
        fake.callbacks.plan = ("delivered", "sent", "sent", "read")
        channel.send(outgoing(status_callback=CALLBACK))
        fake.callbacks.wait()
        words = [u.status.value for u in updates(channel, receiver)]
        assert words == ["delivered", "sent", "sent", "read"]

    def test_before_the_send_call_returns(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, receiver: Receiver
    ) -> None:
        fake.callbacks.before_answer = True
        channel.send(outgoing(status_callback=CALLBACK))
        assert len(receiver.requests) == 2

    def test_none_where_none_was_asked_for(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, receiver: Receiver
    ) -> None:
        channel.send(outgoing())
        fake.callbacks.wait()
        assert receiver.requests == []
        assert fake.sent()[0].status == "delivered"

    def test_even_when_the_answer_to_the_send_was_lost(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, receiver: Receiver
    ) -> None:
        fake.fault("drop")
        with pytest.raises(SendError):
            channel.send(outgoing(status_callback=CALLBACK))
        fake.callbacks.wait()
        assert updates(channel, receiver)[-1].our_id == "u-1"

    def test_a_delivery_that_fails(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, receiver: Receiver
    ) -> None:
        fake.fail_delivery(AYSE, 63024)
        for _ in range(2):
            channel.send(outgoing(status_callback=CALLBACK))
            fake.callbacks.wait()
        found = updates(channel, receiver)
        assert (found[0].status, found[0].error_code) == (DeliveryStatus.FAILED, "63024")
        assert found[-1].status is DeliveryStatus.DELIVERED


class TestWindow:
    def last(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, template: str = ""
    ) -> int | None:
        channel.send(outgoing(template=template))
        return fake.sent()[-1].error_code

    def test_free_text_within_24_hours_only(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake
    ) -> None:
        moment = dt.datetime(2027, 3, 8, 9, 0, tzinfo=dt.timezone.utc)
        fake.enforce_window, fake.now = True, lambda: moment
        assert self.last(channel, fake) == 63016
        fake.undelivered_inbound("merhaba", AYSE)
        moment += dt.timedelta(hours=24)
        assert self.last(channel, fake) is None
        moment += dt.timedelta(seconds=1)
        assert self.last(channel, fake) == 63016
        assert self.last(channel, fake, template=CONTENT) is None

    def test_the_refusal_comes_late(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, receiver: Receiver
    ) -> None:
        fake.enforce_window = True
        channel.send(outgoing(status_callback=CALLBACK))
        fake.callbacks.wait()
        assert [u.error_code for u in updates(channel, receiver)] == ["63016"]


class TestHelpers:
    def test_sent_in_the_order_of_acceptance_by_person(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake
    ) -> None:
        for text in ("bir", "iki"):
            channel.send(outgoing(text))
        channel.send(outgoing("üç", address="+905337654321"))
        fake.undelivered_inbound("dört", AYSE)
        assert [m.body for m in fake.sent()] == ["bir", "iki", "üç"]
        assert [m.body for m in fake.sent(AYSE)] == ["bir", "iki"]

    def test_wait_for_returns_as_soon_as_they_are_there(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake
    ) -> None:
        threading.Timer(0.1, channel.send, [outgoing("geç")]).start()
        began = time.monotonic()
        assert [m.body for m in fake.wait_for(AYSE, timeout=5)] == ["geç"]
        assert time.monotonic() - began < 2

    def test_wait_for_says_what_it_saw_instead(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake
    ) -> None:
        channel.send(outgoing("bir"))
        with pytest.raises(AssertionError, match=r"1 of 2 messages.*bir"):
            fake.wait_for(AYSE, count=2, timeout=0.05)

    def test_faults_by_person_by_number_and_by_time(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake
    ) -> None:
        fake.fault("rate_limit", to="+905337654321", times=2)
        channel.send(outgoing())
        for _ in range(2):
            with pytest.raises(SendError):
                channel.send(outgoing(address="+905337654321"))
        channel.send(outgoing(address="+905337654321"))
        fake.fault("error", for_seconds=0.2)
        for _ in range(3):
            with pytest.raises(SendError):
                channel.send(outgoing())
        time.sleep(0.25)
        channel.send(outgoing())
        fake.fault("error", times=100)
        fake.clear_faults()
        channel.send(outgoing())


def test_it_checks_the_account_and_shows_single_messages(
    channel: TwilioWhatsAppChannel, fake: TwilioFake
) -> None:
    sid = channel.send(outgoing()).provider_message_id
    url = f"{fake.url}/2010-04-01/Accounts/{fake.sid}/Messages/{sid}.json"
    assert fake.session.get(url).status_code == 401
    assert fake.session.get(url, auth=(fake.sid, "wrong")).json()["code"] == 20003
    assert fake.session.get(url, auth=(fake.sid, fake.token)).json()["sid"] == sid
    assert fake.session.get(url + "x", auth=(fake.sid, fake.token)).status_code == 404


def test_from_the_command_line(receiver: Receiver) -> None:
    command = [sys.executable, "-m", "tests.fakes.twilio", "--port", "0", "--token", "t"]
    process = subprocess.Popen(
        [*command, "--webhook", receiver.url],
        cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip().partition("=")[2]
        with requests.Session() as session:
            session.trust_env = False
            data = {"From": "+905321234567", "Body": "selam"}
            assert session.post(f"{url}/fake/inbound", data=data, timeout=10).text == "200 \n"
            assert b"Body=selam" in receiver.requests[0].body
            messages = f"{url}/2010-04-01/Accounts/AC{'0' * 32}/Messages.json"
            refused = session.post(messages, data={}, auth=("AC" + "0" * 32, "t"), timeout=10)
            assert json.loads(refused.text)["code"] == 21604
            assert session.get(f"{url}/fake/sent", timeout=10).json() == []
    finally:
        process.terminate()
        process.communicate(timeout=10)


class TestWeather:
    def send_all(self, channel: TwilioWhatsAppChannel, *people: int) -> list[str]:
        """Send to several people; return how each call ended."""
        ends = []
        for i in people:
            address = f"+9053212345{i:02d}"
            try:
                channel.send(outgoing(f"mesaj {i}", address=address, status_callback=CALLBACK))
                ends.append("taken")
            except SendError as error:
                ends.append(f"{error.outcome.value} {error.code}")
        return ends

    def test_a_seed_gives_each_person_one_fate_whoever_comes_first(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake
    ) -> None:
        shares = {"rate_limit": 0.3, "error": 0.3, "drop": 0.3}
        fake.weather(7, shares)
        first, second = self.send_all(channel, *range(30)), self.send_all(channel, *range(30))
        assert len(set(first)) == 4 and second != first
        fake.weather(7, shares)
        with concurrent.futures.ThreadPoolExecutor(30) as pool:
            at_once = list(pool.map(lambda i: self.send_all(channel, i)[0], reversed(range(30))))
        assert at_once[::-1] == first
        fake.weather(8, shares)
        assert self.send_all(channel, *range(30)) != first

    def test_what_it_does_not_name_does_not_happen_and_it_ends(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake
    ) -> None:
        weather = fake.weather(1, {"unavailable": 1.0})
        assert set(self.send_all(channel, *range(5))) == {"unknown 503"}
        assert weather.counts() == {"unavailable": 5} and fake.sent() == []
        weather.calm()
        assert set(self.send_all(channel, *range(5))) == {"taken"}
        with pytest.raises(ValueError, match="hail"):
            fake.weather(1, {"hail": 1.0})

    @pytest.mark.parametrize("name", sorted(AMBIGUOUS))
    def test_calls_whose_outcome_can_not_be_known(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, monkeypatch: pytest.MonkeyPatch,
        name: str,
    ) -> None:
        channel._client[1].timeout = 0.2
        monkeypatch.setattr("tests.fakes.twilio_weather.HANG", 0.4)
        fake.weather(1, {name: 1.0})
        assert self.send_all(channel, 1)[0].startswith("unknown")
        if name in ("error", "unavailable", "drop_before", "hang_before"):
            time.sleep(0.5 if name == "hang_before" else 0.0)
            assert fake.sent() == []
        else:
            assert len(fake.wait_for(count=1, timeout=5)) == 1

    @pytest.mark.parametrize(
        ("name", "words", "error"),
        [
            ("reversed", ["read", "delivered", "sent"], None),
            ("doubled", ["sent", "sent", "delivered", "delivered"], None),
            ("early", ["sent", "delivered"], None),
            ("lost", [], None),
            ("early_window", ["failed"], 63016),
            ("window", ["sent", "failed"], 63016),
            ("dead_address", ["sent", "failed"], 63024),
            ("refused_unheard", [], 63032),
            ("busy", ["sent", "failed"], 63018),
        ],
    )
    def test_what_becomes_of_a_message(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, receiver: Receiver,
        monkeypatch: pytest.MonkeyPatch, name: str, words: list[str], error: int | None,
    ) -> None:
        monkeypatch.setattr("tests.fakes.twilio_weather.LATE", (0.1, 0.2))
        fake.weather(1, {name: 1.0})
        channel.send(outgoing(status_callback=CALLBACK))
        if name.startswith("early"):
            assert len(receiver.requests) == len(words), "before the call returned"
        fake.callbacks.wait()
        assert [u.status.value for u in updates(channel, receiver)] == words
        [message] = fake.sent()
        assert message.error_code == error and bool(message.failed_at) == bool(error)
        assert message.status in (("failed", "undelivered") if error else ("delivered", "read"))
        codes = {u.error_code for u in updates(channel, receiver)} - {""}
        assert codes == ({str(error)} if error and words else set())

    def test_a_template_is_not_refused_for_want_of_one(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake
    ) -> None:
        """63016 asks for one."""
        fake.weather(1, {"window": 1.0})
        channel.send(outgoing(template=CONTENT, status_callback=CALLBACK))
        fake.callbacks.wait()
        assert fake.sent()[0].status == "delivered"

    def test_lists_that_lag_and_look_ups_that_fail(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tests.fakes.twilio_weather.LAG", 0.6)
        weather = fake.weather(1, {"lag": 1.0})
        message, start = outgoing(), dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)
        sid = channel.send(message).provider_message_id
        assert channel.find_sent(message, start) is None
        time.sleep(0.7)
        assert channel.find_sent(message, start) is not None
        for name in ("look_error", "look_rate_limit", "look_drop"):
            weather = fake.weather(1, {name: 1.0})
            with pytest.raises(TemporarilyUnavailable):
                channel.find_sent(message, start)
            with pytest.raises(TemporarilyUnavailable):
                channel.status_of(sid)
            assert weather.counts() == {name: 2}

    def test_callbacks_never_leave_the_machine(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, receiver: Receiver
    ) -> None:
        channel.send(outgoing(status_callback="https://elsewhere.example/status"))
        fake.callbacks.wait()
        assert receiver.requests == []
        assert [answer for _, _, answer in fake.callbacks.posted] == [0, 0]
