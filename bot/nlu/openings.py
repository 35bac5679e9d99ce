"""How a message opens, and its lines as one: what is looked at for wishes."""

from __future__ import annotations

import re
from typing import Final

_GREETING: Final = re.compile(
    r"(?:(?:selamun aleykum|aleykum selam|merhaba(?:lar)?|selam(?:lar)?|gunaydin|tunaydin"
    r"|(?:iyi|hayirli) (?:gunler|aksamlar|geceler|sabahlar|calismalar|isler|cumalar|pazarlar)"
    r"|kolay gelsin|hello|hi|hey|hiya|howdy|greetings|dear (?:sir|madam|team)"
    r"|good (?:morning|afternoon|evening|day))"
    r"(?: (?:hocam|abi|abla|ablacim|abicim|efendim|arkadaslar|there|all|team|guys|dilerim))?"
    r"[\s,.!:;-]*)+"
)
_WORDS: Final = re.compile(r"[^\W_]+")
_LINE_END: Final = re.compile(r"\s*\n\s*")
_STOPS: Final = ".?!,;:…"


def without_greeting(text: str) -> str:
    """Return folded text without a greeting in front; a greeting alone stays."""
    match = _GREETING.match(text)
    rest = text[match.end() :] if match else text
    return rest if _WORDS.search(rest) else text


def in_one_line(text: str) -> str:
    """Return a message in one line; a line that ends without a stop gets a ";" of its own."""
    lines = [line for line in _LINE_END.split(text.strip()) if line]
    stopped = [line if line[-1] in _STOPS else f"{line} ;" for line in lines[:-1]]
    return " ".join([*stopped, *lines[-1:]])
