"""Who writes: somebody new for each message, or people who have written before."""

from __future__ import annotations

import collections
import random

# The product sends one person at most ten messages in a burst and one each six seconds after that,
# and stops a bot that answers twenty times in ten minutes: nobody writes oftener than this.
MESSAGES_EACH = 8


class People:
    """Phone numbers of one life of the driver. Never the numbers of the demo shop's customers."""

    def __init__(self) -> None:
        self._next = 350_000_000 + random.randrange(100_000_000)
        self._known: collections.deque[tuple[str, int]] = collections.deque()
        self.new = 0

    def stranger(self) -> str:
        """Return a number that never wrote."""
        self._next += 1
        self.new += 1
        return f"+905{self._next % 1_000_000_000:09d}"

    def take(self, kind: str) -> tuple[str, int]:
        """Return a number and how often it wrote; `kind` is new or same."""
        if kind == "same" and self._known:
            return self._known.popleft()
        return self.stranger(), 0

    def give_back(self, phone: str, times: int) -> None:
        """Let a person write again later, unless they have written enough."""
        if times < MESSAGES_EACH:
            self._known.append((phone, times))
