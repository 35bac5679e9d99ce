"""Bad weather for the Twilio fake: each request meets a fault with a set probability.

Every choice is drawn from the seed, the person and how many requests about that person came before,
never from the order of threads: one seed gives one person one fate, whatever else happens at once.
"""

from __future__ import annotations

import collections
import dataclasses
import random
import threading
from collections.abc import Mapping, Sequence

from tests.fakes.twilio_model import Fault, Message, Step

# More than the ten seconds after which the product stops to wait for an answer.
HANG = 10.6

# What can happen to a call that sends: the fault, and the seconds or status that belong to it.
_SENDS: Mapping[str, Mapping[str, float | str]] = {
    "rate_limit": {"kind": "rate_limit"},  # 429 that names no time
    "rate_limit_wait": {"kind": "rate_limit", "retry_after": 2.0},
    "error": {"kind": "error", "status": 500},
    "unavailable": {"kind": "error", "status": 503},
    "error_after_accepting": {"kind": "error_after_accepting", "status": 500},
    "hang": {"kind": "hang"},  # for HANG seconds, as all that hangs
    "hang_before": {"kind": "hang_before"},
    "accept_late": {"kind": "accept_late"},
    "drop": {"kind": "drop"},
    "drop_before": {"kind": "drop_before"},
    "garbage": {"kind": "garbage"},
}
# After these the caller can not know whether the message was taken.
AMBIGUOUS = frozenset(_SENDS) - {"rate_limit", "rate_limit_wait"}

# What can become of a message that was accepted.
_FATES = (
    "early",  # its receipts come before the send call returns
    "early_window",  # so does 63016
    "reversed",  # delivered before sent
    "doubled",  # every receipt comes twice
    "late",  # receipts after some seconds
    "lost",  # delivered, but no receipt ever comes
    "window",  # sent, and seconds later 63016
    "dead_address",  # sent, and seconds later 63024
    "refused",  # sent, and seconds later 63032
    "refused_unheard",  # the same, but the receipt is lost
    "busy",  # sent, and seconds later 63018: the same words may pass later
)
_CODES = {
    "early_window": 63016, "window": 63016, "dead_address": 63024, "refused": 63032,
    "refused_unheard": 63032, "busy": 63018,
}

# What can happen to a look-up, be it a list or one message.
_LOOKS: Mapping[str, Mapping[str, float | str]] = {
    "look_error": {"kind": "error", "status": 500},
    "look_rate_limit": {"kind": "rate_limit"},
    "look_drop": {"kind": "drop_before"},
    "look_slow": {"kind": "slow", "seconds": 2.0},
    "look_hang": {"kind": "slow"},
}

SHARES: Mapping[str, float] = {
    "rate_limit": 0.04, "rate_limit_wait": 0.04, "error": 0.03, "unavailable": 0.02,
    "error_after_accepting": 0.04, "hang": 0.02, "hang_before": 0.015, "accept_late": 0.015,
    "drop": 0.04, "drop_before": 0.02, "garbage": 0.04,
    "early": 0.10, "early_window": 0.02, "reversed": 0.10, "doubled": 0.10, "late": 0.10,
    "lost": 0.12, "window": 0.04, "dead_address": 0.02, "refused": 0.02, "refused_unheard": 0.02,
    "busy": 0.01,
    "look_error": 0.08, "look_rate_limit": 0.08, "look_drop": 0.04, "look_slow": 0.08,
    "look_hang": 0.03,
    "silent": 0.4,  # after a call whose outcome can not be known, no receipt comes either
    "lag": 0.5,  # a fresh message shows up in lists only after up to LAG seconds
}  # fmt: skip
LAG = 8.0
LATE = (1.0, 5.0)  # seconds from one receipt to the next that is late


@dataclasses.dataclass(frozen=True)
class Met:
    """One thing that happened: its name in SHARES, whom and which message of the product it hit."""

    name: str
    to: str
    our_id: str


class Weather:
    """What each request meets. `shares` replaces SHARES; what it does not name does not happen."""

    def __init__(self, seed: int, shares: Mapping[str, float] | None = None) -> None:
        self._shares = dict(SHARES if shares is None else shares)
        known = {*_SENDS, *_FATES, *_LOOKS, "silent", "lag"}
        if unknown := set(self._shares) - known:
            raise ValueError(f"no such weather: {', '.join(sorted(unknown))}")
        self._seed = seed
        self._counts: collections.Counter[tuple[str, str]] = collections.Counter()
        self._troubled: set[str] = set()  # the product's ids of messages whose last call was lost
        self._lock = threading.Lock()
        self.met: list[Met] = []

    def calm(self) -> None:
        """Let nothing go wrong any more; what was planned still happens."""
        self._shares.clear()

    def counts(self) -> collections.Counter[str]:
        """Return how often each thing happened so far."""
        with self._lock:
            return collections.Counter(m.name for m in self.met)

    def fault(self, on: str, to: str, our_id: str) -> Fault | None:
        """Return what a request meets: `on` is send, list or message."""
        table = _SENDS if on == "send" else _LOOKS if on in ("list", "message") else {}
        if not table:
            return None
        name = self._draw("send" if on == "send" else "look", to, our_id, tuple(table))
        if on == "send":
            (self._troubled.add if name in AMBIGUOUS else self._troubled.discard)(our_id)
        return _fault(on, to, table[name]) if name else None

    def fate(self, message: Message, our_id: str) -> tuple[Sequence[Step], bool] | None:
        """Decide what becomes of an accepted message; return its receipts and whether early.

        None: nothing special. Sets the message's error code and how long lists do not show it.
        """
        rng = self._generator("lag", message.to)
        if rng.random() < self._shares.get("lag", 0.0):
            message.listed_at = message.accepted_at + rng.uniform(0.5, LAG)
            self._note("lag", message.to, our_id)
        rng = self._generator("seconds", message.to)
        if our_id in self._troubled and rng.random() < self._shares.get("silent", 0.0):
            self._note("silent", message.to, our_id)
            return _steps("lost", rng), False
        # A template or a dead window: 63016 says nothing about a template.
        names = tuple(n for n in _FATES if not (message.content_sid and _CODES.get(n) == 63016))
        name = self._draw("fate", message.to, our_id, names)
        if not name:
            return None
        message.error_code = _CODES.get(name)
        return _steps(name, rng), name.startswith("early")

    def _draw(self, what: str, to: str, our_id: str, names: Sequence[str]) -> str:
        chance = self._generator(what, to).random()
        for name in names:
            chance -= self._shares.get(name, 0.0)
            if chance < 0:
                self._note(name, to, our_id)
                return name
        return ""

    def _generator(self, what: str, to: str) -> random.Random:
        with self._lock:
            self._counts[what, to] += 1
            return random.Random(f"{self._seed} {what} {to} {self._counts[what, to]}")

    def _note(self, name: str, to: str, our_id: str) -> None:
        with self._lock:
            self.met.append(Met(name, to, our_id))


def _fault(on: str, to: str, facts: Mapping[str, float | str]) -> Fault:
    retry_after = facts.get("retry_after")
    return Fault(
        str(facts["kind"]), on, 1, float("inf"), to, float(facts.get("seconds", HANG)),
        float(retry_after) if retry_after is not None else None,
        int(facts.get("status", 500)), 20500,
    )  # fmt: skip


def _steps(name: str, rng: random.Random) -> Sequence[Step]:
    soon, later = rng.uniform(0.0, 0.3), rng.uniform(*LATE)
    if name in ("early", "doubled"):
        times = 2 if name == "doubled" else 1
        return [Step(w, 0.0, times) for w in ("sent", "delivered")]
    if name == "early_window":
        return [Step("failed", 0.0)]
    if name == "reversed":
        return [Step(word, soon) for word in ("read", "delivered", "sent")]
    if name == "late":
        return [Step("sent", later), Step("delivered", later)]
    if name == "lost":
        return [Step("sent", soon, 0), Step("delivered", soon, 0)]
    failed = rng.choice(("failed", "undelivered"))
    heard = 0 if name == "refused_unheard" else 1
    return [Step("sent", soon, heard), Step(failed, later, heard)]
