"""The two bayrams and their eves as customers name them: ``bayramdan sonra``, ``arefe günü``.

Which days they are is asked of the caller (``HolidayName``): the dates move and are data.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final, NamedTuple

from bot.text.calendar_words import looks_back
from bot.text.reading import Reading

HolidayName = Callable[[date], tuple[str, bool] | None]
"""(Turkish name, whether only half the day) of a public holiday, or None."""

_BAYRAM: Final = re.compile(
    r"(?<![a-z])(?:(ramazan|kurban|seker) )?(bayram|arefe|arife|ramazan)(?: ?(?:tatil|gun"
    r"|hafta))?\w{0,8}(?P<side> (?:sonra|once|evvel|sonu)\w*)?"
)
_NTH: Final = {"ilk": 0, "birinci": 0, "ikinci": 1, "ucuncu": 2, "dorduncu": 3}
_NTH_DAY: Final = re.compile(r" (ilk|birinci|ikinci|ucuncu|dorduncu) gun")


class Day(NamedTuple):
    """A day or a period of days, and its place in the text."""

    first: date
    last: date
    start: int
    end: int

    @property
    def iso(self) -> str:
        """ISO 8601 date, or interval of dates."""
        first = self.first.isoformat()
        return first if self.first == self.last else f"{first}/{self.last.isoformat()}"


def find_feasts(reading: Reading, today: date, holiday: HolidayName) -> list[Day]:
    """Return bayrams: the coming one, or the last one where the sentence speaks of the past."""
    found = []
    for match in _BAYRAM.finditer(reading.folded):
        name = (match[1] or "").replace("seker", "ramazan") or (
            "ramazan" if match[2] == "ramazan" else ""
        )
        back = bool(looks_back(reading.folded, match.start(), match.end()))
        span = _bayram(today, name, back, holiday)
        if span is None or (
            match[2] == "bayram"
            and re.match(r"bayram(?:ic|paga|pasa|oren|lik)", reading.folded[match.start(2) :])
        ):
            continue
        eve, first, last = span
        side = (match["side"] or "").strip()
        nth = _NTH_DAY.match(reading.folded, match.end())
        if nth and (day := first + timedelta(_NTH[nth[1]])) <= last:
            first = last = day
        if match[2] in ("arefe", "arife"):
            first = last = eve
        elif side.startswith("sonra"):
            first = last = last + timedelta(1)
        elif side.startswith(("once", "evvel")):
            first = last = eve - timedelta(1)
        found.append(Day(first, last, match.start(), match.end()))
    return found


def _bayram(
    today: date, name: str, back: bool, holiday: HolidayName
) -> tuple[date, date, date] | None:
    """Return (eve, first day, last day) of the bayram nearest in one direction, today included."""
    step, day = timedelta(-1 if back else 1), today
    names = (name,) if name else ("ramazan", "kurban")
    for _ in range(400):
        entry = holiday(day)
        if entry is not None and not entry[1] and entry[0].casefold().startswith(names):
            break
        day += step
    else:
        return None
    first = last = day
    while (
        (entry := holiday(first - timedelta(1)))
        and not entry[1]
        and entry[0].casefold().startswith(names)
    ):
        first -= timedelta(1)
    # 19 May 2027 is the last day of Kurban Bayramı and bears the name of the other holiday.
    while (entry := holiday(last + timedelta(1))) and not entry[1]:
        last += timedelta(1)
    return first - timedelta(1), first, last
