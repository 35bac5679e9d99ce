"""What Rasa computes anew each time though it never changes, computed once."""

from __future__ import annotations

import functools

from rasa.shared.core.events import Event

_resolved = functools.lru_cache(maxsize=None)(Event.resolve_by_type)


def install() -> None:
    """Put the shortcuts in place; doing it twice is harmless."""
    # For each event that is read back, Rasa would walk through all classes of events.
    Event.resolve_by_type = staticmethod(_resolved)  # type: ignore[method-assign,assignment]
