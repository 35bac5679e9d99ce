"""Numbers that are no order's: sums, days, measures, identity numbers, house numbers, codes.

Told by the digits themselves or by the words around them, on folded text (``fold``).
"""

from __future__ import annotations

import re
from typing import Final

from bot.text.labels import is_other_label
from bot.text.personal import is_tckn
from bot.text.phrases import one_of
from bot.text.places import is_place
from bot.text.sums import is_sum

LABEL_BEFORE: Final = re.compile(
    r"(?:siparis\w*|sip|order|takip\w*|tracking|kargo\w*|kod\w*|no|numara\w*|#)\W*$"
)
YEAR: Final = re.compile(r"(?:19|20)\d\d")
_MONEY_BEFORE: Final = re.compile(r"(?:(?<!\d )\b(?:tl|try|usd|eur|gbp)|\$)\s*$")
_PRICE: Final = re.compile(r"\b(?:fiyat|price|ucret)")
_CARD_AFTER: Final = re.compile(r" ?'?(?:(?:[iy]?le|la) bit(?:en|iyo)|l[iu] (?:kart|visa))")
_POST_CODE: Final = re.compile(r"(?:0[1-9]|[1-7]\d|8[01])\d{3}")
_NEXT_WORDS: Final = re.compile(
    r"[ /,-]{1,3}(?!sipari|kargo|nolu|num)([a-z]{4,})(?:[ /,-]{1,3}([a-z]{4,}))?"
)
_LAST_WORD: Final = re.compile(r"(?<![a-z])([a-z]{4,})[ ,/-]{1,3}$")
_ADDRESS: Final = re.compile(
    r"\b(?:mah|mahalle\w{0,4}|cad|cadde\w{0,4}|cd|sok|sk|sokak\w{0,4}|sokag\w{0,3}|bulvar\w{0,3}|street"
    r"|avenue|apt|daire|flat|blok|koyu|adres\w{0,6}|address|(?:ship|deliver) to)\b"
)
_NO_TOWN: Final = frozenset(("hani", "olur"))  # towns, and far oftener "you know" and "fine"
_COUPON_CONTEXT: Final = re.compile(
    r"\b(?:kupon|indirim kod|promosyon|hediye (?:kod|cek)|coupon|promo|voucher|discount)"
)
_ORDER_CONTEXT: Final = re.compile(r"(?:siparis|sip|order|takip|tracking|kargo)\w*\W+(?:\w+\W+)?$")
_MONEY_GLUED: Final = re.compile(r"(?:tl|try|usd|eur|gbp)\d{1,6}")
_UNIT: Final = re.compile(
    r"\s*(?:%|\$|"
    + one_of(
        r"""
        (?:lira|kurus|dolar|dollar|euro|pound|sterlin|manat|riyal)[a-z]*\b
        (?:adet|puan|tane|parca|piece(?!s)|pcs|unit|duzine|palet|kisi|kusur|kere|kez|defa|times?)[a-z]*\b
        (?:dakika|kilo|gram|watt|vatl[iu]|volt|litre|metre|metrekare|kilometre|miles?|derece)[a-z]*\b
        (?:devir|boy|mah|btu|lumen|kalori|calori|inch|megapiksel|pi[kx][se]\w?l)[a-z]*\b|inc\b|adim\b|steps?\b
        (?:yorum|degerlendirme|takipci|begeni|yildiz|review|follower|customer|words?)[a-z]*\b
        (?:sayfa|page(?=s?\b))[a-z]*\b|sayili(?! (?:sip|tal|kar))[a-z]*\b
        (?:loyalty |bonus |reward )?points?\b
        (?:ppm|ppb|lux|db|desibel|kelvin|k?pa|nits?|knots?|karat|ayar|ada|parsel)\b
        (?:numaralik|haneli|basamakli|saatlik|gunluk|seviye|level)[a-z]*\b
        (?:size|series|serisi|model(?:i|in|den|li)?)\b
        """
    )
    + "|"
    + one_of(
        r"""
        tl|try|usd|eur|gbp|g|gr|kg|mg|mcg|iu|kcal|oz|lb|lbs|cm|mm|km|ft|nm|m2|mm2|m3|ml|cl|lt|cc
        gb|tb|mb|kb|mah|w|v|kw|kwh|va|kva|hp|bg|hz|mhz|ghz|khz|fps|dpi|rpm|bar|psi|dk|lm|px|mp|mbps
        """
    )
    + r"(?:'?(?:ye|ya|lik|luk|yi|ydi|dir))?\b| ?l[iu]k\b)"
)
# Three digits and fewer count goods; "1024 koli açık geldi" is an order.
_FEW: Final = re.compile(
    r" ?(?:beden|model|numara(?!\w)|koli|kutu|paket|cift|takim|set\b|sise|rulo|urun\b|items?\b"
    r"|boxes|pieces|people"
    r"|sayfa|fark|eksik yat|indirim|bonus|hediye|taksit|off\b|yas\w*|tel pamuk|iplik)"
)
_OF: Final = re.compile(r" of \d{2,4}(?!\d)")
_OF_BEFORE: Final = re.compile(r"(?<!\d)\d{1,4} (?:out )?of $")
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
    r"\bblok [a-z]\W{1,3}(?:no\W{0,3})?$|"
    r"\b(?:sok|sokak|sokagi|sk|cad|cadde|caddesi|cd|bulvari|blv|daire|kat|apt|apartmani|blok"
    r"|mah|mahallesi|posta kodu|zip|postcode|postal code|kapi|saat|apartment|building|door|floor"
    r"|block|villa|plaza|zil)\W{0,3}(?:no\W{0,3})?$"
)
_PRICE_MOVES: Final = re.compile(r"\s*(?:ol|in|cik)\w*")
_HOUR: Final = re.compile(r"(?:[01]\d|2[0-3])[0-5][05]")
_HOUR_AFTER: Final = re.compile(r" (?:gibi|civari\w*|sularinda|sonrasi|pm|am|hours)\b")
_HOUR_BEFORE: Final = re.compile(
    r"(?:(?<!look)(?<!looking)(?<!w) at|\bby|\buntil|\btill|\bafter|\bbefore) $"
)
_AT_HOME: Final = re.compile(
    r"\b(?:home|deliver\w*|courier|driver|arriv\w*|come|came|comes|today|tomorrow|available|out)\b"
)
_YEAR_TALK: Final = re.compile(
    r"\b(?:model\w*|yil\w*|since|garanti\w*|warranty|uretim\w*|years?|bought it in|skt|stt"
    r"|son kullan\w*|tarih\w*)\b"
)
_YEAR_AFTER: Final = re.compile(r" (?:yil|sene|bitir|gectik|kapat)")
_UNTIL_YEAR: Final = re.compile(
    r" (?:kadar|dogru|ait|ozel|gir|kal|gore|gelin|uzan|sark|ertele|dek|degin|yetis)|\W*$"
)
_ASKED_OF_ORDER: Final = re.compile(
    r" (?:ner(?:de|ede)|iptal|iade|gelmedi|hala|kargo|durum|teslim|ne oldu)"
)
_OF_ORDER: Final = re.compile(
    r" (?:kargo|durum|fatura|iade|para|odeme|siparis|takip|teslim|adres|iptal|icin|kutu|urun|paket)"
)
_TAX_NEAR: Final = re.compile(
    r"\b(?:vkn|vergi (?:no|numara|kimli)|tax (?:id|no|number)|trn|vat (?:id|no|number))[^.;!?]{0,36}$"
)
_CODE_TALK: Final = re.compile(
    r"\b(?:kod|code|sepet|limit|suresi|gecmi|gecer|checkout|basket|cart|expired|tanimsiz|tanin|yazin|indirim)"
)
_MONEY_UNIT: Final = re.compile(
    r"\s*(?:\$|(?:tl|try|usd|eur|gbp)\b|(?:lira|kurus|dolar|euro)[a-z]*\b)"
)
_ORDER_AFTER: Final = re.compile(r" (?:sipari|order|olan)")
_MONTH_BEFORE: Final = re.compile(
    r"(?:ocak|subat|mart|nisan|mayis|haziran|temmuz|agustos|eylul|ekim|kasim|aralik|model"
    r"|\b(?:since|in|of|or|only|until|till)|[a-z]{3,9} \d{1,2}(?:st|nd|rd|th)?,"
    r"|[a-z]+(?:uary|ch|ril|may|une|uly|ust|ber)) $"
)


def what_else(folded: str, match: re.Match[str], whole: str, labelled: bool) -> str:
    """Return what the neighbourhood makes of a number, "" where it may be an identifier.

    ``label``, ``sum``, ``unit``, ``place``, ``year`` or ``other``. ``labelled``: as an order, by a
    word beside it.
    """
    value = match["value"]
    start, end, behind = match.start("value"), match.end("value"), match.end()
    before = folded[max(0, match.start() - 24) : match.start()]
    if _MONEY_BEFORE.search(before) or _MONEY_UNIT.match(folded, behind):
        return "sum"
    if _UNIT.match(folded, behind) or re.fullmatch(r"'?l[iu]k", match["ending"]):
        return "unit"
    if (len(value) <= 6 and _ADDRESS_BEFORE.search(before)) or _CARD_AFTER.match(folded, behind):
        return "other"
    if is_other_label(folded, match.start(), end, value):
        return "label"
    if value.isdigit() and (why := _is_no_order_by_itself(folded, match, before)):
        return why
    if _MONEY_GLUED.fullmatch(value):
        return "sum"
    if value[0].isalpha() and _COUPON_CONTEXT.search(folded) and not _ORDER_CONTEXT.search(before):
        return "other"
    if value.isdigit() and len(value) <= 5:
        if (
            not match["ending"]
            and _MONEY_MOVES.match(folded, behind)
            and _ACCOUNT.search(folded, 0, match.start())
        ):
            return "sum"
        if not labelled and is_sum(folded, start, end, behind):
            return "sum"
    if len(value) <= 3 and _TIME_UNIT.match(folded, behind):
        return "other"
    if not labelled and re.fullmatch(r"0[2-9]\d\d", value) and not re.search(r"\d $", before):
        return "other"  # "0850li numara", the last four digits of a card
    if not labelled and len(value) >= 9 and _TAX_NEAR.search(folded[max(0, start - 48) : start]):
        return "label"
    if (
        not labelled
        and re.fullmatch(r"[a-z]{3,9}(?:\d{1,3}|20\d\d)", value)
        and _CODE_TALK.search(folded)
    ):
        return "other"
    if not labelled and _is_small_or_hour(folded, match, before):
        return "other"
    if (
        YEAR.fullmatch(value)
        and 1960 <= int(value) <= 2035
        and _is_year(folded, match, before, whole)
    ):
        return "year"
    return ""


def _is_small_or_hour(folded: str, match: re.Match[str], before: str) -> bool:
    """Return True for digits without a label that count goods, tell the hour or mark a sender."""
    value = match["value"]
    if re.fullmatch(r"[a-z]\d{3}", value):
        return True
    if not value.isdigit() or len(value) > 4:
        return False
    if _OF.match(folded, match.end()) or _OF_BEFORE.search(before):
        return True
    if len(value) <= 3:
        if value in ("128", "256", "512") and not match["ending"]:
            return folded.strip(" .!?") != value
        return _FEW.match(folded, match.end()) is not None
    if not _HOUR.fullmatch(value):
        return False
    return bool(
        _HOUR_AFTER.match(folded, match.end())
        or (_HOUR_BEFORE.search(before) and _AT_HOME.search(folded))
    )


def _is_year(folded: str, match: re.Match[str], before: str, whole: str) -> bool:
    """Return True for digits in the shape of a year that no word makes an order of."""
    value, start = match["value"], match.start("value")
    if _ORDER_AFTER.match(folded, match.end()):
        return False
    asked = not match["ending"] and _ASKED_OF_ORDER.match(folded, match.end())
    if asked and not _MONTH_BEFORE.search(before) and not _YEAR_TALK.search(folded):
        return False
    if re.fullmatch(r"'?y?[iu]", match["ending"]):
        return _YEAR_AFTER.match(folded, match.end()) is not None
    if re.fullmatch(r"'?y?[ae]", match["ending"]) and not _YEAR_TALK.search(folded):
        return _UNTIL_YEAR.match(folded, match.end()) is not None
    if re.fullmatch(r"'?n?[iu]n", match["ending"]):
        return _OF_ORDER.match(folded, match.end()) is None
    at_end = not folded[match.end() : match.end() + 40].strip(" .!?\n")
    if at_end and not _MONTH_BEFORE.search(before) and not _YEAR_TALK.search(folded):
        return False
    labelled = LABEL_BEFORE.search(folded[max(0, start - 24) : start]) or match["ending"] in (
        "nolu",
        "numarali",
    )
    follows = re.match(r"\s*(?:nolu|no'?lu|numarali)\b", folded[match.end() : match.end() + 16])
    return not (labelled or follows or whole.lstrip("#") == value)


def _is_no_order_by_itself(folded: str, match: re.Match[str], before: str) -> str:
    """Return what digits are that are an identity number, a price or a post code."""
    value = match["value"]
    if len(value) == 11 and is_tckn(value) and not _ORDER_CONTEXT.search(before):
        return "other"
    if (
        len(value) <= 5
        and _PRICE_MOVES.match(folded, match.end())
        and _PRICE.search(folded, 0, match.start())
    ):
        return "sum"
    if _POST_CODE.fullmatch(value) and _is_post_code(folded, match, before):
        return "place"
    return ""


def _is_post_code(folded: str, match: re.Match[str], before: str) -> bool:
    """Return True for five digits beside a town, or two words from one within an address."""
    behind = _NEXT_WORDS.match(folded, match.end())
    last = _LAST_WORD.search(before)
    near = [behind[1] if behind else None, last[1] if last else None]
    if behind and _ADDRESS.search(folded[max(0, match.start() - 60) : match.end() + 40]):
        near.append(behind[2])
    return any(word and word not in _NO_TOWN and is_place(word) for word in near)
