"""As fast as a provider takes it, and no faster; long answers in readable parts, in order."""

from __future__ import annotations

import itertools

from tests.journeys.looking import talk
from tests.stack import Stack

AGENT = "agent1@example.com"
QUESTIONS = (
    "kargo ücreti ne kadar?", "iade süresi kaç gün?", "kapıda ödeme var mı?",
    "çalışma saatleriniz nedir?", "puan nasıl kazanılıyor?",
)


def test_more_than_ten_answers_at_once_are_paced(stack: Stack) -> None:
    """WhatsApp takes ten at once and one more every six seconds; another chat does not wait."""
    phone, other = "+905381300001", "+905381300002"
    for text in itertools.islice(itertools.cycle(QUESTIONS), 12):
        assert stack.fake.inbound(text, phone).status_code == 200
    first = stack.fake.wait_for(phone, 10, 15)
    assert "14" in stack.ask("iade süresi kaç gün?", other, timeout=4)
    sent = stack.fake.wait_for(phone, 12, 30)
    times = [m.accepted_at for m in sent]
    assert len(sent) == 12 and [m.sid for m in sent[:10]] == [m.sid for m in first[:10]]
    assert times[9] - times[0] < 5, "ten may leave at once"
    assert times[10] - times[0] > 5.5 and times[11] - times[10] > 5.5, times
    expected = itertools.islice(itertools.cycle(("79,90", "14", "49,90", "09:00", "puan")), 12)
    for message, words in zip(sent, expected, strict=True):
        assert words in message.body, message.body


def test_a_long_answer_of_a_person_comes_in_readable_parts_in_order(stack: Stack) -> None:
    phone = "+905381300003"
    stack.ask("temsilciye bağlanmak istiyorum", phone)
    uid = talk(stack, phone).uid
    stack.json("conversation", "take", uid, "--as", AGENT)
    before = len(stack.fake.sent(phone))
    sentences = [f"Bu, makinenin bakımı için {i}. adımdır; suyu boşaltıp hazneyi yıkayın." for i in
                 range(1, 91)]
    text = "\n\n".join(" ".join(sentences[i : i + 6]) for i in range(0, 90, 6))
    done = stack.command("conversation", "reply", uid, "-", "--as", AGENT, stdin=text)
    assert done.returncode == 0, done.stderr
    wanted = -(-len(text) // 1600)
    sent = [m.body for m in stack.fake.wait_for(phone, before + wanted, 15)[before:]]
    assert stack.quiet(phone, 1.0)
    sent = [m.body for m in stack.fake.sent(phone)[before:]]
    assert all(0 < len(part) <= 1600 for part in sent)
    assert "\n\n".join(sent) == text, "whole paragraphs, in order, nothing lost"
