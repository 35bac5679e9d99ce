"""Cutting a long text into messages that a channel accepts."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from itertools import accumulate
from typing import Final

_URL: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
# A full stop after a digit is an ordinal ("24. gün", "1. adım"), not the end of a sentence.
_BREAKS: Final = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"(?:(?<![\d.])\.|[!?…])[\"'”’)\]]*\s"),
)
_WORD_GAP: Final = re.compile(r"\s+")
_JOINER: Final = "\u200d"


def split_message(text: str, limit: int, *, utf16: bool = False) -> list[str]:
    """Return the text in order as parts of at most ``limit`` characters each.

    Cuts fall at a paragraph, else a line, else a sentence, else a word; a single word
    longer than the limit is cut between whole characters as people see them, and a URL
    only when it is itself longer than the limit. Blanks at a cut are dropped, nothing else
    is. Blank text gives ``[]``. Characters are code points, as Twilio's 1600 are;
    ``utf16`` counts UTF-16 units instead, as Telegram does. ValueError when the limit is
    below 1 (below 2 with ``utf16``).
    """
    if limit < (2 if utf16 else 1):
        raise ValueError(f"limit is too small: {limit}")
    parts, rest = [], text.strip()
    while rest:
        end = _fitting(rest, limit, utf16)
        if end == len(rest):
            parts.append(rest)
            break
        cut = _cut(rest, end)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return parts


def _fitting(text: str, limit: int, utf16: bool) -> int:
    """Return how many leading characters fit the limit."""
    if not utf16:
        return min(len(text), limit)
    ends = list(accumulate(2 if char > "\uffff" else 1 for char in text[:limit]))
    return bisect_right(ends, limit)


def _cut(text: str, end: int) -> int:
    """Return the best place, 1..end, to end a part of the text (which is longer)."""
    window = text[: end + 1]
    for pattern in _BREAKS:
        # A cut near the beginning would send a greeting as a message of its own.
        cuts = [match.end() - 1 for match in pattern.finditer(window) if match.end() - 1 > end // 4]
        if cuts:
            return cuts[-1]
    gaps = [match.start() for match in _WORD_GAP.finditer(window) if 0 < match.start() <= end]
    cut = gaps[-1] if gaps else 0
    if cut:
        return cut
    for match in _URL.finditer(text, 0, end + 1):
        if 0 < match.start() <= end:
            return match.start()
    return _character_edge(text, end)


def _character_edge(text: str, end: int) -> int:
    """Return the last place up to ``end`` that is not inside a visible character."""
    # 40 code points are more than the longest emoji sequence in use.
    for cut in range(end, max(0, end - 40), -1):
        if not _inside_character(text, cut):
            return cut
    return end


def _inside_character(text: str, cut: int) -> bool:
    before, after = text[cut - 1], text[cut]
    if before == _JOINER or after == _JOINER or before + after == "\r\n":
        return True
    if unicodedata.category(after) in ("Mn", "Me", "Mc") or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if "\U000e0020" <= after <= "\U000e007f":
        return True
    if "\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff":
        return True
    if _is_flag_letter(before) and _is_flag_letter(after):
        # Flags are pairs of letters: odd places in a run of them are inside a flag.
        start = cut
        while start and _is_flag_letter(text[start - 1]):
            start -= 1
        return (cut - start) % 2 == 1
    return False


def _is_flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
