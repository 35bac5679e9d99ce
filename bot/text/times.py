"""Times of day, resolved to ``HH:MM`` (24 hours) or, for a part of the day, ``HH:MM/HH:MM``.

``17:30``, ``17.30``, ``saat 5 buçuk``, ``beşe çeyrek var``, ``öğleden sonra``, ``5 pm``. Without a
part of the day an hour from 1 to 7 is meant in office hours: "5 buçuk" is 17:30. Local time of the
shop; nothing is known of a day here. Parts of the day are this product's own reading, wide enough
for a call to be promised within them.
"""

from __future__ import annotations

import re
from typing import Final

from bot.text.numerals import Numeral
from bot.text.reading import Found, Reading

_PARTS: Final = {
    "mesai cikis": ("17:00", "19:00"), "is cikis": ("17:00", "19:00"),
    "ogleden sonra": ("12:00", "18:00"), "ogleden once": ("09:00", "12:00"),
    "ogleden evvel": ("09:00", "12:00"), "oglenden sonra": ("12:00", "18:00"),
    "oglenden evvel": ("09:00", "12:00"), "oglenden once": ("09:00", "12:00"),
    "ogle ara": ("12:00", "14:00"), "aksam ust": ("16:00", "18:00"), "aksamust": ("16:00", "18:00"),
    "gece yari": ("00:00", "00:00"), "ikindi": ("15:00", "17:00"), "sabah": ("08:00", "12:00"),
    "oglen": ("12:00", "14:00"), "ogle": ("12:00", "14:00"), "aksam": ("18:00", "21:00"),
    "gece": ("21:00", "23:59"), "afternoon": ("12:00", "18:00"), "morning": ("08:00", "12:00"),
    "evening": ("18:00", "21:00"), "noon": ("12:00", "12:00"), "midday": ("12:00", "12:00"),
    "midnight": ("00:00", "00:00"), "lunchtime": ("12:00", "14:00"), "night": ("21:00", "23:59"),
    "tonight": ("18:00", "23:59"), "after work": ("17:00", "19:00"),
}  # fmt: skip
_PART_ENDING: Final = (
    r"(?:'?(?:ley|l[ae]r[iu]?|leri|un|[iu]n|[iu]|[ay]a|y?[ae]|s[iu]n?(?:[ae]|da)?|ki"
    r"|d[ae]n?|[iu]na?|[iu]nda?n?))?"
)
_PART: Final = re.compile(
    r"(?<![a-z])("
    + "|".join(sorted(_PARTS, key=len, reverse=True))
    + r")"
    + _PART_ENDING
    + r"(?![a-z])"
)
_GREETING: Final = re.compile(r"\b(?:good|lovely|nice|pleasant|great|iyi|hayirli|gud) $")
_GOODS: Final = re.compile(
    r" (?:lamba\w*|mod[ue]\w*|elbise\w*|krem\w*|gorus\w*|gunduz|vardiya\w*|nobet\w*|nurse"
    r"|shift|feed)"
)
_PAIR: Final = re.compile(
    r"(?<![\d.,:/-])([01]?\d|2[0-3])[:.]([0-5]\d) ?- ?([01]?\d"
    r"|2[0-3])[:.]([0-5]\d)(?![\d/]|[.:,]\d)"
)
_AND: Final = re.compile(r" (?:and|to|until|till|ile|ila|ve) | ?- ?")
_PAST_HOUR: Final = re.compile(r"\b(?:(half|quarter) (past|to)|(half)) $")
_CLOCK: Final = re.compile(
    r"(?<![\d.,:/-])([01]?\d|2[0-3])(?P<mark>[:.])([0-5]\d)(?:[:.][0-5]\d)?"
    r"(?: ?(?P<half>[ap])\.?m\b\.?)?(?![\d/-]|[.:,]\d)"
)
_ENGLISH: Final = re.compile(r" ?(?P<half>[ap])\.?m\b\.?|(?P<oclock> ?o'?clock\b)")
_NOT_A_TIME: Final = re.compile(
    r" ?(?:tl|lira|usd|eur|try|₺|\$|€|kg|gr|cm|mm|m\b|lt|litre|%|puan|k\b|star|yildiz)"
)
_SAAT_BEFORE: Final = re.compile(
    r"\b(?:saat(?:i|ler)?|saat tam|sabah|aksam|ogle(?:n|den sonra)?"
    r"|gece)(?: saat)?(?: tam)? (?:on |at )?$"
)
_AT_BEFORE: Final = re.compile(r"\b(?:at|by|before|around|until|till|past|about|after) $")
_GOES_ON: Final = re.compile(
    r"\W*$|[,.;!?)]| (?:each|every|on|in|at|or|and|if|so|when|then|but|please|pls|today"
    r"|tomorrow|tonight|would|will|is|ok|for|thanks|sharp|po|my)\b"
)
_QUARTER: Final = re.compile(
    r"'?(y?[ae]|y?[iu]) (?:(ceyrek)|(\d{1,2}|bes|on|yirmi)) (var|kala|gece|geciyor|gecerken)\b"
)
_MINUTES: Final = {"bes": 5, "on": 10, "yirmi": 20}
_HALF_WORD: Final = re.compile(r"(?<![a-z])(?:saat )?yarim(?:da|dan|a)(?![a-z])")
_DURATION: Final = re.compile(
    r"'?[a-z]{0,3}[ -]?(?:gun|saat|hafta|ay\b|ay[dil]|yil|sene|dk|dakika|day|hour|week"
    r"|month|year|min|is gun|kere|kez|defa)"
)
_COUNTED: Final = re.compile(
    r" ?(?:tl\b|lira|puan|point|adet|tane|taksit|yildiz|star|kisi|kg|gr|cm|nolu|numara"
    r"|parca|paket|kutu|%|'?[iu]nci|haziran"
    r"|ocak|subat|mart|nisan|mayis|temmuz|agustos|eylul|ekim|kasim|aralik|jan|feb|mar|apr"
    r"|may|jun|jul|aug|sep|oct|nov|dec)"
)


def find_times(reading: Reading) -> list[Found]:
    """Return ``time`` in its order; an hour and the part of the day it stands in are one."""
    folded = reading.folded
    parts = [
        (m.start(), m.end(), _PARTS[m[1]])
        for m in _PART.finditer(folded)
        if not _GREETING.search(folded, max(0, m.start() - 9), m.start())
        and not _GOODS.match(folded, m.end())
        and not (m[1] == "gece" and reading.text[m.start() + 2] in "çÇ")  # "geçe": past the hour
    ]
    exact = [*_clock_times(reading), *_spoken_hours(reading, parts)]
    for match in _HALF_WORD.finditer(folded):
        exact.append(Found("time", "12:30", match.start(), match.end()))
    found: list[Found] = []
    for time in exact:
        near = next((p for p in parts if _touches(folded, p, time)), None)
        if near is not None:
            parts.remove(near)
            value = _in_part(time.value, near[2])
            time = Found("time", value, min(time.start, near[0]), max(time.end, near[1]))
        found.append(time)
    for start, end, (first, last) in parts:
        if not any(time.start < end and start < time.end for time in found):
            found.append(Found("time", first if first == last else f"{first}/{last}", start, end))
    return sorted(found, key=lambda time: time.start)


def _clock_times(reading: Reading) -> list[Found]:
    """Return the times written in digits with minutes."""
    found = []
    for match in _PAIR.finditer(reading.folded):
        first, second = f"{int(match[1]):02d}:{match[2]}", f"{int(match[3]):02d}:{match[4]}"
        found.append(Found("time", f"{first}/{second}", match.start(), match.end()))
    for match in _CLOCK.finditer(reading.folded):
        folded = reading.folded
        if _NOT_A_TIME.match(folded, match.end()):
            continue
        if match["mark"] == ".":
            # "17.30" is a time, "12.5" is none, "03.11" may be a day: that one needs a word.
            told = _SAAT_BEFORE.search(folded, max(0, match.start() - 24), match.start())
            day_like = 1 <= int(match[3]) <= 12 and len(match[1]) <= 2
            told_after = re.match(
                r"'?(?:d[ae]|t[ae]|[ae]|y[ae]|d[ae]n|t[ae]n|te|ten)?(?: (?:gibi|civari|sular|kadar"
                r"|arasi))",
                folded[match.end() :],
            )
            if (
                not told
                and not told_after
                and not match["half"]
                and (day_like or len(match[1]) < 2)
            ):
                continue
        found.append(
            Found(
                "time",
                _hour(int(match[1]), int(match[3]), match["half"], True),
                match.start(),
                match.end(),
            )
        )
    return found


def _spoken_hours(reading: Reading, parts: list[tuple[int, int, tuple[str, str]]]) -> list[Found]:
    """Return hours without minutes, or with them in words: ``saat 5``, ``beş buçukta``, ``5 pm``."""
    folded, found, skip = reading.folded, list[Found](), -1
    for index, numeral in enumerate(reading.numerals):
        hour, half = int(numeral.value), numeral.value - int(numeral.value)
        if not 0 <= numeral.value < 24 or half not in (0, 0.5):
            continue
        if not numeral.spoken and not folded[numeral.start : numeral.end].isdigit() and not half:
            continue
        if half and not numeral.spoken and "bucuk" not in folded[numeral.start : numeral.end]:
            continue
        start, end, minutes = numeral.start, numeral.behind, 30 if half else 0
        english = _ENGLISH.match(folded, numeral.end)
        quarter = _QUARTER.match(folded, numeral.end)
        before = folded[max(0, start - 26) : start]
        told = _SAAT_BEFORE.search(before)
        if english:
            value = _hour(hour, minutes, english["half"], False)
            found.append(Found("time", value, start, english.end()))
            continue
        if quarter:
            away = 15 if quarter[2] else _MINUTES.get(quarter[3]) or int(quarter[3])
            if quarter[4] in ("var", "kala"):
                hour, minutes = (hour - 1) % 24, 60 - away
            else:
                minutes = away
            found.append(Found("time", _hour(hour, minutes, None, False), start, quarter.end()))
            continue
        if _DURATION.match(folded, numeral.end) or _COUNTED.match(folded, numeral.behind):
            continue
        past = _PAST_HOUR.search(before)
        if past and numeral.spoken:
            minutes = {"half": 30, "quarter": 15}[past[1] or past[3]]
            if past[2] == "to":
                hour, minutes = (hour - 1) % 24, 60 - minutes
            start -= len(past.group())
            found.append(Found("time", _hour(hour, minutes, None, False), start, end))
            continue
        second = _second_hour(reading, index)
        if second is not None:
            last = reading.numerals[index + 1]
            span = f"{_hour(hour, minutes, None, False)}/{_hour(second, 0, None, False)}"
            found.append(Found("time", span, start, last.behind))
            skip = index + 1
            continue
        if index == skip:
            continue
        if told or (half and _is_hour_with_half(folded, numeral)) or _is_cased_hour(reading, index):
            if told and "saat" in told.group():
                start = numeral.start
            found.append(Found("time", _hour(hour, minutes, None, False), start, end))
    return found


def _second_hour(reading: Reading, index: int) -> int | None:
    """Return the hour that ends "between nine and eleven", "10-12 arası", "onla on iki arası"."""
    if index + 1 >= len(reading.numerals):
        return None
    first, second, folded = reading.numerals[index], reading.numerals[index + 1], reading.folded
    if first.whole is None or second.whole is None or not 1 <= first.whole <= 24 >= second.whole:
        return None
    between = folded[first.end : second.start]
    joined = _AND.fullmatch(between) or re.fullmatch(r"'?y?l[ae] ", between)
    if not joined or re.match(
        r"'?[a-z]{0,2} ?(?:tl|lira|gun|is gun|ay\b|adet|kisi|day|week|month|yas|year|hafta)",
        folded[second.end :],
    ):
        return None
    opened = re.search(
        r"\bbetween (?:the hours of )?$|\bsaat\w* $", folded[max(0, first.start - 24) : first.start]
    )
    closed = re.match(r"'?[a-z]{0,3} (?:saatleri )?aras\w+", folded[second.end :])
    return second.whole if opened or closed else None


def _is_hour_with_half(folded: str, numeral: Numeral) -> bool:
    """Tell whether "beş buçuk" is a time: with a case or "gibi", or nothing else is said."""
    rest = folded[numeral.behind :]
    ending = numeral.ending.lstrip("'")
    if ending in ("ta", "tan", "a", "da", "dan"):
        return True
    return re.match(r" ?(?:gibi|civari|sular|uygun|iyi|olur|\W*$)", rest) is not None


def _is_cased_hour(reading: Reading, index: int) -> bool:
    """Tell whether a number alone is an hour by its case or preposition: "5'ten sonra", "at six"."""
    numeral, folded = reading.numerals[index], reading.folded
    hour = numeral.whole
    if hour is None or not 1 <= hour <= 23:
        return False
    ending = numeral.ending.lstrip("'")
    rest = folded[numeral.behind : numeral.behind + 14]
    if ending in ("den", "dan", "ten", "tan", "e", "a", "ye", "ya", "de", "da", "te", "ta"):
        if re.match(r" (?:sonra(?:ya|si)?|kadar|dogru|kala|gece|once|evvel)\b", rest):
            return True
        if ending not in ("de", "da", "te", "ta") or re.match(r" bir\b", rest):
            return False
        # Harmony tells "üçte" from "uçta", and "birde", "onda" are other words.
        wrong = ending[-1] == "a" and hour in (2, 3, 4, 5, 7, 8)
        return not (numeral.spoken and (hour in (1, 10) or wrong))
    if re.match(r" (?:gibi|sularinda|civarinda?)\b", rest):
        return True
    before = folded[max(0, numeral.start - 10) : numeral.start]
    if numeral.spoken and hour == 1 and before.endswith("by "):
        return False  # "one by one"
    return hour <= 12 and bool(_AT_BEFORE.search(before)) and _GOES_ON.match(rest) is not None


def _touches(folded: str, part: tuple[int, int, tuple[str, str]], time: Found) -> bool:
    """Tell whether an hour stands right beside a part of the day or within it."""
    start, end, _ = part
    if end <= time.start:
        return re.fullmatch(r",? (?:saat )?(?:tam )?(?:at )?", folded[end : time.start]) is not None
    if time.end <= start:
        return re.fullmatch(r" (?:in the |at )?", folded[time.end : start]) is not None
    return True


def _in_part(value: str, part: tuple[str, str]) -> str:
    """Return the time in the half of the day that the part names."""
    hour, minutes = int(value[:2]), value[3:5]
    late = part[0] >= "12:00" and part[0] != "21:00"
    if part[0] == "08:00" or part == ("09:00", "12:00"):
        hour = hour - 12 if hour > 12 else hour
    elif late and 1 <= hour < 12:
        hour += 12
    elif part[0] == "21:00":
        hour = hour + 12 if 6 <= hour < 12 else (hour - 12 if 12 < hour < 18 else hour)
    return f"{hour % 24:02d}:{minutes}"


def _hour(hour: int, minutes: int, half: str | None, written: bool) -> str:
    """Return ``HH:MM``; a spoken 1 to 7 without a half of the day is in the afternoon."""
    if half == "p" and hour < 12:
        hour += 12
    elif half == "a" and hour == 12:
        hour = 0
    elif half is None and not written and 1 <= hour <= 7:
        hour += 12
    return f"{hour % 24:02d}:{minutes:02d}"
