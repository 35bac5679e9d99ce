"""Traffic against a Twilio in bad weather, and what must be true of it afterwards.

The short journey and `python -m benchmarks.soak_provider` share this. Everything is looked at from
outside: what the fake accepted, what it heard, and what the product exports about its messages.
"""

from __future__ import annotations

import collections
import concurrent.futures
import dataclasses
import itertools
import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tests.fakes.twilio_model import Message, our_id_of
from tests.fakes.twilio_weather import AMBIGUOUS, Weather
from tests.stack import Stack

QUESTIONS = (
    "kargo ücreti ne kadar?", "iade süresi kaç gün?", "kapıda ödeme var mı?",
    "çalışma saatleriniz nedir?", "puan nasıl kazanılıyor?",
)
FINAL = ("sent", "delivered", "read", "failed", "not_sent")
_ARRIVED = ("delivered", "read")


def texts(person: int) -> tuple[str, str, str]:
    """Return a person's three messages; some ask the same twice and hear the same words twice."""
    first, second, third = (QUESTIONS[(person + i) % len(QUESTIONS)] for i in range(3))
    return (first, second, (third, second, first)[person % 3])


@dataclasses.dataclass
class Traffic:
    """Conversations that are or were held: phones, and the provider ids of what was written."""

    phones: list[str] = dataclasses.field(default_factory=list)
    written: list[str] = dataclasses.field(default_factory=list)
    refused: int = 0  # webhooks that were not acknowledged; the poll finds those messages

    def converse(self, stack: Stack, phone: str, person: int, pause: float) -> None:
        """Write the three messages of one person, with pauses between them (seconds)."""
        self.phones.append(phone)
        for text in texts(person):
            sid = "SM" + secrets.token_hex(16)
            self.written.append(sid)
            answer = stack.fake.inbound(text, phone, MessageSid=sid)
            self.refused += answer.status_code != 200
            time.sleep(pause)


def talk(
    stack: Stack, traffic: Traffic, phones: Iterator[str], *, seconds: float, people: float,
    pause: float, watch: Callable[[float], None] = lambda _: None,
    until: Callable[[], bool] = lambda: True,
) -> None:
    """Start conversations for so many seconds, `people` a second, and return when all have written.

    `watch` is called about twice a second with the seconds since the beginning. While `until` does
    not hold, conversations are started for up to three times as long.
    """
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(max(8, int(people * pause * 6))) as pool:
        jobs = []
        while (passed := time.monotonic() - began) < (seconds if until() else 3 * seconds):
            while len(jobs) <= passed * people:
                phone = next(phones)
                jobs.append(
                    pool.submit(traffic.converse, stack, phone, len(jobs), pause)
                )
            watch(passed)
            time.sleep(min(0.5, 1 / people))
        for job in jobs:
            job.result()


def unsettled(stack: Stack, traffic: Traffic, prefix: str) -> list[str]:
    """Return what is not over yet: messages of theirs not handled, messages of ours without an end.

    `prefix` is what the phones of this traffic begin with.
    """
    rows = stack.rows(
        "SELECT m.direction, m.state, count(*) FROM message m JOIN identity i ON "
        "i.id = m.identity_id WHERE i.address LIKE :p GROUP BY m.direction, m.state", p=prefix + "%",
    )
    counts = {(direction, state): int(count) for direction, state, count in rows}
    open_ = [
        f"{count} {state}" for (direction, state), count in sorted(counts.items())
        if direction == "out" and state not in (*FINAL, "expired")
    ]
    handled = counts.get(("in", "handled"), 0)
    if handled < len(traffic.written):
        open_.append(f"{len(traffic.written) - handled} of {len(traffic.written)} not answered")
    return open_


def exported(stack: Stack, prefix: str) -> list[dict[str, Any]]:
    """Return what `export messages` says about the conversations of these phones, oldest first."""
    done = stack.command("export", "messages", "--json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    phone_of = dict(
        stack.rows(
            "SELECT c.uid, i.address FROM conversation c JOIN identity i ON "
            "i.customer_id = c.customer_id WHERE i.address LIKE :p", p=prefix + "%",
        )  # type: ignore[arg-type]
    )
    return [
        {**line, "phone": phone_of[line["conversation"]]}
        for line in lines if line["conversation"] in phone_of
    ]


@dataclasses.dataclass
class Report:
    """What was found; `problems` is empty when all is well."""

    accepted: int = 0
    doubles: int = 0
    states: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    settled: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    again: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    problems: list[str] = dataclasses.field(default_factory=list)


def judge(stack: Stack, weather: Weather, traffic: Traffic, prefix: str) -> Report:
    """Compare what the fake accepted with what the product knows; see the parts below."""
    rows, report = exported(stack, prefix), Report()
    out = [row for row in rows if row["direction"] == "out"]
    tries: dict[str, list[Message]] = collections.defaultdict(list)
    for message in stack.fake.sent():
        if message.to.removeprefix("whatsapp:") in set(traffic.phones):
            tries[our_id_of(message.status_callback)].append(message)
            report.accepted += 1
    _all_answered(rows, traffic, report)
    for our_id in set(tries) - {row["id"] for row in out}:
        report.problems.append(f"the fake accepted {our_id}, which nobody knows")
    met: dict[str, list[str]] = collections.defaultdict(list)
    for one in weather.met:
        met[one.our_id].append(one.name)
    heard = {(sid, status) for sid, status, answer in stack.fake.callbacks.posted if answer == 200}
    for row in out:
        report.states[row["state"]] += 1
        _one_end(row, tries[row["id"]], heard, report)
        _reconciled(row, met[row["id"]], report)
    _in_order(out, tries, report)
    _one_set(out, report)
    return report


def _all_answered(
    rows: Sequence[Mapping[str, Any]], traffic: Traffic, report: Report
) -> None:
    """Each message is stored once, belongs to a turn, and is answered unless it is a repetition."""
    stored = [row for row in rows if row["direction"] == "in"]
    if sorted(row["provider_id"] for row in stored) != sorted(traffic.written):
        report.problems.append("what customers wrote is not what is stored, each once")
    answered = {row["turn"] for row in rows if row["direction"] == "out"}
    for row in stored:
        if row["turn"] in answered:
            continue
        earlier = [r["text"] for r in stored if r["phone"] == row["phone"] and r is not row]
        if not row["turn"] or row["text"] not in earlier:
            report.problems.append(f"{row['id']} has no answer: {row['text']}")


def _one_end(
    row: Mapping[str, Any], tries: Sequence[Message], heard: set[tuple[str, str]], report: Report
) -> None:
    """A message of ours was accepted at most once, but for tries that were refused before."""
    name = f"{row['id']} ({row['state']})"
    live = [m for m in tries if not m.failed_at]
    for before, after in itertools.pairwise(tries):
        if not before.failed_at or before.failed_at > after.accepted_at:
            report.doubles += 1
            report.problems.append(f"{name} was accepted twice: {before.sid}, {after.sid}")
    for message in tries:
        said = "".join(message.content_variables.values()) if message.content_sid else message.body
        if " ".join(said.split()) != " ".join(str(row["text"]).split()):
            report.problems.append(f"{name} says other words at the provider")
    if row["state"] not in FINAL:
        report.problems.append(f"{name} has no final state")
    elif row["state"] in ("failed", "not_sent"):
        if live or not row["error"]:
            report.problems.append(f"{name} arrived, or nobody says why not: {row['error']}")
    elif len(live) != 1 or live[0].sid != row["provider_id"]:
        report.problems.append(f"{name} is {row['provider_id']}, the fake has {tries}")
    elif row["state"] in _ARRIVED and live[0].status not in _ARRIVED:
        report.problems.append(f"{name} has not arrived: {live[0].status}")
    elif row["state"] == "sent" and any((live[0].sid, s) in heard for s in _ARRIVED):
        report.problems.append(f"{name} arrived, and its receipt was heard")
    if len(tries) > 1:
        report.again["as a template" if tries[-1].content_sid else "the same words"] += 1


def _reconciled(row: Mapping[str, Any], met: Sequence[str], report: Report) -> None:
    """Every call whose outcome could not be known is followed by how it became known."""
    whats = [entry["what"] for entry in row["history"]]
    ambiguous = [name for name in met if name in AMBIGUOUS]
    if ambiguous and "unknown" not in whats:
        report.problems.append(f"{row['id']} met {ambiguous}, its history is {whats}")
    for what, after in itertools.pairwise([*whats, ""]):
        if what != "unknown":
            continue
        how = {
            "receipt": "by a receipt", "found": "by a look-up that found it",
            "absent": "by a look-up that did not find it, then sent again",
        }.get(after)
        if how is None:
            report.problems.append(f"{row['id']} stayed unknown: {row['history']}")
        report.settled[how or "never"] += 1
    if whats and whats[-1] in ("unknown", "absent") and row["state"] != "not_sent":
        report.problems.append(f"{row['id']} was left open: {row['history']}")


def _in_order(
    out: Sequence[Mapping[str, Any]], tries: Mapping[str, Sequence[Message]], report: Report
) -> None:
    """Within a conversation the first acceptances come in the order in which things were said."""
    last: dict[str, int] = {}
    for row in out:
        if first := tries[row["id"]][:1]:
            if first[0].order < last.get(row["phone"], -1):
                report.problems.append(f"{row['id']} overtook what was said before it")
            last[row["phone"]] = first[0].order


def _one_set(out: Sequence[Mapping[str, Any]], report: Report) -> None:
    """A turn has one set of replies: its first, its second and so on, each once and in order."""
    ordinals: dict[str, list[int]] = collections.defaultdict(list)
    for row in out:
        if row["turn"]:
            ordinals[row["turn"]].append(row["ordinal"])
    for turn, numbers in ordinals.items():
        if numbers != list(range(len(numbers))):
            report.problems.append(f"the replies of turn {turn} are numbered {numbers}")
