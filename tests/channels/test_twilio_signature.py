"""X-Twilio-Signature: each known way to get it wrong has its test."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from bot.channels.base import WebhookRequest
from bot.channels.errors import Forged
from bot.channels.twilio.signature import verify
from bot.channels.twilio.whatsapp import TwilioWhatsAppChannel
from bot.config import Settings

TOKEN = "12345"
BASE = "https://mycompany.com"
PATH = "/webhooks/twilio/whatsapp"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"


def signed_over(
    url: str,
    pairs: Sequence[tuple[bytes, bytes]] = (),
    *,
    token: str = TOKEN,
    digest: Callable[..., Any] = hashlib.sha1,
) -> str:
    """Return what Twilio puts in the header, computed here by its documented rule."""
    message = url.encode() + b"".join(k + v for k, v in sorted(set(pairs)))
    return base64.b64encode(hmac.new(token.encode(), message, digest).digest()).decode()


def request(
    body: bytes = b"",
    *,
    target: str = PATH,
    signature: str | None = None,
    content_type: str = FORM,
    **headers: str,
) -> WebhookRequest:
    found = {"content-type": content_type, **{k.replace("_", "-"): v for k, v in headers.items()}}
    if signature is not None:
        found["x-twilio-signature"] = signature
    return WebhookRequest("POST", target, found, body)


def accepted(r: WebhookRequest, base: str = BASE, secrets: Sequence[str] = (TOKEN,)) -> bool:
    try:
        verify(r, base, secrets)
    except Forged:
        return False
    return True


def test_twilios_published_example() -> None:
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
        "Caller": "+14158675309",
    }
    r = request(
        urlencode(form).encode(),
        target="/myapp.php?foo=1&bar=2",
        signature="RSOYDt4T1cUTdK1PDd93/VVr8B8=",
    )
    assert accepted(r)
    assert not accepted(dataclasses.replace(r, body=r.body.replace(b"1234", b"1235")))


def test_values_of_one_name_are_sorted_and_counted_once() -> None:
    body = b"Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234"
    r = request(body, target="/myapp.php?foo=1&bar=2", signature="IK+Dwps556ElfBT0I3Rgjkr1wJU=")
    assert accepted(r)


def test_behind_a_tls_proxy_the_public_url_counts_not_the_one_we_see() -> None:
    signature = signed_over(BASE + PATH)
    seen = request(signature=signature, host="127.0.0.1:8000")
    assert accepted(seen, BASE)
    assert not accepted(seen, "http://127.0.0.1:8000")


def test_forwarded_headers_are_not_believed() -> None:
    signature = signed_over("https://evil.example" + PATH)
    r = request(signature=signature, x_forwarded_host="evil.example", x_forwarded_proto="https")
    assert not accepted(r)


@pytest.mark.parametrize(
    ("base", "signed"),
    [
        ("https://mycompany.com", "https://mycompany.com:443"),
        ("https://mycompany.com:443", "https://mycompany.com"),
        ("https://mycompany.com:8443", "https://mycompany.com"),
        ("https://mycompany.com:8443", "https://mycompany.com:8443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://mycompany.com", "http://mycompany.com:80"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]"),
        ("https://user:pw@mycompany.com:8443", "https://user:pw@mycompany.com"),
        ("https://user:pw@mycompany.com", "https://user:pw@mycompany.com:443"),
    ],
)
def test_with_and_without_a_port(base: str, signed: str) -> None:
    pairs = [(b"Body", b"merhaba")]
    r = request(b"Body=merhaba", signature=signed_over(signed + PATH, pairs))
    assert accepted(r, base)


def test_another_port_is_another_address() -> None:
    r = request(signature=signed_over("https://mycompany.com:9999" + PATH))
    assert not accepted(r, "https://mycompany.com:8443")


def test_a_trailing_slash_of_the_base_url_is_no_part_of_it() -> None:
    assert accepted(request(signature=signed_over(BASE + PATH)), BASE + "/")


@pytest.mark.parametrize(
    "query", ["x=%20", "x=+", "x=%2B", "x=%C3%B1", "x=&y", "x", "x=1&x=2", "x=%c3%b1", "x=a'b"]
)
def test_the_target_is_signed_exactly_as_it_came(query: str) -> None:
    target = f"{PATH}?{query}"
    assert accepted(request(target=target, signature=signed_over(BASE + target)))


def test_a_decoded_target_is_another_target() -> None:
    signature = signed_over(f"{BASE}{PATH}?x=%C3%B1")
    assert not accepted(request(target=f"{PATH}?x=ñ", signature=signature))
    assert not accepted(request(target=f"{PATH}?x=%c3%b1", signature=signature))


def test_a_target_in_absolute_form() -> None:
    signature = signed_over(f"{BASE}{PATH}?x=1")
    r = request(target=f"http://127.0.0.1:8000{PATH}?x=1", signature=signature)
    assert accepted(r)


@pytest.mark.parametrize(
    "signature", [None, "", "  ", "ş", "\ud800", "RSOYDt4T1cUTdK1PDd93/VVr8B8"]
)
def test_a_missing_or_odd_header_is_forged(signature: str | None) -> None:
    assert not accepted(request(b"Body=x", signature=signature))


def test_blank_values_are_signed_too() -> None:
    pairs = [(b"Body", b""), (b"NumMedia", b"0"), (b"Empty", b"")]
    assert accepted(request(b"Body=&NumMedia=0&Empty", signature=signed_over(BASE + PATH, pairs)))


def test_blanks_around_a_value_are_signed_too() -> None:
    signature = signed_over(BASE + PATH, [(b"Body", b"  merhaba \n")])
    assert accepted(request(b"Body=++merhaba+%0A", signature=signature))
    assert not accepted(request(b"Body=merhaba", signature=signature))


def test_parameters_we_do_not_know_are_signed_too() -> None:
    signature = signed_over(BASE + PATH, [(b"Body", b"x"), (b"BrandNew", b"1")])
    assert accepted(request(b"Body=x&BrandNew=1", signature=signature))
    assert not accepted(request(b"Body=x", signature=signature))


def test_bytes_that_are_not_utf8_are_verified_as_sent() -> None:
    signature = signed_over(BASE + PATH, [(b"Body", b"sipari\xfe")])
    assert accepted(request(b"Body=sipari%FE", signature=signature))
    assert accepted(request(b"Body=sipari\xfe", signature=signature))
    assert not accepted(request(b"Body=sipari%EF%BF%BD", signature=signature))
    assert not accepted(request(b"Body=sipari%FF", signature=signature))


def test_names_and_values_that_are_not_utf8_are_sorted_too() -> None:
    pairs = [(b"b\xfe", b"%d" % i) for i in range(9)] + [(b"a", b"")]
    body = b"&".join(b"%s=%s" % (name, value) for name, value in [*pairs[::-1], pairs[0]])
    assert accepted(request(body, signature=signed_over(BASE + PATH, pairs)))


def test_null_bytes_are_verified_as_sent() -> None:
    signature = signed_over(BASE + PATH, [(b"Body", b"a\0b")])
    assert accepted(request(b"Body=a%00b", signature=signature))
    assert not accepted(request(b"Body=ab", signature=signature))


class TestJson:
    BODY = b'{"durum": "teslim edildi", "ad": "\xc5\x9f"}'

    def request(self, body: bytes, stated: str | None = None, signed: str = "") -> WebhookRequest:
        target = PATH + (f"?bodySHA256={stated}" if stated is not None else "")
        signature = signed or signed_over(BASE + target)
        return request(body, target=target, signature=signature, content_type="application/json")

    def test_a_body_with_its_hash(self) -> None:
        assert accepted(self.request(self.BODY, hashlib.sha256(self.BODY).hexdigest()))
        assert accepted(self.request(self.BODY, hashlib.sha256(self.BODY).hexdigest().upper()))

    def test_a_changed_body(self) -> None:
        changed = self.BODY.replace(b"teslim", b"teslom")
        assert not accepted(self.request(changed, hashlib.sha256(self.BODY).hexdigest()))

    def test_a_changed_hash(self) -> None:
        other = b"{}"
        stated = hashlib.sha256(other).hexdigest()
        genuine = f"{BASE}{PATH}?bodySHA256={hashlib.sha256(self.BODY).hexdigest()}"
        assert not accepted(self.request(other, stated, signed_over(genuine)))

    def test_a_body_without_hash_is_not_covered(self) -> None:
        assert not accepted(self.request(self.BODY))

    @pytest.mark.parametrize("stated", ["", "ş", "0" * 64, "\ud800"])
    def test_a_hash_of_something_else(self, stated: str) -> None:
        r = self.request(self.BODY, stated, "x")
        assert not accepted(r)

    def test_bytes_that_are_not_utf8(self) -> None:
        body = b'{"a": "\xff"}'
        assert accepted(self.request(body, hashlib.sha256(body).hexdigest()))

    def test_a_form_called_json_is_not_covered(self) -> None:
        """The content type is not signed: calling a form JSON must not free its fields."""
        signature = signed_over(BASE + PATH)
        r = request(b"Body=evil", signature=signature, content_type="application/json")
        assert not accepted(r)


class TestTokens:
    def test_old_and_new_are_accepted_while_the_token_is_changed(self) -> None:
        channel = TwilioWhatsAppChannel(
            Settings(public_base_url=BASE, twilio_auth_token="new-one, old-one")
        )
        for token in ("new-one", "old-one"):
            channel.verify(request(signature=signed_over(BASE + PATH, token=token)))
        for token in ("new-one, old-one", "", "other"):
            with pytest.raises(Forged):
                channel.verify(request(signature=signed_over(BASE + PATH, token=token)))

    def test_without_a_token_nothing_is_genuine(self) -> None:
        channel = TwilioWhatsAppChannel(Settings(public_base_url=BASE, twilio_auth_token=" , "))
        with pytest.raises(Forged):
            channel.verify(request(signature=signed_over(BASE + PATH, token="")))


class TestAlgorithm:
    HEADER = "key=SK0123,algorithm=HMAC_SHA256"

    def test_sha256_where_the_header_says_so(self) -> None:
        pairs = [(b"Body", b"x")]
        signature = signed_over(BASE + PATH, pairs, digest=hashlib.sha256)
        r = request(
            b"Body=x", signature=signature, X_Twilio_Webhooks_Signature_Settings=self.HEADER
        )
        lower = {k.lower(): v for k, v in r.headers.items()}
        assert accepted(dataclasses.replace(r, headers=lower))
        assert not accepted(request(b"Body=x", signature=signature))

    def test_sha1_is_not_taken_for_sha256(self) -> None:
        r = request(signature=signed_over(BASE + PATH))
        headers = {**r.headers, "x-twilio-webhooks-signature-settings": self.HEADER}
        assert not accepted(dataclasses.replace(r, headers=headers))

    @pytest.mark.parametrize("header", ["algorithm=NONE", "algorithm=MD5", "algorithm=ş"])
    def test_an_algorithm_we_do_not_know(self, header: str) -> None:
        r = request(signature=signed_over(BASE + PATH))
        headers = {**r.headers, "x-twilio-webhooks-signature-settings": header}
        assert not accepted(dataclasses.replace(r, headers=headers))

    @pytest.mark.parametrize(
        "header", ["", "key=SK0123", "algorithm=", ",,=", "algorithm=hmac_sha1"]
    )
    def test_sha1_without_another_wish(self, header: str) -> None:
        r = request(signature=signed_over(BASE + PATH))
        headers = {**r.headers, "x-twilio-webhooks-signature-settings": header}
        assert accepted(dataclasses.replace(r, headers=headers))


def test_more_fields_than_twilio_sends_are_not_even_sorted() -> None:
    pairs = [(b"a%d" % i, b"") for i in range(2000)]
    body = b"&".join(name for name, _ in pairs)
    assert not accepted(request(body, signature=signed_over(BASE + PATH, pairs)))


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.text("abA_ş", min_size=1, max_size=4), st.text(max_size=20)), max_size=6)
)
def test_agrees_with_twilios_own_validator(fields: list[tuple[str, str]]) -> None:
    fields = [(k, v.encode("utf-8", "replace").decode()) for k, v in fields]
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name, []).append(value)

    class MultiDict(dict[str, list[str]]):
        def getlist(self, name: str) -> list[str]:
            return self[name]

    signature = RequestValidator(TOKEN).compute_signature(BASE + PATH, MultiDict(values))
    assert accepted(request(urlencode(fields).encode(), signature=signature))
