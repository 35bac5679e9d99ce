"""Numbers that the words around them make a parcel's, whatever their shape.

``MNG tracking no 583920174``, ``aras kargo takip: 712045589``, ``918273645 as the tracking``. Carriers
number their parcels with nine digits and more.
"""

from __future__ import annotations

import re
from typing import Final

from bot.text.contacts import LONGEST
from bot.text.normal import clean, fold
from bot.text.phrases import one_of

_CARRIER: Final = one_of(
    r"""
    mng|yurt ?ici|aras(?:in|a|ta|tan|in verdigi)?(?!\w)|surat|ptt|ups|dhl|fedex|tnt|hepsi ?jet
    trendyol express|tex(?!\w)|kolay gelsin|sendeo|kargoist|horoz|scotty|jetizz|bring|carter
    takip|tracking|track|gonderi|shipment|(?:kargo|paket|parcel)(?= (?:takip|no|num|kod|barkod|track|id|code))
    """
)
# Whatever names another kind of number ends the label.
_FILLER: Final = (
    r"(?:\W{1,3}(?!sip|order|tel|cep|gsm|whats|phone|mobile|must|customer|fatura|invoice|seri|iban|tc|ara\b"
    r"|aray|call|subesi)[a-z]{1,14})"
)
_CODE: Final = r"(?P<code>[a-z]{0,3}\d{9,20}(?:[a-z]{2})?)(?!\w)"
_TOLD: Final = re.compile(rf"\b{_CARRIER}['a-z]{{0,10}}{_FILLER}{{0,4}}\W{{1,4}}{_CODE}")
_TOLD_BEHIND: Final = re.compile(
    rf"(?<!\w){_CODE}(?:'?[a-z]{{1,4}})?\W{{1,3}}(?:[a-z]{{1,9}} ){{0,2}}(?:takip|tracking|(?:nolu )?gonderi)"
)


def told_as_parcels(text: str) -> frozenset[str]:
    """Return the upper-case codes of the text that a carrier's name or "takip no" stands beside."""
    folded = fold(clean(text[:LONGEST]))
    return frozenset(
        match["code"].upper() for rx in (_TOLD, _TOLD_BEHIND) for match in rx.finditer(folded)
    )
