"""Words after which nothing else matters: somebody may be in danger from a product.

Matched on the folded text, in both languages. They are wide on purpose: a person who looks once for
nothing costs little.
"""

from __future__ import annotations

import re
from typing import Final

from bot.text import clean, fold

_DANGER: Final = re.compile(
    r"\bduman(?!li\b)|\byangin\b|\balev(?:ler|i|lendi)?\b|\balev al|\btutus|\bkivilcim|\bpatla(?!yan misir)"
    r"|\bcarp(?:ti|iyo|il)|\belektrik (?:carp|kacag|kacir)|\bgaz (?:kok|kacag|kacir|siz)|\byanik\b"
    r"|\b(?:elim|elimi|eli|parmagi\w*|yuzu\w*|cocu\w*) (?:yandi|yakti)|\b(?:priz|fis|kablo|adaptor|pil|batarya)\w* (?:yandi|eridi|sisti)"
    r"|\byandim\b|\balerji|\byuttu\b|\bzehirlen"
    r"|\bsmok(?:e|ing|ed)\b|\b(?:on|caught|catching|a) fire\b|\bfire\b(?! stick| tv)|\bflames?\b|\bspark(?:s|ed|ing)?\b"
    r"|\bexplo(?:d|s)|\bshock(?:ed|s)?\b|\belectrocut|\bgas (?:smell|leak)|\bsmell(?:s|ed|ing)? (?:of |like )?(?:gas|burning)"
    r"|\bburn(?:ing|t|ed) (?:smell|my|his|her|hand|finger|me)|\bmelt(?:ed|ing)\b|\ballerg|\bswallowed\b|\bpoison"
)  # fmt: skip


def is_dangerous(*texts: str | None) -> bool:
    """Tell whether any of the texts speaks of smoke, fire, shock, gas, burns or poisoning."""
    return any(_DANGER.search(fold(clean(text))) for text in texts if text)
