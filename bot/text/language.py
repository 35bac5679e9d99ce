"""Telling Turkish from English in a short chat message.

Cheap on purpose (word lists, letters, endings): messages are a few words long, typed
without Turkish letters and full of borrowed shop words ("refund'um ne zaman"), where a
word's kind tells more than its statistics.
"""

from __future__ import annotations

import re
from typing import Final

from bot.text.language_words import (
    ENGLISH,
    ENGLISH_GRAMMAR,
    LOANS,
    NEUTRAL,
    TURKISH,
    TURKISH_GRAMMAR,
)
from bot.text.normal import clean, expand_short_forms, fold, squeeze

TURKISH_CODE: Final = "tr"
ENGLISH_CODE: Final = "en"

# A letter glued to a number or an apostrophe is a case ending, not a word.
_WORD: Final = re.compile(r"(?<![\w'])[^\W\d_]+(?:'[^\W\d_]+)?")
_URL_OR_MAIL: Final = re.compile(r"(?:https?://|www\.)\S+|\S{1,64}@\S{1,64}", re.IGNORECASE)
_TURKISH_LETTER: Final = re.compile("[çğışöüÇĞİŞÖÜ]")
_TURKISH_ENDING: Final = re.compile(
    r".{2,}(?:iyor|uyor|iyo|uyo|yorum|yorsun|yoruz|yorlar|siniz|sunuz|simiz|mis|mus|misti|medi|madi|mesi|masi"
    r"|ecek|acak|icek|icem|icam|ucam|acam|lari|leri|larim|lerim|lar|ler|imiz|umuz|iniz|unuz|inizi|dim|dum|tim|tum"
    r"|dik|duk|diniz|dunuz|nin|nun|den|dan|ten|tan|deki|daki|yim|yum|iyim|sin|sun|lik|luk|siz|suz|mek|mak|meyin"
    r"|mayin|abilir|ebilir|irmi|armi|imi|nizi|larda|lerde|lardan|lerden|iyle|imla|mizi|sana|sene)"
)
_ENGLISH_ENDING: Final = re.compile(
    r".{2,}(?:ing|tion|tions|ness|ight|ould|ough|ably|edly|fully|ously|n't|'ve|'ll|'re|'s)"
)
_LONGEST: Final = 2_000
"""Characters looked at: the first lines tell, and a pasted mail must not cost time."""


def detect_language(text: str, default: str = TURKISH_CODE) -> str:
    """Return ``"tr"`` or ``"en"``: the language of most of the message.

    Turkish on a tie. ``default`` (the conversation's language so far) when there is no
    evidence at all: only numbers, emoji, names, or words common to both.
    """
    turkish = english = 0.0
    for word in _WORD.findall(_URL_OR_MAIL.sub(" ", clean(text[:_LONGEST]))):
        weight_turkish, weight_english = _weigh(word)
        turkish += weight_turkish
        english += weight_english
    if turkish == english == 0:
        return default
    return ENGLISH_CODE if english > turkish else TURKISH_CODE


def _weigh(word: str) -> tuple[float, float]:
    """Return how much a word speaks for Turkish and for English.

    Grammar words weigh most and borrowed shop words least: "order status ne" is Turkish.
    """
    if _TURKISH_LETTER.search(word):
        # A Turkish keyboard puts its dotted capital into English words too ("Hİ").
        folded = fold(word)
        if folded not in ENGLISH and folded not in ENGLISH_GRAMMAR:
            return (1.5, 0.0)
    key = squeeze(fold(word))
    expanded = expand_short_forms(key)
    if key in NEUTRAL:
        return (0.0, 0.0)
    stem, _, ending = key.partition("'")
    if key in ENGLISH_GRAMMAR or stem + ending in ENGLISH_GRAMMAR:
        return (0.0, 1.5)
    if key in TURKISH_GRAMMAR:
        return (1.5, 0.0)
    if ending and stem in LOANS and len(ending) <= 3 and ending not in ("s", "ll", "ve", "re"):
        return (1.0, 0.0)
    if key in LOANS:
        return (0.0, 0.6)
    for part in expanded.split():
        if part in TURKISH or part in TURKISH_GRAMMAR:
            return (1.0, 0.0)
        if part in ENGLISH or part in ENGLISH_GRAMMAR:
            return (0.0, 1.0)
    if len(key) >= 5:
        if _ENGLISH_ENDING.fullmatch(key):
            return (0.0, 0.5)
        if _TURKISH_ENDING.fullmatch(key):
            return (0.8, 0.0)
        # Ends like a shop word with a Turkish ending: "refundum", "trackingi".
        if any(key.startswith(loan) for loan in LOANS if len(loan) >= 5) and re.search(
            r"[aeiu]m?$|de$|da$", key
        ):
            return (0.6, 0.0)
    return (0.0, 0.0)
