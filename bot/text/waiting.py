"""Words by which somebody who waits for a person says that they wait no longer."""

from __future__ import annotations

import re
from typing import Final

from bot.text.normal import clean, fold, squeeze

MAX_WORDS: Final = 10
_STOPS: Final = re.compile(
    r"\bbekle(?:miyoru[mz]|miyom|miycem|meyecegi[mz]|meyecem|mek istemiyoru[mz]|mekten vazgec\w+)\b"
    r"|\bsiradan (?:cik|ayril|sil)\w*|\bsira(?:mi|yi) (?:iptal|birak|sil)\w*"
    r"|\b(?:temsilci|kisi|gorusme)\w* (?:gerek (?:yok|kalmadi)|istemiyorum(?: artik)?|iptal)"
    r"|\bstop (?:waiting|the wait)\b|\b(?:not|wont|dont want to|no longer) wait(?:ing)?\b"
    r"|\b(?:leave|remove me from|take me out of|get out of) the (?:queue|line)\b"
    r"|\bno (?:longer )?need (?:for )?(?:an? )?(?:agent|person|human)\b"
)


def stops_waiting(text: str) -> bool:
    """Return True when a short message says that the sender no longer waits for a person.

    A complaint about the wait ("beklemekten bıktım") and a question are not caught.
    """
    words = " ".join(re.findall(r"[a-z0-9?]+", squeeze(fold(clean(text))).replace("'", "")))
    return len(words.split()) <= MAX_WORDS and "?" not in words and bool(_STOPS.search(words))
