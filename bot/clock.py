"""The product's time.

`now()` is the shop's time and what every record, promise and window is computed from. With
`DEMO=1` the settings `CLOCK` and `CLOCK_SPEED` move it: all processes share the real instant at
which the clock was set (`DESTEK_CLOCK_ORIGIN`, written by the supervisor), so they agree.

`real()` is the machine's time. Leases, pauses between bubbles and provider rate limits use it:
they guard real processes and real providers, which do not run faster because a demo does.
"""

from __future__ import annotations

import datetime as dt
import os
import time

UTC = dt.timezone.utc
_IMPORTED_AT = time.time()
# What the settings take for yes (`bot.config`, which lies above this module and is not known here).
_YES = ("1", "true", "yes", "on")


class _Shift:
    """How shop time differs from machine time; read once from the environment."""

    def __init__(self) -> None:
        self.start: float | None = None
        self.origin = _IMPORTED_AT
        self.speed = 1.0
        setting = os.environ.get("CLOCK", "")
        if (os.environ.get("DEMO") or "1").lower() not in _YES:
            return
        speed = os.environ.get("CLOCK_SPEED", "")
        if not setting and not speed:
            return
        self.origin = float(os.environ.get("DESTEK_CLOCK_ORIGIN") or _IMPORTED_AT)
        self.speed = float(speed or 1)
        if setting:
            start = dt.datetime.fromisoformat(setting.replace("Z", "+00:00"))
            if start.tzinfo is None:
                raise ValueError("CLOCK needs a zone, for example 2027-03-08T12:59:00+03:00")
            self.start = start.timestamp()
        else:
            self.start = self.origin


_shift: _Shift | None = None


def now() -> dt.datetime:
    """Return the shop's current instant, aware, in UTC."""
    global _shift
    if _shift is None:
        _shift = _Shift()
    real_now = time.time()
    if _shift.start is None:
        return dt.datetime.fromtimestamp(real_now, UTC)
    return dt.datetime.fromtimestamp(
        _shift.start + (real_now - _shift.origin) * _shift.speed, UTC
    )


def real() -> float:
    """Return the machine's time in seconds since the epoch, for leases and rate limits."""
    return time.time()


def shop_speed() -> float:
    """Return how many shop seconds pass in one real second."""
    now()
    assert _shift is not None
    return _shift.speed


def reload() -> None:
    """Read the environment again (tests and the supervisor, after they changed it)."""
    global _shift
    _shift = None
