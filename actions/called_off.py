"""What people write to call a matter off, and what only sounds like it.

A cancellation or a return is a declaration with legal weight: "vazgeçtim" may be the very reason for
it, "iptal etmeyin" takes it back. So each of the two has its own words.
"""

from __future__ import annotations

import re
from typing import Final

from bot.text import clean, fold, squeeze

_LEAD: Final = r"(?:(?:tamam|ok|neyse|yok|ya|hayir|no|artik|aman|peki) )*"
_TAIL: Final = (
    r"(?: (?:tesekkur\w*|sagol\w*|sag ol\w*|thanks|thank you|lutfen|please|artik|ya|kalsin|neyse))*"
)
_DROPPED: Final = r"bos ?ver(?:in)?|never ?mind|forget (?:it|about it)|leave it"
_GENERAL: Final = re.compile(
    rf"{_LEAD}(?:{_DROPPED}|vazgec(?:tim|iyorum|elim)|gerek (?:yok|kalmadi)"
    r"|iptal(?: et(?:in)?| edin)?|istemiyorum(?: artik)?|kalsin|cancel(?: it| that)?)"
    rf"{_TAIL}"
)
# In a return a bare "iptal" is meant for the return; why it goes back would be told otherwise.
_NO_MORE_RETURN: Final = re.compile(
    rf"{_LEAD}(?:{_DROPPED}|iptal(?: et(?:in)?| edin)?|cancel(?: it| that)?){_TAIL}"
)
_NO_MORE_CANCEL: Final = re.compile(
    rf"{_LEAD}(?:{_DROPPED}|vazgec(?:tim|iyorum|elim)|gerek (?:yok|kalmadi)|kalsin){_TAIL}"
)
# "do not cancel", "take the return back": heard wherever it stands in the message.
_TAKES_BACK: Final = {
    "cancel_order": re.compile(
        r"\biptal(?:i|ini|imi)? (?:et(?:meyin(?:iz)?|mesin(?:ler)?|me|mek istemi\w+|mekten vazgec\w*"
        r"|menizi istemi\w+|miyoru[mz]|meyecegi[mz]|tirmeyin)\b|olmasin\b|istemi(?:yoru[mz]|yom)\b"
        r"|geri al\w*)|\biptal(?:den|imden|inden) vazgec\w*|\biptal(?:i|imi) (?:durdur|kaldir)\w*"
        r"|\b(?:do not|dont|don t|please not|never) cancel\b"
        r"|\bnot (?:want )?to cancel\b|\b(?:undo|stop|withdraw) (?:the |my )?cancel\w*"
        r"|\bkeep (?:the|my) order\b"
    ),
    "return_request": re.compile(
        r"\biade (?:et(?:mekten vazgec\w*|meyecegi[mz]|meyecem|miycem|miyoru[mz]|mek istemi\w+"
        r"|meyeyim)\b|istemi(?:yoru[mz]|yom)\b)|\biade(?:den|mden|yi|mi)? vazgec\w*"
        r"|\biade(?:yi|mi|m)? (?:iptal|durdur)\w*|\biptal (?:edin|et|edelim) iade(?:yi|mi)?\b"
        r"|\b(?:dont|do not|don t) (?:want to )?return\b|\bnot (?:want )?to return\b"
        r"|\bcancel (?:the|my) return\b|\bkeep(?:ing)? it\b"
    ),
}
_WANTS_CANCEL: Final = re.compile(r"\biptal (?:ed|et)\w*|\bcancel\b")
# What may be the reason for a return or a cancellation, and so an answer.
_REASON: Final = re.compile(
    rf"{_LEAD}(?:vazgec(?:tim|tik|iyorum)|istemiyorum|begenmedim|gerek (?:yok|kalmadi)"
    rf"|(?:i )?changed my mind|(?:i )?dont want it)(?: istemiyorum| vazgectim| begenmedim)?{_TAIL}"
)
_NO_PHOTO: Final = re.compile(
    rf"{_LEAD}(?:yok(?: \w+){{0,3}}|istemiyorum|gerek (?:yok|kalmadi)|kalsin|atma(?:yacagim|yayim)"
    r"|fotograf(?:im)? yok|foto(?:m)? yok|cekemiyorum|gonderemiyorum|no(?: photo| picture)?|none"
    rf"|not needed|no need|i dont have (?:one|any)){_TAIL}"
)


def is_called_off(case: str, text: str) -> bool:
    """Tell whether a message in the middle of a case says that the case shall not go on."""
    words = words_of(text)
    if takes_back(case, text):
        return True
    if case == "return_request":
        return bool(_NO_MORE_RETURN.fullmatch(words))
    if case == "cancel_order":
        return bool(_NO_MORE_CANCEL.fullmatch(words))
    return bool(_GENERAL.fullmatch(words))


def takes_back(case: str, text: str) -> bool:
    """Tell whether a message takes a cancellation or a return back in so many words."""
    pattern, words = _TAKES_BACK.get(case), words_of(text)
    if pattern is None or not pattern.search(words):
        return False
    return not (case == "cancel_order" and _WANTS_CANCEL.search(pattern.sub(" ", words)))


def is_reason(text: str) -> bool:
    """Tell whether a message may be why somebody returns or cancels: "vazgeçtim", "istemiyorum"."""
    return bool(_REASON.fullmatch(words_of(text)))


def is_no_photo(text: str) -> bool:
    """Tell whether a message says that no photo will come."""
    return bool(_NO_PHOTO.fullmatch(words_of(text)))


def words_of(text: str) -> str:
    """Return the folded words of a message without digits and signs, single blanks between."""
    return " ".join(re.findall(r"[a-z]+", squeeze(fold(clean(text))).replace("'", "")))
