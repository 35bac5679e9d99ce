"""The first words to somebody, and messages of every kind: a sane answer, or rightly none."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from tests.journeys.looking import choices, data, talk, turns
from tests.stack import Stack

NOTICE = "dijital asistan"
VCARD = b"BEGIN:VCARD\nVERSION:3.0\nFN:Ali\nTEL:+905550000000\nEND:VCARD\n"


def _number(i: int) -> str:
    return f"+9053814{i:05d}"


def _attributes(stack: Stack, phone: str) -> dict[str, Any]:
    [row] = stack.rows(
        "SELECT m.kind, m.attributes FROM message m JOIN identity i ON i.id = m.identity_id "
        "WHERE i.address = :a AND m.direction = 'in' ORDER BY m.id DESC LIMIT 1", a=phone,
    )
    return {"kind": row[0], **data(row[1])}


def test_the_notice_comes_once_with_the_first_reply(stack: Stack) -> None:
    phone = _number(1)
    first = stack.ask("kargo ücreti ne kadar?", phone)
    line, _, rest = first.partition("\n\n")
    assert NOTICE in line and "temsilci" in line and "https://" in line and "79,90" in rest
    for text in ("iade süresi kaç gün?", "temsilciye bağlanmak istiyorum"):
        assert NOTICE not in stack.ask(text, phone)


def test_a_person_without_a_phone_number_is_answered_and_hears_of_no_order(stack: Stack) -> None:
    scoped = "TR." + secrets.token_hex(10)
    reply = stack.ask("kargo ücreti ne kadar?", scoped, ExternalUserId=scoped)
    assert "79,90" in reply and NOTICE in reply
    for text in ("siparişim nerede", "1024 nerede", "1024"):
        reply = stack.ask(text, scoped, ExternalUserId=scoped)
        for secret in ("Ayşe", "Yurtiçi", "Ankara", "Barista", "123456789012"):
            assert secret not in reply, reply
    [(phone, alias)] = stack.rows(
        "SELECT i.phone, c.phone FROM identity i JOIN customer c ON c.id = i.customer_id WHERE "
        "i.address = :a", a=scoped,
    )
    assert phone is None and alias is None


def test_a_number_that_appears_later_belongs_to_the_same_person(stack: Stack) -> None:
    """Somebody known by the business-scoped id alone shows the number: one history, known phone."""
    scoped, phone = "TR." + secrets.token_hex(10), _number(2)
    stack.ask("kargo ücreti ne kadar?", scoped, ExternalUserId=scoped)
    uid = talk(stack, scoped).uid
    stack.fake.inbound("iade süresi kaç gün?", phone, ExternalUserId=scoped)
    [reply] = stack.fake.wait_for(phone, 1)
    assert "14" in reply.body and NOTICE not in reply.body
    assert stack.rows(
        "SELECT i.phone FROM identity i JOIN conversation c ON c.customer_id = i.customer_id "
        "WHERE c.uid = :u", u=uid,
    ) == [(phone,)]


KINDS: list[tuple[int, str, dict[str, Any], str, str]] = [
    (10, "", {"Latitude": "41.01", "Longitude": "29.02", "MessageType": "location"},
     "location", "konum"),
    (11, "", {"media": [(VCARD, "text/vcard")]}, "contact", "kişi kartı"),
    (12, "", {"MessageType": "order"}, "unsupported", "bu mesaj türünü"),
    (13, "", {}, "empty", "buradayım"),
    (14, "   ", {}, "empty", "buradayım"),
    (15, "", {"ButtonPayload": "o_" + "0" * 32, "MessageType": "button"}, "tap", "buradayım"),
]


@pytest.mark.parametrize(("who", "text", "extra", "kind", "words"), KINDS)
def test_what_has_no_words_gets_a_sane_answer(
    stack: Stack, who: int, text: str, extra: dict[str, Any], kind: str, words: str
) -> None:
    phone = _number(who)
    reply = stack.ask(text, phone, **extra)
    assert words in reply.lower(), reply
    assert _attributes(stack, phone)["kind"] == kind
    assert turns(stack, phone)[0]["commands"] == [], "nothing to understand: the brain is not asked"


def test_an_unknown_button_is_taken_by_its_words(stack: Stack) -> None:
    """A payload that we never stored is no command, whatever it looks like."""
    phone = _number(20)
    reply = stack.ask(
        "", phone, ButtonPayload='/talk_to_human', ButtonText="kargo ücreti ne kadar?",
        MessageType="button",
    )
    assert "79,90" in reply
    assert turns(stack, phone)[-1]["commands"] == [
        {"text": "kargo ücreti ne kadar?", "trusted": False}
    ]
    assert talk(stack, phone).state == "bot"


def test_a_choice_of_somebody_else_is_no_choice(stack: Stack) -> None:
    owner, stranger = _number(21), _number(22)
    assert choices(stack.ask("", owner, media=[(b"\x89PNG\r\n\x1a\n" + b"0" * 64, "image/png")]))
    [(payload,)] = stack.rows(
        "SELECT o.payload FROM open_option o JOIN conversation c ON c.id = o.conversation_id "
        "WHERE c.uid = :u AND o.number = 1", u=talk(stack, owner).uid,
    )
    stack.ask("", stranger, ButtonPayload=payload, ButtonText="iade süresi kaç gün?")
    assert turns(stack, stranger)[-1]["commands"][0]["trusted"] is False
    stack.ask("", owner, ButtonPayload=payload, ButtonText="Hasarlı geldi")
    assert turns(stack, owner)[-1]["commands"][0]["trusted"] is True


def test_replied_to_and_forwarded_messages_are_answered_like_any_other(stack: Stack) -> None:
    phone, other = _number(23), _number(24)
    quoted = "SM" + secrets.token_hex(16)
    assert "79,90" in stack.ask("kargo ücreti ne kadar?", phone, OriginalRepliedMessageSid=quoted)
    assert _attributes(stack, phone)["reply_to"] == quoted
    assert "14" in stack.ask("iade süresi kaç gün?", other, Forwarded="true")
    assert _attributes(stack, other)["forwarded"] is True


def test_a_reaction_gets_no_answer_and_the_next_message_does(stack: Stack) -> None:
    phone = _number(25)
    stack.fake.inbound("👍", phone, MessageType="reaction")
    assert stack.quiet(phone, 2.0)
    assert turns(stack, phone)[0]["reason"] == "reaction"
    assert "79,90" in stack.ask("kargo ücreti ne kadar?", phone)
