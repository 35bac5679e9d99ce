"""What failed for good: listed with its reason, tried again by command, and then gone.

Every kind but one: what nobody understands is understood by later code only, and so it is tried in
`tests/gateway/test_dead_letters.py`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from tests.journeys.looking import talk, wait_until
from tests.stack import Stack, engine

PNG = b"\x89PNG\r\n\x1a\n" + b"7" * 150
QUESTION, ANSWER = "kargo ücreti ne kadar?", "79,90"
POISON, PICTURE, NOWHERE, REFUSED, UNDELIVERED, HOPELESS, ARRIVED, LOST = (
    f"+90538400000{i}" for i in range(8)
)


def _change(stack: Stack, statement: str, **values: Any) -> None:
    with engine(stack.database).begin() as connection:
        connection.execute(sa.text(statement), values)


def _letters(stack: Stack, *extra: str) -> list[dict[str, Any]]:
    found = stack.json("dead-letters", "list", *extra)
    return found if isinstance(found, list) else [found]


def _wait_for(stack: Stack, phone: str, kind: str) -> dict[str, Any]:
    """Return the one letter of a person's conversation, once there is one."""
    uid = talk(stack, phone).uid
    found: list[dict[str, Any]] = []

    def there() -> bool:
        found[:] = [x for x in _letters(stack) if x["conversation"] == uid]
        return bool(found)

    wait_until(there, 25, f"no letter {kind}")
    [letter] = found
    assert letter["kind"] == kind and letter["reason"] and letter["replayed_at"] is None
    return letter


def _retry(stack: Stack, letter: dict[str, Any], says: str) -> None:
    done = stack.command("dead-letters", "retry", str(letter["id"]))
    assert done.returncode == 0 and says in done.stdout, done.stdout + done.stderr
    [tried] = [x for x in _letters(stack, "--all") if x["id"] == letter["id"]]
    assert tried["replayed_at"]


@contextlib.contextmanager
def _refusing(stack: Stack, text: str) -> Iterator[None]:
    """Let the database refuse one message, as a bug of ours would."""
    _change(stack, f"CREATE TRIGGER refusing BEFORE INSERT ON message WHEN new.text = '{text}' "
                   "BEGIN SELECT RAISE(ABORT, 'refused'); END")
    try:
        yield
    finally:
        _change(stack, "DROP TRIGGER refusing")


def _polled(stack: Stack, times: int) -> None:
    """Wait until the poll for missed messages has come again, so many times."""
    polls = stack.fake.api_requests["GET Messages"] + times
    wait_until(lambda: stack.fake.api_requests["GET Messages"] >= polls, 20, "no polls")


def test_a_message_that_could_not_be_taken_in(frail: Stack) -> None:
    text = "çalışma saatleriniz nedir acaba"
    with _refusing(frail, text):
        assert frail.fake.inbound(text, POISON).status_code == 500

        def mine() -> list[dict[str, Any]]:
            return [x for x in _letters(frail) if x["kind"] == "IntegrityError"]

        kept = "SELECT count(*) FROM dead_letter WHERE kind = 'IntegrityError'"
        wait_until(lambda: frail.rows(kept)[0][0], 15, "it is nowhere")
        _polled(frail, 2)  # each of which finds it again
        [letter] = mine()
        assert letter["direction"] == "in" and letter["reason"]
        done = frail.command("dead-letters", "retry", str(letter["id"]))
        assert done.returncode == 1 and "kept" in done.stdout and "Traceback" not in done.stderr
        assert mine() == [letter]
        frail.fake.fault("error", on="list", for_seconds=120)  # or a poll is faster than we are
        _polled(frail, 2)  # the first of them may have been answered before that
    try:
        _retry(frail, letter, "1 new message")
    finally:
        frail.fake.clear_faults()
    assert "09:00" in frail.fake.wait_for(POISON, 1)[0].body
    assert frail.quiet(POISON, 0.5) and len(frail.fake.sent(POISON)) == 1
    again = frail.command("dead-letters", "retry", str(letter["id"]))
    assert again.returncode == 1 and "tried again already" in again.stdout
    assert letter["id"] not in [x["id"] for x in _letters(frail)]


def test_a_file_that_was_not_there(frail: Stack) -> None:
    frail.fake.fault("error", on="cdn", status=404)
    frail.fake.inbound("ürün kırık geldi", PICTURE, media=[(PNG, "image/png")])
    letter = _wait_for(frail, PICTURE, "media_failed")
    _retry(frail, letter, "fetched again")
    query = (
        "SELECT a.path FROM attachment a JOIN message m ON m.id = a.message_id JOIN identity i ON "
        "i.id = m.identity_id WHERE i.address = :a AND a.state = 'stored'"
    )
    wait_until(lambda: frail.rows(query, a=PICTURE), 15, "still not fetched")
    [(path,)] = frail.rows(query, a=PICTURE)
    assert (frail.folder / "var" / "media" / path).read_bytes() == PNG


@pytest.mark.parametrize(
    ("phone", "code", "later"), [(NOWHERE, 63024, False), (REFUSED, 63032, False),
                                 (UNDELIVERED, 63032, True)],
)
def test_an_answer_that_the_provider_refused(
    frail: Stack, phone: str, code: int, later: bool
) -> None:
    """Refused at once, also with a code that marks the address as dead, or reported later."""
    if later:
        frail.fake.fail_delivery(phone, code)
    else:
        frail.fake.fault("refuse", to=phone, status=400, code=code)
    frail.fake.inbound(QUESTION, phone)
    letter = _wait_for(frail, phone, "undelivered" if later else "send_failed")
    assert str(code) in letter["reason"] and letter["direction"] == "out"
    before = len(frail.fake.sent(phone))
    _retry(frail, letter, "queued again")
    assert ANSWER in frail.fake.wait_for(phone, before + 1)[-1].body
    frail.fake.callbacks.wait()
    query = (
        "SELECT m.state FROM message m JOIN identity i ON i.id = m.identity_id WHERE "
        "i.address = :a AND m.direction = 'out'"
    )
    wait_until(lambda: frail.rows(query, a=phone) == [("delivered",)], 10, "not delivered, or twice")
    assert frail.quiet(phone, 0.5) and len(frail.fake.sent(phone)) == before + 1


def test_an_answer_of_which_nobody_knew_whether_it_had_arrived(frail: Stack) -> None:
    """Looked up once more: what the provider has is not sent again, what it never got is sent."""
    fake, query = frail.fake, (
        "SELECT m.id, m.state FROM message m JOIN identity i ON i.id = m.identity_id WHERE "
        "i.address = :a AND m.direction = 'out'"
    )
    plan, fake.callbacks.plan = fake.callbacks.plan, ()  # a receipt would tell
    try:
        for phone, kind in ((ARRIVED, "drop"), (LOST, "drop_before")):
            fake.fault(kind, to=phone)
            fake.fault("error", on="list", to=phone, for_seconds=120)
            fake.inbound(QUESTION, phone)
        for phone in (ARRIVED, LOST):
            wait_until(lambda p=phone: [s for _, s in frail.rows(query, a=p)] == ["unknown"], 10,
                       "its outcome is known")
            _change(  # instead of a day without an answer
                frail, "UPDATE message SET attributes = json_set(attributes, '$.asked_since', "
                "'2026-01-01T00:00:00+00:00') WHERE id = :i", i=frail.rows(query, a=phone)[0][0],
            )
        letters = {phone: _wait_for(frail, phone, "outcome_unknown") for phone in (ARRIVED, LOST)}
        assert not fake.sent(LOST)
    finally:
        fake.clear_faults()
        fake.callbacks.plan = plan
    for phone, letter in letters.items():
        _change(  # by then "not there" is an answer
            frail, "UPDATE message SET sent_at = strftime('%Y-%m-%d %H:%M:%f', sent_at, "
            "'-60 seconds') WHERE id = :i", i=frail.rows(query, a=phone)[0][0],
        )
        _retry(frail, letter, "looked up again")
    assert ANSWER in fake.wait_for(LOST, 1)[0].body
    for phone in letters:
        wait_until(lambda p=phone: frail.rows(query, a=p)[0][1] in ("sent", "delivered"), 15,
                   "not settled")
    assert frail.quiet(ARRIVED, 0.5) and [len(fake.sent(p)) for p in letters] == [1, 1]


def test_a_turn_that_the_brain_could_not_answer(frail: Stack) -> None:
    frail.ask("çalışma saatleriniz nedir?", HOPELESS)
    uid = talk(frail, HOPELESS).uid
    spoiled = '{"saved_at": "never"}'  # as a bug of ours could leave it behind
    _change(frail, "UPDATE conversation SET memory = :m WHERE uid = :u", m=spoiled, u=uid)
    frail.fake.inbound(QUESTION, HOPELESS)
    query = (
        "SELECT t.id FROM turn t JOIN conversation c ON c.id = t.conversation_id WHERE c.uid = :u "
        "AND t.state = 'open' AND t.attempts > 0"
    )
    wait_until(lambda: frail.rows(query, u=uid), 10, "it does not fail")
    [(turn,)] = frail.rows(query, u=uid)
    # Instead of a minute and a half of tries.
    _change(frail, "UPDATE turn SET attempts = 19, started_real = started_real - 60 WHERE id = :t",
            t=turn)
    letter = _wait_for(frail, HOPELESS, "unanswerable_turn")
    assert talk(frail, HOPELESS).state == "waiting"
    before = len(frail.fake.sent(HOPELESS))
    _change(frail, "UPDATE conversation SET memory = '{}' WHERE uid = :u", u=uid)
    _retry(frail, letter, "asked again")
    assert ANSWER in frail.fake.wait_for(HOPELESS, before + 1)[-1].body
    assert frail.quiet(HOPELESS, 1.0) and len(frail.fake.sent(HOPELESS)) == before + 1
