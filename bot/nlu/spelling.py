"""Turkish letters given back to words typed without them, as the training sentences spell them.

People type "siparis" and "degisim"; the sentence encoder knows "sipariş" and "değişim". A shop's
words are few, and its own training sentences hold nearly all of them in both spellings, so what
was seen there is what is restored; a word that was not stays as it was typed.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

from bot.nlu.features import shortened, without_emoji
from bot.text import clean, detect_language, fold, normalise

_WORD: Final = re.compile(r"[^\W\d_]+")
_TURKISH: Final = re.compile("[çğışöü]")
_LOWER: Final = str.maketrans("İI", "iı")


def learned(texts: Iterable[str]) -> dict[str, str]:
    """Return folded word -> its most frequent spelling in texts that have Turkish letters."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        lower = clean(text).translate(_LOWER).lower()
        if _TURKISH.search(lower):
            for word in _WORD.findall(lower):
                seen[fold(word)][word] += 1
    # Of two as frequent the first in the alphabet, whatever the order of the texts.
    best = {key: min(found.items(), key=lambda item: (-item[1], item[0]))[0]
            for key, found in seen.items()}  # fmt: skip
    return {key: word for key, word in sorted(best.items()) if word != key}


def repaired(text: str, spellings: dict[str, str]) -> str:
    """Return a text in lower case, short forms written out, Turkish letters restored.

    What has no letters that can be folded (another script, emoji) stays as it is: the encoder may
    know it.
    """
    plain = without_emoji(normalise(shortened(text))) or clean(shortened(text)).strip()
    if detect_language(text) != "tr":
        return plain
    return _WORD.sub(lambda match: spellings.get(match.group(), match.group()), plain)
