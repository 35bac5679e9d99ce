"""Keeping account: what customers wrote, what they were answered, and whether the two agree.

A `Writer` is a customer whose provider posts each message until it is taken (the same `MessageSid`
each time), and keeps how each try went. `check` compares what was written with what the product
exports and with what the provider was given: nothing lost, doubled, out of order or half-done.
"""

from __future__ import annotations

import collections
import concurrent.futures
import dataclasses
import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import requests

from tests.journeys.looking import wait_until
from tests.stack import Stack

PATIENCE = 15.0  # seconds that Twilio waits for a webhook's answer
_FINAL = ("handled", "sent", "delivered", "read")


class Asked(NamedTuple):
    """What a customer writes, and words that its answer must hold."""

    text: str
    words: tuple[str, ...]
    tickets: int = 0


FEE = Asked("kargo ücreti ne kadar, bir de iade süresi kaç gün?", ("79,90", "14"))
COMPLAINT = Asked(
    "mağazanızdaki görevli bana çok kaba davrandı, şikayetçiyim, ilgilenin lütfen", ("T-",), 1
)
HOURS = Asked("çalışma saatleriniz nedir?", ("09:00",))
ON_DELIVERY = Asked("kapıda ödeme var mı?", ("49,90",))
POINTS = Asked("puan nasıl kazanılıyor?", ("puan",))


class Try(NamedTuple):
    """One post of a message: HTTP status (0: no answer), seconds it took, when it ended."""

    sid: str
    status: int
    seconds: float
    ended: float


@dataclasses.dataclass
class Writer:
    """A customer, what they write, and what became of each post."""

    phone: str
    asked: Sequence[Asked]
    sids: list[str] = dataclasses.field(default_factory=list)
    tries: list[Try] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        self.sids = ["SM" + secrets.token_hex(16) for _ in self.asked]

    def write(
        self, stack: Stack, pause: float = 0.5, within: float = 90.0, again: float = 0.5
    ) -> None:
        """Write everything; each message is posted again until it is taken, in order.

        Seconds: `pause` between messages, `again` before the next try, `within` for all tries.
        """
        for asked, sid in zip(self.asked, self.sids, strict=True):
            deadline = time.monotonic() + within
            while self._post(stack, asked.text, sid) != 200:
                assert time.monotonic() < deadline, f"{asked.text} was never taken"
                time.sleep(again)
            time.sleep(pause)

    def _post(self, stack: Stack, text: str, sid: str) -> int:
        began = time.monotonic()
        status = 0
        try:
            answer = stack.fake.inbound(text, self.phone, MessageSid=sid, timeout=PATIENCE)
            status = answer.status_code
        except requests.RequestException:
            pass  # no answer: the provider keeps the message
        ended = time.monotonic()
        self.tries.append(Try(sid, status, ended - began, ended))
        return status


def people(prefix: str, count: int, *asked: Asked) -> list[Writer]:
    """Return so many customers with numbers of their own who all write the same."""
    return [Writer(f"{prefix}{i:0{13 - len(prefix)}d}", asked) for i in range(count)]


def write_all(
    stack: Stack, writers: Sequence[Writer], *beside: Callable[[], object], pause: float = 0.5,
    within: float = 90.0, again: float = 0.5,
) -> None:
    """Let everybody write at the same time, and run what happens beside it; raise what raised."""
    with concurrent.futures.ThreadPoolExecutor(len(writers) + len(beside)) as pool:
        jobs = [pool.submit(w.write, stack, pause, within, again) for w in writers]
        jobs += [pool.submit(work) for work in beside]
        for job in jobs:
            job.result()


def tries(writers: Sequence[Writer]) -> list[Try]:
    """Return every post of these people."""
    return [t for w in writers for t in w.tries]


def settle(stack: Stack, writers: Sequence[Writer], seconds: float) -> None:
    """Return once nothing that concerns these people is in the works any more."""
    phones = [w.phone for w in writers]
    wanted = sum(len(w.asked) for w in writers)
    wait_until(lambda: not _left(stack, phones, wanted), seconds, "work was left undone")


def _left(stack: Stack, phones: Sequence[str], wanted: int) -> int:
    names = {f"p{i}": phone for i, phone in enumerate(phones)}
    rows = stack.rows(
        "SELECT m.direction, m.state, count(*) FROM message m JOIN identity i ON "
        f"i.id = m.identity_id WHERE i.address IN ({', '.join(f':{n}' for n in names)}) "
        "GROUP BY m.direction, m.state", **names,
    )
    open_ = sum(n for _, state, n in rows if state not in _FINAL)
    return open_ + abs(wanted - sum(n for way, _, n in rows if way == "in"))


def exported(stack: Stack) -> list[dict[str, Any]]:
    """Return what the product says that it took and sent."""
    done = stack.command("export", "messages", "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def check(stack: Stack, writers: Sequence[Writer]) -> None:
    """Raise AssertionError unless everybody was answered, once, in order, and nothing half-done."""
    lines = exported(stack)
    for writer in writers:
        inbound = [m for m in lines if m["direction"] == "in" and m["provider_id"] in writer.sids]
        assert [m["provider_id"] for m in inbound] == writer.sids, "stored once each, in order"
        words = {a.text: a.words for a in writer.asked}
        conversation = check_replies(stack, writer.phone, inbound, lines, words)
        tickets = stack.rows(
            "SELECT count(*) FROM ticket t JOIN conversation c ON c.id = t.conversation_id "
            "WHERE c.uid = :u", u=conversation,
        )
        assert tickets[0][0] == sum(a.tickets for a in writer.asked), "one wish, one ticket"
    check_nothing_half_done(stack)


def check_refused_in_time(writers: Sequence[Writer]) -> None:
    """Raise AssertionError unless the provider heard of our failure before it would have hung up."""
    posted = tries(writers)
    assert {t.status for t in posted if t.status} == {200, 500}
    assert max(t.seconds for t in posted) < PATIENCE - 1


def check_replies(
    stack: Stack, phone: str, inbound: Sequence[Mapping[str, Any]],
    lines: Sequence[Mapping[str, Any]], words: Mapping[str, Sequence[str]],
) -> str:
    """Check the answers to a person's stored messages; return their conversation's uid.

    `lines` is the whole export, `words` says what the answer to a text must hold.
    """
    assert all(m["turn"] for m in inbound)
    [conversation] = {m["conversation"] for m in inbound}
    out = [m for m in lines if m["direction"] == "out" and m["conversation"] == conversation]
    sent = [m.sid for m in stack.fake.sent(phone)]
    assert sent == [m["provider_id"] for m in out], "what the provider took is what we know of"
    replies: dict[str, list[Mapping[str, Any]]] = collections.defaultdict(list)
    for message in out:
        if message["turn"]:
            replies[message["turn"]].append(message)
    order = list(dict.fromkeys(m["turn"] for m in inbound))
    assert list(replies) == order, "each turn is answered, in the order of the messages"
    for answers in replies.values():
        assert [m["ordinal"] for m in answers] == list(range(len(answers)))
    for message in inbound:
        text = "\n".join(m["text"] for m in replies[message["turn"]])
        for word in words[message["text"]]:
            assert word in text, (message["text"], text)
    return str(conversation)


def check_nothing_half_done(stack: Stack) -> None:
    """Raise AssertionError where one row of the whole installation speaks of work without the rest."""
    for what, statement in _HALF_DONE.items():
        found = stack.rows(statement)
        assert not found, f"{what}: {found[:5]}"


_HALF_DONE = {
    "an answered turn without a reply":
        "SELECT t.id FROM turn t WHERE t.state = 'answered' AND NOT EXISTS (SELECT 1 FROM message m "
        "WHERE m.turn_id = t.id AND m.direction = 'out')",
    "a reply of a turn that is not answered":
        "SELECT m.id FROM message m JOIN turn t ON t.id = m.turn_id WHERE m.direction = 'out' "
        "AND t.state <> 'answered'",
    "a turn without messages":
        "SELECT t.id FROM turn t WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.turn_id = t.id "
        "AND m.direction = 'in')",
    "a message that is handled and its turn is not, or the other way round":
        "SELECT m.id FROM message m JOIN turn t ON t.id = m.turn_id WHERE m.direction = 'in' "
        "AND (m.state = 'handled') <> (t.state IN ('answered', 'silent'))",
    "a conversation without an address":
        "SELECT c.id FROM conversation c WHERE c.identity_id IS NULL",
    "a conversation without a message":
        "SELECT c.id FROM conversation c WHERE NOT EXISTS (SELECT 1 FROM message m WHERE "
        "m.conversation_id = c.id) AND c.last_inbound_at IS NOT NULL",
}
