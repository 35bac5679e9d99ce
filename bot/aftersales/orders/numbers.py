"""Order numbers as people write them: keys that find `#TR-1024` from `1024`."""

from __future__ import annotations

from bot.text import search_key

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SUFFIX_LENGTH = 6  # a tracking number may be given by its last characters, at least so many


def bare_key(value: str) -> str:
    """Return the search key without the letters that a shop puts before and after its numbers."""
    return search_key(value).strip(_LETTERS).lstrip("0")


def same_number(stored: str, written: str) -> bool:
    """Tell whether a written number means a stored one, with or without prefix and suffix.

    Two different prefixes are two different numbers: `TR1024` is not `XX1024`.
    """
    key, wanted, bare = search_key(stored), search_key(written), bare_key(stored)
    if key == wanted:
        return bool(wanted)
    return bool(bare) and bare == bare_key(written) and bare in (key, wanted)


def ends_tracking(stored: str | None, written: str) -> bool:
    """Tell whether a written number is a stored tracking number or the end of it (6 or more)."""
    key, wanted = search_key(stored or ""), search_key(written)
    if len(wanted) >= SUFFIX_LENGTH:
        return key.endswith(wanted)
    return bool(wanted) and key == wanted
