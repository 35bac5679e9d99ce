"""Fetching a customer's file: who gets our credentials, and where we do not go."""

from __future__ import annotations

import dataclasses
import io
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter
from requests.auth import _basic_auth_str

from bot.channels.errors import MediaError
from bot.channels.twilio import media
from bot.channels.twilio.media import MediaFetcher
from bot.channels.twilio.whatsapp import TwilioWhatsAppChannel
from bot.config import Settings
from tests.channels.conftest import MakeChannel
from tests.fakes.twilio import TwilioFake

PHOTO = b"\xff\xd8\xff" + bytes(range(256)) * 20
SETTINGS = Settings(
    twilio_account_sid="AC1",
    twilio_auth_token="secret",
    twilio_whatsapp_from="whatsapp:+14155238886",
)
API = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"


def photo(fake: TwilioFake, data: bytes = PHOTO, content_type: str = "image/jpeg") -> str:
    """Keep a message with a file; return its media URL."""
    sid = fake.undelivered_inbound("", media=[(data, content_type)])
    message = fake.message(sid)
    assert message is not None
    return fake.media_url(sid, message.media[0].sid)


def refusal(open_: Callable[[str], object], url: str) -> MediaError:
    with pytest.raises(MediaError) as caught:
        open_(url)
    return caught.value


def test_a_file(channel: TwilioWhatsAppChannel, fake: TwilioFake) -> None:
    content_type, stream = channel.open_media(photo(fake))
    with stream:
        assert stream.read() == PHOTO
    assert content_type == "image/jpeg"


def test_our_credentials_never_reach_the_host_it_redirects_to(
    channel: TwilioWhatsAppChannel, fake: TwilioFake
) -> None:
    channel.open_media(photo(fake))[1].close()
    assert fake.api_requests["GET Media"] == 1
    assert fake.cdn_authorizations == []


def test_nor_a_host_that_a_message_names(channel: TwilioWhatsAppChannel, fake: TwilioFake) -> None:
    sid, media_sid = photo(fake).split("/Messages/")[1].split("/Media/")
    channel.open_media(f"{fake.cdn_url}/{sid}/{media_sid}?signature=signed")[1].close()
    # The same machine under the API's name but another port is another host, too.
    port = fake.cdn_url.rpartition(":")[2]
    channel.open_media(f"http://127.0.0.1:{port}/{sid}/{media_sid}?signature=signed")[1].close()
    assert fake.cdn_authorizations == []


def test_wrong_credentials_can_be_mended(make_channel: MakeChannel, fake: TwilioFake) -> None:
    error = refusal(make_channel(twilio_auth_token="wrong").open_media, photo(fake))
    assert not error.permanent


def test_a_deleted_file_is_gone_for_good(channel: TwilioWhatsAppChannel, fake: TwilioFake) -> None:
    assert refusal(channel.open_media, photo(fake) + "0").permanent
    fake.fault("error", on="cdn", status=410)
    assert refusal(channel.open_media, photo(fake)).permanent


@pytest.mark.parametrize("on", ["media", "cdn"])
@pytest.mark.parametrize("status", [500, 503, 403])
def test_trouble_passes(
    channel: TwilioWhatsAppChannel, fake: TwilioFake, on: str, status: int
) -> None:
    url = photo(fake)
    fake.fault("error", on=on, status=status)
    assert not refusal(channel.open_media, url).permanent
    channel.open_media(url)[1].close()


def test_a_connection_that_breaks(channel: TwilioWhatsAppChannel, fake: TwilioFake) -> None:
    url = photo(fake)
    fake.fault("drop_before", on="cdn")
    assert not refusal(channel.open_media, url).permanent


class Host:
    """A host on loopback that answers every connection with the same bytes, and keeps what came."""

    def __init__(self, answer: bytes) -> None:
        self.received: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self._answer = answer.replace(b"%(url)", self.url.encode())
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                try:
                    self.received.append(connection.recv(65536))
                    connection.sendall(self._answer)
                except OSError:
                    pass

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    found = Host(request.param)
    yield found
    found.close()


OK = b"HTTP/1.1 200 OK\r\nContent-Type: image/PNG; x=y\r\nConnection: close\r\n"


STATED = OK + b"Content-Length: 2000\r\n\r\n" + b"x" * 2000
UNSTATED = OK + b"\r\n" + b"x" * 2000


@pytest.mark.parametrize("host", [STATED, UNSTATED], indirect=True)
def test_too_large_with_and_without_a_stated_size(make_channel: MakeChannel, host: Host) -> None:
    settings = make_channel().settings
    error = refusal(MediaFetcher(settings, max_bytes=1999).open, host.url)
    assert error.permanent
    content_type, stream = MediaFetcher(settings, max_bytes=2000).open(host.url)
    with stream:
        assert len(stream.read()) == 2000
    assert content_type == "image/png"


@pytest.mark.parametrize("host", [OK + b"Content-Length: 2000\r\n\r\nshort"], indirect=True)
def test_a_file_that_breaks_off_is_no_file(channel: TwilioWhatsAppChannel, host: Host) -> None:
    assert not refusal(channel.open_media, host.url).permanent


AGAIN = b"HTTP/1.1 302 x\r\nLocation: %(url)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("host", [AGAIN], indirect=True)
def test_redirects_end(channel: TwilioWhatsAppChannel, host: Host) -> None:
    assert not refusal(channel.open_media, host.url).permanent
    assert len(host.received) == 4


@pytest.mark.parametrize("host", [OK + b"\r\n"], indirect=True)
def test_without_a_type_and_slow(
    channel: TwilioWhatsAppChannel, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "READ_TIMEOUT", 0.2)
    silent = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{silent.getsockname()[1]}/x"
    assert not refusal(channel.open_media, url).permanent
    silent.close()
    assert not refusal(channel.open_media, url).permanent


@pytest.mark.parametrize(
    "url",
    [
        "https://api.twilio.com/x",
        "http://10.0.0.1/x",
        "https://[2001:db8::1]/x",
        "http://127.0.0.2/x",
    ],
)
def test_with_a_fake_as_twilio_nothing_leaves_the_machine(
    channel: TwilioWhatsAppChannel, url: str
) -> None:
    assert refusal(channel.open_media, url).permanent


ODD = [
    "", " ", "x", "file:///etc/passwd", "ftp://api.twilio.com/x", "https://", "https:///x",
    "http://api.twilio.com/x", "javascript:alert(1)", "https://[::1", "https://api.twilio.com:x/",
    "https://api.twilio.com@evil.example/x", "https://user:pw@api.twilio.com/x", "\0",
    "https://a b/", "//api.twilio.com/x", "https://\ud800/",
]  # fmt: skip


@pytest.mark.parametrize("url", ODD, ids=range(len(ODD)))
def test_an_address_that_is_none(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HTTPAdapter, "send", _never)
    assert refusal(TwilioWhatsAppChannel(SETTINGS).open_media, url).permanent


@pytest.mark.parametrize("name", ["a" * 64, "a" * 300 + ".com", "a..b"])
def test_a_name_that_no_resolver_takes(name: str) -> None:
    refusal(TwilioWhatsAppChannel(SETTINGS).open_media, f"https://{name}/x")


def _never(*_: object, **__: object) -> requests.Response:
    raise AssertionError("a request left")


INSIDE = [
    "127.0.0.1", "localhost", "[::1]", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254",
    "100.64.0.1", "0.0.0.0", "[fe80::1]", "[fd00::1]", "[::ffff:10.0.0.1]", "224.0.0.1", "[::]",
]  # fmt: skip


@pytest.mark.parametrize("host", INSIDE, ids=INSIDE)
def test_addresses_inside_our_network_are_not_even_knocked_at(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket.socket, "connect", _never)
    assert refusal(TwilioWhatsAppChannel(SETTINGS).open_media, f"https://{host}/x").permanent


def resolves_to(monkeypatch: pytest.MonkeyPatch, *answers: tuple[str, int]) -> None:
    """Let every name resolve to these addresses, one after the other; the last one for good."""
    left = list(answers)

    def getaddrinfo(*_: object, **__: object) -> list[object]:
        answer = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", answer)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def test_a_name_that_leads_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    resolves_to(monkeypatch, ("10.1.2.3", 443))
    monkeypatch.setattr(socket.socket, "connect", _never)
    assert refusal(TwilioWhatsAppChannel(SETTINGS).open_media, "https://cdn.example/x").permanent


@pytest.mark.parametrize("host", [b""], indirect=True)
def test_a_name_that_leads_inside_the_second_time(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolves_to(monkeypatch, ("93.184.215.14", 443), ("127.0.0.1", host.port))
    error = refusal(TwilioWhatsAppChannel(SETTINGS).open_media, "https://cdn.example/x")
    assert error.permanent
    assert b"".join(host.received) == b""


class Internet:
    """Answers in place of the network: by URL, keeping what was asked with which credentials."""

    def __init__(self, answers: dict[str, tuple[int, str]]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str | None]] = []

    def send(self, request: requests.PreparedRequest, **kwargs: object) -> requests.Response:
        assert kwargs["timeout"] is not None
        url = str(request.url)
        self.asked.append((url, request.headers.get("Authorization")))
        response = requests.Response()
        response.status_code, location = self.answers[url]
        response.url, response.request = url, request
        response.headers["Content-Type"] = "image/jpeg"
        if location:
            response.headers["Location"] = location
        response.raw = io.BytesIO(PHOTO)
        return response


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Internet:
    found = Internet({})
    monkeypatch.setattr(HTTPAdapter, "send", lambda _, request, **kw: found.send(request, **kw))
    return found


def test_real_addresses_credentials_for_twilio_only(internet: Internet) -> None:
    internet.answers = {
        API: (307, "https://mms.twiliocdn.com/a"),
        "https://mms.twiliocdn.com/a": (302, "/b"),
        "https://mms.twiliocdn.com/b": (200, ""),
    }
    content_type, stream = TwilioWhatsAppChannel(SETTINGS).open_media(API)
    assert (content_type, stream.read()) == ("image/jpeg", PHOTO)
    assert [bool(authorization) for _, authorization in internet.asked] == [True, False, False]


def test_a_netrc_file_adds_no_credentials(
    internet: Internet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine cdn.example login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    internet.answers = {"https://cdn.example/x": (200, "")}
    TwilioWhatsAppChannel(SETTINGS).open_media("https://cdn.example/x")[1].close()
    assert internet.asked == [("https://cdn.example/x", None)]


@pytest.mark.parametrize(
    "other",
    [
        "https://api.twilio.com.evil.example/x", "https://evil.example/api.twilio.com",
        "https://api.twilio.com:8443/x", "https://xapi.twilio.com/x", "https://mms.twilio.com/x",
    ],
)  # fmt: skip
def test_a_host_that_looks_like_twilio_gets_no_credentials(internet: Internet, other: str) -> None:
    internet.answers = {other: (200, "")}
    TwilioWhatsAppChannel(SETTINGS).open_media(other)[1].close()
    assert internet.asked == [(other, None)]


@pytest.mark.parametrize("spelling", [API.replace("api.twilio.com", "API.Twilio.com"),
                                      API.replace(".com/", ".com:443/")])  # fmt: skip
def test_other_spellings_of_twilio_are_twilio(internet: Internet, spelling: str) -> None:
    internet.answers = {spelling: (200, ""), API: (200, "")}
    TwilioWhatsAppChannel(SETTINGS).open_media(spelling)[1].close()
    assert internet.asked[0][1] is not None


@pytest.mark.parametrize("location", ["http://api.twilio.com/x", "http://cdn.example/x",
                                      "file:///etc/passwd", "https://localhost/x"])  # fmt: skip
def test_a_redirect_out_of_tls_or_inside_is_not_followed(internet: Internet, location: str) -> None:
    internet.answers = {API: (307, location)}
    assert refusal(TwilioWhatsAppChannel(SETTINGS).open_media, API).permanent
    assert len(internet.asked) == 1


def test_the_old_token_is_not_sent(internet: Internet) -> None:
    internet.answers = {API: (200, "")}
    settings = dataclasses.replace(SETTINGS, twilio_auth_token="secret,older")
    TwilioWhatsAppChannel(settings).open_media(API)[1].close()
    assert internet.asked[0][1] == _basic_auth_str("AC1", "secret")
