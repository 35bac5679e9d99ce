"""A number that is put right: "yok yanlış yazdım, 1025", "hayır 1025 olacak", "no sorry it's 1025".

Decided by the whole message: besides the number it holds words of correction and empty ones, and no
other. "Yanlış ürün 1025" and "1025 hatalı" tell what is the matter with an order and are none.
"""

from __future__ import annotations

import re
from typing import Final

from bot.text.dictated import written_out
from bot.text.normal import clean, fold, squeeze

_LONGEST: Final = 160
_TOKEN: Final = re.compile(r"[^\s,;:!?()#*\"]+")
_VALUE: Final = re.compile(r"[\d@]")

_BEFORE: Final = frozenset(
    """yok yo hayir hayr yanlis yanlislikla hata hatali hatayla karistirdim karistirmisim dur eyvah
    no nope wait actually wrong mistake typo error scratch rather duzeltiyorum duzelteyim duzeltme
    duzeltmek correction aslinda""".split()
)
"""They take something back in front of the right number; behind it they say what is wrong with it."""

_ANYWHERE: Final = frozenset(
    """pardon olacak olacakti olmali olmaliydi olacaktir dogrusu kusura ozur sorry oops ups meant mean
    should supposed correct kastettim kastetmistim diyecektim yazacaktim""".split()
)
_INSTEAD: Final = frozenset("degil yerine not instead isnt wasnt".split())
"""They correct where they stand between two numbers; "not 1025" alone tells no right one."""

_EMPTY: Final = frozenset(
    """ben bu su o onu bunu ya yani abi abla hocam kardesim canim lutfen evet tamam iste diye size sana
    numara numarasi numarasini numaram numarayi no nolu numarali siparis siparisi siparisim siparisin
    yazdim yazmisim yazmistim girdim girmisim verdim vermisim dedim demisim soyledim soylemisim oldu
    ay aa ah dilerim bakma bakmayin bakmayiniz demek istedim istemistim dogru asil asli de da ki
    i it is its that thats this the a my was be to of by me you bad one number order please ok okay
    wrote typed put gave given entered said have has hold hang on than but""".split()
)


def is_restated(text: str) -> bool:
    """Tell whether a message puts a number (or phone, or e-mail) right and says nothing besides.

    Whether the number is an identifier is for the caller to know.
    """
    if len(text) > _LONGEST:
        return False
    folded = squeeze(fold(written_out(clean(text))))
    tokens = [token.strip(".'-") for token in _TOKEN.findall(folded)]
    tokens = [token if _VALUE.search(token) else token.replace("'", "") for token in tokens]
    values = [at for at, token in enumerate(tokens) if _VALUE.search(token)]
    words = {token for token in tokens if token and not _VALUE.search(token)}
    if not values or not words <= _BEFORE | _ANYWHERE | _INSTEAD | _EMPTY:
        return False
    before = set(tokens[: values[-1]])
    between = set(tokens[values[0] : values[-1]])
    return bool(words & _ANYWHERE or before & _BEFORE or between & _INSTEAD)
