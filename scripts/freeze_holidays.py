"""Write bot/holidays_tr.csv: Turkish public holidays and half days, frozen.

Run by hand (``python scripts/freeze_holidays.py``) when a new year is needed, and read the
difference before committing it: a date in this file can be a date in a promise. The
product reads the file and never the library, so that an update of the library can not
shift a promise that was made. Source: the ``holidays`` package, whose religious dates
follow Diyanet's calendar; law no. 2429 gives the fixed ones and the half days from 13:00.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from holidays import country_holidays

FIRST_YEAR, LAST_YEAR = 2024, 2032
# The names follow the machine's locale unless the language is given.
LANGUAGES = ("tr", "en_US")
TARGET = Path(__file__).resolve().parent.parent / "bot" / "holidays_tr.csv"


def rows(
    first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR
) -> list[tuple[str, str, str, str]]:
    """Return (ISO date, ``full`` or ``half``, Turkish name, English name), sorted by date."""
    result = []
    for kind, category in (("full", "public"), ("half", "half_day")):
        years = range(first_year, last_year + 1)
        turkish, english = (
            country_holidays("TR", years=years, language=language, categories=(category,))
            for language in LANGUAGES
        )
        result += [(day.isoformat(), kind, turkish[day], english[day]) for day in turkish]
    return sorted(result)


def main() -> int:
    """Write the file and say how many rows it has."""
    table = rows()
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("date", "kind", "name_tr", "name_en"))
        writer.writerows(table)
    print(f"{TARGET}: {len(table)} rows, {FIRST_YEAR}-{LAST_YEAR}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
