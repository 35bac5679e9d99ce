"""A machine that answers every reply stops being answered; others are unharmed."""

from __future__ import annotations

import time

import pytest

from tests.stack import Stack


@pytest.mark.timeout(180)
def test_an_automatic_answerer_is_stopped(frail: Stack) -> None:
    """In a shop whose rate for one person does not slow the loop down before the limit does."""
    stack, robot, other = frail, "+905395000001", "+905395000002"
    stack.fake.inbound("merhaba", robot)
    answered = 0
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        sent = stack.fake.sent(robot)
        if len(sent) > answered:
            answered = len(sent)
            # A different sentence each time: a plain repeat would be caught earlier.
            stack.fake.inbound(f"Mesajınızı aldık, kaydınız {answered} en geç yarın yanıtlanır", robot)
            last = time.monotonic()
        elif answered > 5 and time.monotonic() - last > 5:
            break
        time.sleep(0.05)
    assert answered <= 22, answered
    [(state,)] = stack.rows(
        "SELECT c.state FROM conversation c JOIN customer u ON u.id = c.customer_id "
        "WHERE u.phone = :p", p=robot
    )
    assert state == "waiting"
    assert "79,90" in stack.ask("kargo ücreti ne kadar?", other)


def test_the_same_text_three_times_running_is_answered_once(stack: Stack) -> None:
    phone = "+905395000003"
    for _ in range(3):
        stack.fake.inbound("Mesajınızı aldık.", phone)
    stack.fake.wait_for(phone, 1)
    assert stack.quiet(phone, 4.0)
    assert len(stack.fake.sent(phone)) == 1
