"""The worker is killed in the middle of a send: the provider has the message, and we do not know it.

What becomes of everything else that is killed: `test_soak`, and in pairs `test_doubles`.
"""

from __future__ import annotations

import os
import signal

import pytest

from tests.journeys.pairs import of_kind
from tests.stack import Stack


@pytest.mark.timeout(120)
def test_killed_while_the_provider_takes_an_answer(frail: Stack) -> None:
    """The worker dies after Twilio took the message and before it heard so: not sent again."""
    phone = "+905381800100"
    frail.fake.fault("hang", to=phone, seconds=4)
    frail.fake.inbound("kargo ücreti ne kadar?", phone)
    frail.fake.wait_for(phone, 1, 30)
    for worker in of_kind(frail, "worker"):
        os.killpg(worker, signal.SIGKILL)
    frail.fake.inbound("iade süresi kaç gün?", phone)
    first, second = frail.fake.wait_for(phone, 2, 40)
    assert "79,90" in first.body and "14" in second.body
    assert frail.quiet(phone, 3.0)
    states = frail.rows(
        "SELECT m.state, m.provider_message_id FROM message m JOIN identity i ON "
        "i.id = m.identity_id WHERE i.address = :a AND m.direction = 'out' ORDER BY m.id", a=phone,
    )
    assert [tuple(s) for s in states] == [("delivered", first.sid), ("delivered", second.sid)]
