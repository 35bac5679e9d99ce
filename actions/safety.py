"""Words after which nothing else matters: somebody may be in danger from a product.

Matched on the folded text, in both languages. They are wide on purpose: a person who looks once for
nothing costs little.
"""

from __future__ import annotations

import re
from typing import Final

from bot.text import clean, fold

_WORDS: Final = (
    # smoke, fire, sparks, explosion
    r"duman(?!li\b)", r"yangin\b", r"alev(?:ler|i|lendi)?\b", r"alev al", r"tutus(?:tu|uyor)",
    r"kivilcim", r"patla(?:di|yor|yacak|mis\b(?! misir)|ma\b)", r"smok(?:e|ing|ed)\b",
    r"fire\b(?! stick| tv)", r"flames?\b", r"spark(?:s|ed|ing)?\b", r"explo(?:d|s)",
    # electric shock
    r"carp(?:ti|iyo|il)", r"elektrik (?:kacag|kacir)", r"shock(?:ed|s)?\b", r"electrocut",
    # gas
    r"gaz (?:kok|kacag|kacir|siz)", r"gas (?:smell|leak)",
    r"smell(?:s|ed|ing)? (?:of |like )?(?:gas|burning)",
    # burns, and parts that melt or swell
    r"yanik\b", r"yandim\b", r"(?:elim|elimi|eli|parmagi\w*|yuzu\w*|cocu\w*) (?:yandi|yakti)",
    r"(?:priz|fis|kablo|adaptor|pil|batarya)\w* (?:yandi|eridi|sisti)", r"melt(?:ed|ing)\b",
    r"burn(?:ing|t|ed) (?:smell|my|his|her|hand|finger|me)",
    # bodies
    r"alerji", r"yuttu\b", r"zehirlen", r"allerg", r"swallowed\b", r"poison",
)  # fmt: skip
_DANGER: Final = re.compile(rf"\b(?:{'|'.join(_WORDS)})")


def is_dangerous(*texts: str | None) -> bool:
    """Tell whether any of the texts speaks of smoke, fire, shock, gas, burns or poisoning."""
    return any(_DANGER.search(fold(clean(text))) for text in texts if text)
