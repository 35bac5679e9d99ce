"""Once, in order, everybody: repeats, bursts and crowds."""

from __future__ import annotations

import concurrent.futures
import secrets

from tests.stack import FATMA, Stack


def _number(i: int) -> str:
    return f"+9053990{i:05d}"


def test_ten_copies_of_one_webhook_make_one_turn_and_one_reply(stack: Stack) -> None:
    phone = _number(1)
    sid = "SM" + secrets.token_hex(16)
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        codes = list(
            pool.map(
                lambda _: stack.fake.inbound("kargo ücreti ne kadar", phone, MessageSid=sid)
                .status_code,
                range(10),
            )
        )
    assert codes == [200] * 10
    stack.fake.wait_for(phone, 1)
    assert stack.quiet(phone, 2.0)
    assert len(stack.fake.sent(phone)) == 1
    turns = stack.rows(
        "SELECT DISTINCT m.turn_id FROM message m WHERE m.provider_message_id = :s", s=sid
    )
    assert len(turns) == 1


def test_ten_messages_of_one_person_are_answered_in_order(stack: Stack) -> None:
    phone = _number(2)
    questions = [
        ("kargo ücreti ne kadar?", "79,90"), ("iade süresi kaç gün?", "14"),
        ("kapıda ödeme var mı?", "49,90"), ("çalışma saatleriniz nedir?", "09:00"),
        ("puan nasıl kazanılıyor?", "puan"),
    ] * 2
    for text, _ in questions:
        assert stack.fake.inbound(text, phone).status_code == 200
    replies = [m.body for m in stack.fake.wait_for(phone, len(questions), 30)]
    assert len(replies) == len(questions)
    for (text, expected), reply in zip(questions, replies, strict=True):
        assert expected in reply, (text, reply)


def test_two_hundred_conversations_at_once_are_all_answered(stack: Stack) -> None:
    phones = [_number(1000 + i) for i in range(200)]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        codes = list(
            pool.map(lambda p: stack.fake.inbound("iade süresi kaç gün", p).status_code, phones)
        )
    assert codes == [200] * 200
    for phone in phones:
        replies = stack.fake.wait_for(phone, 1, 60)
        assert len(replies) == 1 and "14" in replies[0].body


def test_bubbles_of_one_thought_get_one_answer(stack: Stack) -> None:
    """'slm' / 'kolay gelsn' / 'bi sorum olcaktı' / question: answered once."""
    for text in ("slm", "kolay gelsn", "bi sorum olcaktı", "kargo ücreti ne kadar"):
        stack.fake.inbound(text, FATMA)
    [reply] = stack.fake.wait_for(FATMA, 1)
    assert "79,90" in reply.body
    assert stack.quiet(FATMA, 3.0)
