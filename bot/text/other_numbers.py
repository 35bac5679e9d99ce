"""Numbers that are no order's: sums, days, measures, identity numbers, house numbers, codes.

Told by the digits themselves or by the words around them, on folded text (``fold``).
"""

from __future__ import annotations

import re
from typing import Final

from bot.text.personal import is_tckn
from bot.text.places import is_place

LABEL_BEFORE: Final = re.compile(
    r"(?:siparis\w*|sip|order|takip\w*|tracking|kargo\w*|kod\w*|no|numara\w*|#)\W*$"
)
YEAR: Final = re.compile(r"(?:19|20)\d\d")
# What looks like a number but is something else; cut out before searching.
_MASKED: Final = re.compile(r"\[(?:card|id)[^\]]{0,24}\]|(?<!\d)\+?\d{1,20} (?:\d{0,4})\*[*\s\d]*")
_IBAN: Final = re.compile(r"(?<!\w)tr ?\d{2}(?: ?\d{4}){5} ?\d{2}(?!\d)")
_DATE: Final = re.compile(
    r"(?<!\d)(?:\d{1,2}([./-])\d{1,2}\1(?:19|20)?\d{2}|(?:19|20)\d{2}([./-])\d{1,2}\2\d{1,2})(?!\d)"
)
_CARD: Final = re.compile(r"(?<!\d)(?:[2-6]\d{3}|9792)([ -])\d{4}\1\d{4}\1\d{4}(?!\d)")
_PLUS: Final = re.compile(r"(?<![\w+])\+\d{1,3}[ -]?\d[\d -]{6,13}\d(?!\d)")
_INVOICE: Final = re.compile(r"(?<![\w-])[a-z]{3}20\d{11}(?!\w)")
_BY_SIZE: Final = re.compile(r"(?<![\w.,])\d{2,4} ?[x*] ?\d{2,4}(?: ?[x*] ?\d{2,4})?(?!\d)")
# "07700 900123", "021 555 0199": digits in groups behind a zero are a telephone, of whatever country.
_PHONE_ABROAD: Final = re.compile(r"(?<![\w.,#-])(?<!\d )0\d{2,4} \d{3,4}(?: ?\d{3,6})?(?![\w.,])")
_PLATE: Final = re.compile(r"\bplaka\w*\W{0,4}\d{2} ?[a-z]{1,3} ?\d{2,4}(?!\d)")
_DOTS: Final = re.compile(r"\.{2,}")
_MONEY_BEFORE: Final = re.compile(
    r"(?:(?<!\d )\b(?:tl|try|usd|eur|gbp)|\b(?:etiket\w*|cekilen|sepet\w*|bakiye\w*|limit\w*|(?:basket"
    r"|minimum|total)(?: is)?"
    r"|fiyat\w*|tutar\w*|ucret\w*|price\w*|paid|cost\w*"
    r"|charged me|uzerinden)|\$)\s*$"
)
_PRICE: Final = re.compile(r"\b(?:fiyat|price|ucret)")
# What a label in front makes of a number that is not ours to look up.
_OTHER_LABEL: Final = re.compile(
    r"(?:\b(?:tax|vat|flat|room|tc|tckn|t\.c\.?|kimlik\w*|vergi\w*|vkn|hata|error|err"
    r"|seri\w*|serial)"
    r"(?: ?(?:id|no\w*|nu|numara\w*|kod\w*|kimlik\w*|number|code|kn))*"
    r"|\b(?:dogrulama|onay|sms|giris|guvenlik|aktivasyon|otp|verification|security)\w*"
    r" (?:kod\w*|code)"
    r"|\b(?:dahili|ext|extension|butce\w*|pin|sifre\w*|parola\w*|gate code|kapi kodu)(?: is)?"
    r"|\b(?:(?:iphone|galaxy|redmi)(?: \w+){0,3}|model\w*)"
    r"|\bson(?:u|um)?(?: (?:4|dort))?(?: (?:hane|rakam)\w*)?|\bending(?: in| with)?"
    r"|\blast (?:four|4)(?: digits)?(?: are)?)"
    r"(?: is)?[\s:=.]{0,3}$"
)
_CARD_AFTER: Final = re.compile(r" ?'?(?:[iy]?le|la) biten")
_LABEL_AFTER: Final = re.compile(r" ?(?:vergi|vkn|tc\b|tckn|kimlik|seri|dahili)")
_POST_CODE: Final = re.compile(r"(?:0[1-9]|[1-7]\d|8[01])\d{3}")
_NEXT_WORD: Final = re.compile(r"[ /-]{1,3}([a-z]{4,})")
_LAST_WORD: Final = re.compile(r"(?<![a-z])([a-z]{4,})[ ,/-]{1,3}$")
_COUPON_CONTEXT: Final = re.compile(
    r"\b(?:kupon|indirim kod|promosyon|hediye (?:kod|cek)|coupon|promo|voucher|discount)"
)
_ORDER_CONTEXT: Final = re.compile(r"(?:siparis|sip|order|takip|tracking|kargo)\w*\W+(?:\w+\W+)?$")
_MONEY_GLUED: Final = re.compile(r"(?:tl|try|usd|eur|gbp)\d{1,6}")
_UNIT: Final = re.compile(
    r"\s*(?:%|\$|(?:lira|kurus|dolar|euro|adet|puan|tane|dakika|kilo|watt|volt|litre|metre"
    r"|derece|sayfa|kisi|gram|devir|kusur|kere|kez|defa|mah|btu|points?|times?|boy|sayili"
    r"|words?|parca)[a-z]*\b|(?:tl|try|usd|eur|gbp|gr|kg|cm|mm|ml|lt|gb|tb|mb|mah|w|v|dk"
    r"|km|hz|dpi|rpm|bar|cc|m2|mm2|m3|kva|hp|bg)"
    r"(?:'?(?:ye|ya|lik|luk|yi|ydi|dir))?\b)"
)
# "799 ödedim": a sum without its currency.
_MONEY_AFTER: Final = re.compile(
    r"\s*(?:(?:ode(?:d|y|mis)|yatir|cek(?:t|mi|il)|kesi(?:l|nt)|tuttu|fiyat|verdim"
    r"|para (?:ver|ode|yatir))\w*"
    r"|numara(?!l|m|si))"  # "100 numara hizmet"
)
# "kartımdan 540 çıktı": money leaves or comes, where the message speaks of an account.
_MONEY_MOVES: Final = re.compile(
    r" (?:cik(?:t|m)|git(?:t|m)|gec(?:t|m)is?|yat(?:t|m)|dus(?:t|m)|yaziyo)\w*"
)
_ACCOUNT: Final = re.compile(
    r"\b(?:kart\w*d[ae]n|karttan|hesa\w*|banka\w*|ekstre\w*|etiket\w*|sepet\w*)"
)
_TIME_UNIT: Final = re.compile(
    r"\s*(?:(?:gun(?!aydin)|saat|hafta|yil|sene|hour|day|week|month|year)[a-z]*|ay(?:lik|dir)?)\b"
)
_ADDRESS_BEFORE: Final = re.compile(
    r"\b(?:sok|sokak|sokagi|sk|cad|cadde|caddesi|cd|bulvari|blv|daire|kat|apt|apartmani|blok"
    r"|mah|mahallesi|posta kodu|zip|postcode|postal code|kapi|saat)\W{0,3}(?:no\W{0,3})?$"
)
_ORDER_AFTER: Final = re.compile(r" (?:sipari|order|olan)")
_MONTH_BEFORE: Final = re.compile(
    r"(?:ocak|subat|mart|nisan|mayis|haziran|temmuz|agustos|eylul|ekim|kasim|aralik|model"
    r"|since|in|of"
    r"|[a-z]+(?:uary|ch|ril|may|une|uly|ust|ber)) $"
)

MASKS: Final = (
    *(_MASKED, _IBAN, _DATE, _CARD, _PLUS, _PHONE_ABROAD, _INVOICE, _BY_SIZE, _PLATE, _DOTS),
)
"""What looks like a number but is something else; cut out before numbers are looked for."""


def is_something_else(folded: str, match: re.Match[str], whole: str) -> bool:
    """Return True when the neighbourhood says that the number is not an identifier."""
    value = match["value"]
    before, start = folded[max(0, match.start() - 24) : match.start()], match.start("value")
    if (
        _UNIT.match(folded, match.end())
        or _MONEY_BEFORE.search(before)
        or _ADDRESS_BEFORE.search(before)
        or _OTHER_LABEL.search(before)
        or _CARD_AFTER.match(folded, match.end())
        or _LABEL_AFTER.match(folded, match.end())
    ):
        return True
    if value.isdigit() and _is_no_order_by_itself(folded, match, before):
        return True
    if re.fullmatch(r"'?l[iu]k", match["ending"]) or _MONEY_GLUED.fullmatch(value):
        return True
    if value[0].isalpha() and _COUPON_CONTEXT.search(folded) and not _ORDER_CONTEXT.search(before):
        return True
    if value.isdigit() and len(value) <= 5 and not match["ending"]:
        if _MONEY_AFTER.match(folded, match.end()):
            return True
        if _MONEY_MOVES.match(folded, match.end()) and _ACCOUNT.search(folded, 0, match.start()):
            return True
    if len(value) <= 3 and _TIME_UNIT.match(folded, match.end()):
        return True
    if YEAR.fullmatch(value) and 1960 <= int(value) <= 2035:
        at_end = not folded[match.end() :].strip(" .!?\n")
        if _ORDER_AFTER.match(folded, match.end()) or (at_end and not _MONTH_BEFORE.search(before)):
            return False
        labelled = LABEL_BEFORE.search(folded[max(0, start - 24) : start]) or match["ending"] in (
            "nolu",
            "numarali",
        )
        follows = re.match(r"\s*(?:nolu|no'?lu|numarali)\b", folded[match.end() :])
        return not (labelled or follows or whole.lstrip("#") == value)
    return False


def _is_no_order_by_itself(folded: str, match: re.Match[str], before: str) -> bool:
    """Return True for digits that are an identity number, a price or a post code."""
    value = match["value"]
    if len(value) == 11 and is_tckn(value) and not _ORDER_CONTEXT.search(before):
        return True
    if len(value) <= 5 and _PRICE.search(folded, 0, match.start()):
        return re.match(r"\s*(?:ol|in|cik)\w*", folded[match.end() :]) is not None
    if _POST_CODE.fullmatch(value):
        places = (_NEXT_WORD.match(folded, match.end()), _LAST_WORD.search(before))
        return any(place is not None and is_place(place[1]) for place in places)
    return False
