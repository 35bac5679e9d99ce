"""Does everything agree: what customers meant, what the database holds, what the provider took?

One conversation at a time, by the database's indexes: nothing grows with the number of messages.
"""

from __future__ import annotations

import collections
import dataclasses
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from benchmarks.soak import scripts
from benchmarks.soak.ledger import Ledger
from benchmarks.soak.scripts import Step, Talk, Wish
from tests.journeys.looking import data, instant
from tests.stack import engine

_TAKEN = ("sent", "delivered", "read")  # final states of what the provider has
_ONE_OUTAGE = 60.0  # seconds: an answer comes, or the brain is restarted, before it is away again
_MESSAGES = sa.text(
    "SELECT id, uid, turn_id, direction, author, purpose, provider_message_id, text, state, ordinal, "
    "attributes, created_at FROM message WHERE conversation_id = :c ORDER BY id"
)
_TURNS = sa.text("SELECT id, state, reason FROM turn WHERE conversation_id = :c")
_TICKETS = sa.text(
    "SELECT number, intent, order_number, state, details FROM ticket WHERE conversation_id = :c "
    "ORDER BY id"
)
_TALKS = sa.text(
    "SELECT c.id, c.state, c.memory, c.unanswered FROM conversation c JOIN identity i ON "
    "i.customer_id = c.customer_id WHERE i.address = :a"
)
_DEAD = sa.text("SELECT direction, channel, kind, reason FROM dead_letter ORDER BY id LIMIT 20")
_CUSTOMERS = sa.text("SELECT count(*) FROM identity WHERE address LIKE :like")


@dataclasses.dataclass
class Found:
    """What a verification found: violations, and figures for the report."""

    violations: list[str] = dataclasses.field(default_factory=list)
    counts: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)


def verify(
    database: str, ledger: Ledger, seed: int, planned: Sequence[int], written: Sequence[int]
) -> Found:
    """Compare everything; `planned` and `written` are the messages of each customer."""
    found = Found()
    with engine(database).connect() as connection:
        for customer, count in enumerate(written):
            if count:
                talks = scripts.plan(seed, customer, planned[customer])
                _Conversation(connection, ledger, seed, customer, talks, count, found).check()
        for row in connection.execute(_DEAD):
            found.violations.append(f"a dead letter: {tuple(row)}")
        customers = connection.execute(_CUSTOMERS, {"like": f"{scripts.PHONES}%"}).scalar()
        if customers != sum(count > 0 for count in written):
            found.violations.append(f"{customers} customers, not {sum(c > 0 for c in written)}")
    return found


class _Conversation:
    """The check of one customer's conversation."""

    def __init__(
        self, connection: Any, ledger: Ledger, seed: int, customer: int, talks: Sequence[Talk],
        count: int, found: Found,
    ) -> None:
        self._connection, self._ledger, self._found = connection, ledger, found
        self._phone = scripts.phone(customer)
        steps = [step for talk in talks for step in talk.steps][:count]
        self._steps = {scripts.sid(seed, customer, n): step for n, step in enumerate(steps)}
        self._wishes: list[Wish] = []
        for talk in talks:
            count -= len(talk.steps)
            if talk.wish is not None and count >= 0:
                self._wishes.append(talk.wish)

    def check(self) -> None:
        """Look at everything of the conversation."""
        talks = self._connection.execute(_TALKS, {"a": self._phone}).all()
        if len(talks) != 1:
            self._bad(f"{len(talks)} conversations")
            return
        talk = talks[0]
        messages = self._connection.execute(_MESSAGES, {"c": talk.id}).all()
        inbound = [m for m in messages if m.direction == "in"]
        outbound = [m for m in messages if m.direction == "out"]
        self._found.counts.update({
            "messages": len(inbound), "messages sent": len(outbound), "conversations": 1,
        })
        self._check_inbound(inbound)
        self._check_turns(
            inbound, outbound, self._connection.execute(_TURNS, {"c": talk.id}).all()
        )
        self._check_provider(outbound)
        self._check_tickets(self._connection.execute(_TICKETS, {"c": talk.id}).all())
        loop = (data(talk.memory) or {}).get("active_loop")
        if talk.state != "bot" or talk.unanswered or loop:
            self._bad(f"it ended as {talk.state}, unanswered {talk.unanswered}, form {loop}")

    def _check_inbound(self, inbound: Sequence[Any]) -> None:
        """Every message is stored once, in the order in which it was written, and handled."""
        stored = [m.provider_message_id for m in inbound]
        for sid, step in self._steps.items():
            if stored.count(sid) != 1:
                self._bad(f"{step.text!r} is stored {stored.count(sid)} times")
        if extra := set(stored) - set(self._steps):
            self._bad(f"messages that nobody wrote: {sorted(extra)}")
        order = [sid for sid in self._steps if sid in set(stored)]
        if order != list(dict.fromkeys(s for s in stored if s in self._steps)):
            self._bad("the messages are stored in another order than they were written in")
        for message in inbound:
            if message.state != "handled" or not message.turn_id:
                self._bad(f"{message.text!r} is {message.state}, turn {message.turn_id}")

    def _check_turns(
        self, inbound: Sequence[Any], outbound: Sequence[Any], turns: Sequence[Any]
    ) -> None:
        """Every turn has one set of replies that answers its messages, in the order of turns."""
        states = {turn.id: turn for turn in turns}
        asked: dict[str, list[Any]] = {}
        for message in inbound:
            asked.setdefault(message.turn_id, []).append(message)
        replies: dict[str, list[Any]] = {}
        for message in outbound:
            if message.turn_id:
                replies.setdefault(message.turn_id, []).append(message)
        self._check_beside([m for m in outbound if not m.turn_id])
        self._found.counts["turns"] += len(turns)
        if set(states) != set(asked):
            self._bad(f"turns without messages, or the other way round: {set(states) ^ set(asked)}")
        for turn_id, messages in asked.items():
            turn, said = states.get(turn_id), replies.get(turn_id, [])
            if turn is None or turn.state != "answered" or not said:
                state = f"{turn.state} {turn.reason}" if turn else "missing"
                self._bad(f"the turn of {messages[0].text!r} is {state}, {len(said)} replies")
            if [m.ordinal for m in said] != list(range(len(said))):
                self._bad(f"the replies of a turn are numbered {[m.ordinal for m in said]}")
            self._check_words(messages, "\n".join(m.text for m in said))
        said_in = list(dict.fromkeys(m.turn_id for m in outbound if m.turn_id))
        ids = [m.turn_id for m in outbound if m.turn_id]
        if said_in != [t for t in asked if t in replies] or ids != sorted(ids, key=said_in.index):
            self._bad("turns are answered in another order than they were asked in")

    def _check_words(self, messages: Sequence[Any], text: str) -> None:
        for message in messages:
            step: Step | None = self._steps.get(message.provider_message_id)
            missing = [w for w in step.expects if w not in text] if step else []
            if missing:
                self._bad(f"{message.text!r} is answered without {missing}: {text!r}")

    def _check_beside(self, messages: Sequence[Any]) -> None:
        """What is said beside the turns: one line in each outage, and notices."""
        told: list[Any] = []
        for message in messages:
            notice = (data(message.attributes) or {}).get("notice")
            if message.author == "system" and notice == "outage":
                self._found.counts["outage lines"] += 1
                told.append(instant(message.created_at))
            elif message.purpose == "notice":
                self._found.counts["notices"] += 1
            else:
                self._bad(f"a message belongs to no turn: {message.text!r}")
        for before, after in itertools.pairwise(told):
            if (passed := (after - before).total_seconds()) < _ONE_OUTAGE:
                self._bad(f"told of an outage twice in {passed:.0f} s")

    def _check_provider(self, outbound: Sequence[Any]) -> None:
        """The provider took each message once, in order, and it says what we know of it."""
        held = self._ledger.sent_to(f"whatsapp:{self._phone}")
        for message in outbound:
            self._found.counts[f"finally {message.state}"] += 1
            if message.state not in _TAKEN:
                self._bad(f"a message is {message.state}: {message.text!r}")
        times = collections.Counter(h.our_id for h in held)
        for uid, count in times.items():
            if count > 1:
                self._bad(f"the provider took message {uid} {count} times")
        ours = [m.uid for m in outbound if m.state in _TAKEN]
        if list(dict.fromkeys(h.our_id for h in held)) != ours:
            self._bad("the provider took other messages than ours, or in another order")
        known = {m.uid: m for m in outbound}
        for one in held:
            row = known.get(one.our_id)
            if row is None or row.text.split() != one.body.split():
                self._bad(f"the provider took {one.body!r}, which we do not know like that")
            elif row.provider_message_id != one.sid:
                self._bad(f"a message is {one.sid} there and {row.provider_message_id} here")

    def _check_tickets(self, tickets: Sequence[Any]) -> None:
        """Each wish led to one ticket with each answer in its field, and nothing else did."""
        self._found.counts["tickets"] += len(tickets)
        got = [_as_wish(ticket) for ticket in tickets]
        if got != self._wishes:
            lost = _without(self._wishes, got)
            more = _without(got, self._wishes)
            self._bad(f"tickets: missing {lost}, not wished for {more}, or in another order")
        for ticket in tickets:
            details = data(ticket.details) or {}
            odd = {"incomplete", "later", "danger", "same_as", "taken_back_at"} & details.keys()
            if odd or ticket.state != "open":
                self._bad(f"ticket {ticket.number} is {ticket.state} with {sorted(odd)}")

    def _bad(self, what: str) -> None:
        self._found.violations.append(f"{self._phone}: {what}")


def _as_wish(ticket: Any) -> Wish:
    details = data(ticket.details) or {}
    order = ticket.order_number or details.get("order_as_given") or ""
    return Wish(
        ticket.intent, details.get("first_message", ""), details.get("details", ""), str(order),
        details.get("photo", ""),
    )


def _without(these: Iterable[Wish], those: Iterable[Wish]) -> list[Wish]:
    return list((collections.Counter(these) - collections.Counter(those)).elements())
