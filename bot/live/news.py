"""What one process tells the others over Redis: ids and names of lists, never a word of anybody."""

from __future__ import annotations

import dataclasses
import json

CHANNEL = "destek:live"
INBOX, TICKETS = "inbox", "tickets"
LISTS = frozenset({INBOX, TICKETS})


@dataclasses.dataclass(frozen=True)
class News:
    """Conversations (row ids) and lists that look different, and users who signed out."""

    conversations: frozenset[int] = frozenset()
    lists: frozenset[str] = frozenset()
    signed_out: frozenset[int] = frozenset()
    everything: bool = False  # what changed is not known: all of it may have

    def encode(self) -> str:
        """Return the text that travels."""
        return json.dumps(
            [sorted(self.conversations), sorted(self.lists), sorted(self.signed_out),
             self.everything],
            separators=(",", ":"),
        )

    @classmethod
    def decode(cls, data: bytes | str) -> News:
        """Return what a text says; anything that can not be read means that all may have changed."""
        try:
            conversations, lists, signed_out, everything = json.loads(data)
            return cls(
                frozenset(int(c) for c in conversations), frozenset(lists) & LISTS,
                frozenset(int(u) for u in signed_out), bool(everything),
            )
        except (ValueError, TypeError):
            return cls(everything=True)
