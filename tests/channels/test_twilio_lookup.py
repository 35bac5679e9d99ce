"""Questions to Twilio: is this message of ours there, and did we miss any of theirs?"""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from bot import clock as clock_module
from bot.channels.errors import SendError
from bot.channels.events import DeliveryStatus, InboundMessage, MediaKind, MessageKind
from bot.channels.twilio.whatsapp import TwilioWhatsAppChannel
from bot.errors import TemporarilyUnavailable
from tests.channels.conftest import AYSE, MakeChannel, outgoing
from tests.fakes.twilio import TwilioFake

START = dt.datetime(2027, 3, 8, 9, 0, tzinfo=dt.timezone.utc)
CONTENT = "HX" + "0" * 32


class Clock:
    """The fake's time, moved by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> dt.datetime:
        return self.now

    def pass_(self, **delta: float) -> dt.datetime:
        self.now += dt.timedelta(**delta)
        return self.now


@pytest.fixture
def clock(fake: TwilioFake) -> Clock:
    fake.now = Clock()
    return fake.now


class TestFindSent:
    def test_a_message_whose_answer_was_lost(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, clock: Clock
    ) -> None:
        fake.callbacks.plan = ()
        message = outgoing("Siparişiniz  yolda.\nİyi günler \n")
        fake.fault("drop")
        with pytest.raises(SendError):
            channel.send(message)
        found = channel.find_sent(message, START)
        assert found is not None
        assert found.provider_message_id == fake.sent()[0].sid
        assert found.status is DeliveryStatus.QUEUED

    def test_one_that_never_arrived(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, clock: Clock
    ) -> None:
        fake.fault("error")
        with pytest.raises(SendError):
            channel.send(outgoing())
        assert channel.find_sent(outgoing(), START) is None

    def test_neither_another_text_nor_another_person_nor_the_customers_own_words(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, clock: Clock
    ) -> None:
        channel.send(outgoing("Başka söz"))
        channel.send(outgoing("Tamam", address="+905337654321"))
        fake.undelivered_inbound("Tamam", AYSE)
        assert channel.find_sent(outgoing("Tamam"), START) is None

    @pytest.mark.parametrize("by_day", [False, True])
    def test_an_earlier_message_with_the_same_words_is_another(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, clock: Clock, by_day: bool
    ) -> None:
        fake.dates_by_day = by_day
        channel.send(outgoing("Tamam"))
        since = clock.pass_(minutes=1)
        assert channel.find_sent(outgoing("Tamam"), since) is None
        clock.pass_(seconds=0.7)
        later = channel.send(outgoing("Tamam")).provider_message_id
        channel.send(outgoing("Tamam"))
        found = channel.find_sent(outgoing("Tamam"), since)
        assert found is not None
        assert found.provider_message_id == later

    def test_twilios_whole_seconds_hide_nothing(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, clock: Clock
    ) -> None:
        since = clock.pass_(seconds=0.9)
        channel.send(outgoing("Tamam"))
        assert channel.find_sent(outgoing("Tamam"), since) is not None

    def test_behind_many_others(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, clock: Clock
    ) -> None:
        wanted = channel.send(outgoing("aranan")).provider_message_id
        for i in range(450):
            fake.store.accept({"From": [fake.from_], "To": ["whatsapp:" + AYSE], "Body": [f"{i}"]})
        found = channel.find_sent(outgoing("aranan"), START)
        assert found is not None
        assert found.provider_message_id == wanted
        assert fake.api_requests["GET Messages"] == 3

    def test_a_template_by_the_values_in_it(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, clock: Clock
    ) -> None:
        fake.templates[CONTENT] = "Sayın {{1}}, {{2}} numaralı siparişiniz yolda."
        values = {"1": "Ayşe", "2": "1024"}
        message = outgoing("(for the desk)", template=CONTENT, template_variables=values)
        other = dataclasses.replace(message, template_variables={**values, "2": "9"})
        channel.send(message)
        assert channel.find_sent(message, START) is not None
        assert channel.find_sent(other, START) is None

    def test_a_file_is_not_the_same_as_its_caption(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, clock: Clock
    ) -> None:
        message = outgoing("Kılavuz", media_url="https://desk.example/m/1.pdf")
        channel.send(outgoing("Kılavuz"))
        assert channel.find_sent(message, START) is None
        channel.send(message)
        assert channel.find_sent(message, START) is not None

    def test_one_that_failed_since_is_found_as_failed(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, clock: Clock
    ) -> None:
        fake.fail_delivery(AYSE, 63016)
        channel.send(outgoing())
        fake.callbacks.wait()
        found = channel.find_sent(outgoing(), START)
        assert found is not None
        assert found.status is DeliveryStatus.FAILED

    @pytest.mark.parametrize("kind", ["error", "rate_limit", "drop_before"])
    def test_not_knowing_is_not_the_same_as_not_there(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, kind: str
    ) -> None:
        fake.fault(kind, on="list")
        with pytest.raises(TemporarilyUnavailable):
            channel.find_sent(outgoing(), START)


@pytest.mark.parametrize("start", ["2031-05-05T12:00:00+03:00", "2019-05-05T12:00:00+03:00"])
@pytest.mark.parametrize("speed", ["1", "60"])
def test_a_demo_with_another_clock_asks_by_twilios(
    channel: TwilioWhatsAppChannel,
    fake: TwilioFake,
    monkeypatch: pytest.MonkeyPatch,
    start: str,
    speed: str,
) -> None:
    monkeypatch.setenv("DEMO", "1")
    monkeypatch.setenv("CLOCK", start)
    monkeypatch.setenv("CLOCK_SPEED", speed)
    clock_module.reload()
    try:
        hour = dt.timedelta(hours=1)
        machine = dt.datetime.now(dt.timezone.utc)
        fake.now = lambda: machine - 2 * hour
        channel.send(outgoing("eski"))
        fake.undelivered_inbound("eski")
        fake.now = lambda: machine
        channel.send(outgoing("yeni"))
        fake.undelivered_inbound("yeni")
        since = clock_module.now() - hour * float(speed)
        assert channel.find_sent(outgoing("yeni"), since) is not None
        assert channel.find_sent(outgoing("eski"), since) is None
        assert [m.text for m in channel.missed(since)] == ["yeni"]
    finally:
        monkeypatch.undo()
        clock_module.reload()


class TestMissed:
    def test_what_twilio_could_not_tell_us(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, clock: Clock
    ) -> None:
        first = fake.undelivered_inbound("siparişim nerede")
        clock.pass_(minutes=1)
        second = fake.undelivered_inbound("orda mısınız", "US.1234")
        channel.send(outgoing("cevap"))
        found = channel.missed(START)
        assert [m.provider_message_id for m in found] == [first, second]
        assert [m.text for m in found] == ["siparişim nerede", "orda mısınız"]
        assert found[0].sender.phone == AYSE
        assert (found[1].sender.address, found[1].sender.phone) == ("US.1234", None)
        assert found[0].account == channel.account
        assert found[0].provider_time == START
        assert all(m.kind is MessageKind.TEXT and isinstance(m, InboundMessage) for m in found)

    def test_a_missed_message_is_the_message_that_was_posted(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, receiver: object, clock: Clock
    ) -> None:
        fake.inbound("merhaba", media=[(b"\xff\xd8", "image/jpeg")])
        request = receiver.requests[0]  # type: ignore[attr-defined]
        channel.verify(request)
        [posted] = channel.parse(request)
        [missed] = channel.missed(START)
        assert isinstance(posted, InboundMessage)
        for name in ("provider_message_id", "account", "kind", "text", "attachments"):
            assert getattr(missed, name) == getattr(posted, name)
        assert missed.sender.address == posted.sender.address

    def test_all_pages(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, clock: Clock
    ) -> None:
        sids = [fake.undelivered_inbound(f"{i}") for i in range(450)]
        assert [m.provider_message_id for m in channel.missed(START)] == sids
        assert fake.api_requests["GET Messages"] == 3

    @pytest.mark.parametrize("by_day", [False, True])
    def test_only_since_then(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, clock: Clock, by_day: bool
    ) -> None:
        fake.dates_by_day = by_day
        fake.undelivered_inbound("eski")
        since = clock.pass_(hours=1)
        fake.undelivered_inbound("yeni")
        assert [m.text for m in channel.missed(since)] == ["yeni"]

    def test_what_another_number_of_ours_sent_is_no_customers(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, clock: Clock
    ) -> None:
        fake.store.keep("outbound-api", "whatsapp:+15550001111", fake.from_, "deneme")
        assert channel.missed(START) == []

    def test_files(self, channel: TwilioWhatsAppChannel, fake: TwilioFake, clock: Clock) -> None:
        files = [(b"a", "image/jpeg"), (b"b", "audio/ogg"), (b"c", "application/pdf")]
        fake.undelivered_inbound("bakın", media=files)
        [message] = channel.missed(START)
        assert message.kind is MessageKind.MEDIA
        assert [a.kind for a in message.attachments] == [
            MediaKind.IMAGE, MediaKind.VOICE, MediaKind.DOCUMENT,
        ]  # fmt: skip
        contents = []
        for attachment in message.attachments:
            content_type, stream = channel.open_media(attachment.reference)
            with stream:
                contents.append((stream.read(), content_type))
        assert contents == files

    def test_polls_that_overlap_ask_for_files_once(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, clock: Clock
    ) -> None:
        fake.undelivered_inbound("bakın", media=[(b"a", "image/jpeg")])
        assert channel.missed(START) == channel.missed(START)
        assert fake.api_requests["GET Media"] == 1

    @pytest.mark.parametrize("kind", ["error", "rate_limit", "drop_before"])
    @pytest.mark.parametrize("on", ["list", "media"])
    def test_twilio_away(
        self, channel: TwilioWhatsAppChannel, fake: TwilioFake, clock: Clock, kind: str, on: str
    ) -> None:
        fake.undelivered_inbound("bakın", media=[(b"a", "image/jpeg")])
        fake.fault(kind, on=on)
        with pytest.raises(TemporarilyUnavailable):
            channel.missed(START)
        assert len(channel.missed(START)) == 1

    def test_wrong_credentials(self, make_channel: MakeChannel) -> None:
        with pytest.raises(TemporarilyUnavailable):
            make_channel(twilio_auth_token="wrong").missed(START)
