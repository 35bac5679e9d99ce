"""Sums without a currency: "5499 verdim", "kapıda 1450 istedi", "499 a aldım", "under 1500 each".

All on folded text (``fold``). Money that is due for an order ("1031in parası yatmadı", "charged for
1024") is none of these: there the number is the order's.
"""

from __future__ import annotations

import re
from typing import Final

from bot.text.labels import has_letter
from bot.text.phrases import one_of

# "1024 verdim" is never said of an order, "1024'ü verdim" is.
_AFTER: Final = re.compile(
    " "
    + one_of(
        r"""
        ver(?:d[iu]m|dik|di|mistim|mistik|mis|iyorum|iyoruz|irim|iriz|digim|digimiz|mem|meyiz)(?!\w)(?! sip)
        iste(?:di(?:ler|niz|n)?|mis\w*|niyo\w*|ndi|nmis\w*|yo\w*)(?!\w)
        istiyo(?!r?um|r?uz|m\b)\w*|oduyo\w*|elsewhere|everywhere else|(?:on|at) (?:another|other|their)
        yatir\w*|fiyat\w*|para (?:ver|ode|yatir)\w*
        harca\w*|alm[iu]ss[iu]n\w*|bayil\w*|bloke\w*|borc\w*|tut(?:tu|uyo|ar|mus)\w*
        cek(?:ti|il|mis|iyo)\w*|kes(?:ti|il|mis|inti)\w*|ode(?:d|y|mis|me yap|nmis|ndi)\w*|gecti kasa\w*
        (?:bile )?e(?:der|diyor|tmez)(?!\w)|kadar(?!\w)|butce\w*|alindi kart\w*|lik fatura
        (?:a|per) (?:month|piece|unit|item|kilo)|apiece|each|tops|bucks|quid|in total|altogether|off
        from my (?:card|account)|(?:was|were|has been) (?:deducted|debited|charged|taken)
        """
    )
    + r"\b|(?: ?\+ ?| arti )kdv"
)
_TAG: Final = re.compile(r"\betiket\w*[\s:=]{1,3}$")
_PARCEL: Final = re.compile(r"\b(?:paket|koli|kargo|kutu)")
_BOUGHT_FOR: Final = re.compile(
    r"(?: ?'?[yn]?[ae]) (?:al(?:d[iu]|m[iu]s|iyo)|aldm|alms|dus|cik(?:mis|ti|ar)|indi|sat|mal "
    r"|mal\b|kapat|anlas|bul(?:d|u)|verir m|olur m)\w*"
    r"|(?: ?'?[yn]?[ae]) deg(?:er|mez|iyo)\w*"
    r"|(?: ?'?[dt][ae]n) (?:aliyo|alir|satiyo|satil|satti|veriyo)\w*"
)
_BEFORE: Final = re.compile(
    r"\b"
    + one_of(
        r"""
        paid(?: you)?(?: me)?(?: only| just| around| about)?|pay|paying|spent|worth|owes? me
        (?:charged|debited|billed)(?: (?!for|on|in|order|against|my)[a-z0-9]{1,10}){0,3}
        quoted(?: me| us)?|(?:a|partial|only) refund of
        cost(?:s|ing)?(?: me| us)?|price(?:s|d at)?(?: was| is| says| now| went from| tag)?
        (?:refunded|credited)(?: me| us)?(?: only| just)?|refund (?:me|us)(?: only)?
        (?:total|basket|cart|balance|amount|fee|deposit|budget|salary|rent)(?: is| was| of| says| came to)?
        (?:subtotal|minimum|limit|bill|difference)(?: is| was| of| says| comes to| came to)?
        (?:cart|bank|statement|receipt|screen)(?: statement)? (?:said|says|shows|showed)
        toplam(?:da|i|im)?|fark\w*|cekilen|verdigim para|tutari?|ekstre\w*|sepet\w*
        borc\w*|(?:ad|listing|link|shelf)(?: said| says| shows| showed)|checkout
        bakiye\w*|limit\w*|fiyat\w*|ucret\w*|maas\w*|kapar[ao]\w*|depozito\w*
        taksit\w*|install?ments? of|kasada|pesin(?:i|ine)?
        oduyo\w*|odeyece\w*|kdv (?:dahil|haric)|aylik|(?:at|for) a price of
        minimum|at least|less than|more than|up to|uzerinden|max|maks\w*|en fazla|en cok|en az
        (?:per month|monthly|a month)|listed at|selling (?:it )?(?:at|for)|sells (?:at|for)
        (?:baska|diger) (?:site|yer|magaza|firma)\w*|aynisi(?:ni)?|elsewhere
        """
    )
    + r"[\s:=]{1,3}$"
)
# "hesabıma 1250 geldi"; but "kartıma 1024 için iade gelmedi".
_ACCOUNT: Final = re.compile(r"\b(?:hesabim|kartim|hesab|kart)(?:a|dan|da|tan)(?: sadece| sade)? $")
_FOR: Final = re.compile(r" (?:icin|nolu|numarali|sipari)")
_IN_PARTS: Final = re.compile(r" in \d{1,2} instal|'?[yn]?[iu] \d{1,2} taksit")
_BECAME: Final = re.compile(r" (?:m[iu] )?(?:olmus|oldu)(?!\w| m[iu])")
_PRICE_TALK: Final = re.compile(
    r"\b(?:zam\w*|fark\w*|pahali\w*|ucuz\w*|dun|gecen (?:hafta|ay)|simdi|bugun|sizde|urun\w*"
    r"|fiyat\w*|idi)\b|\d ?'?(?:y?d[iu]|t[iu])\b"
)
_UNDER: Final = re.compile(r"(?:(?:^|(\b[a-z]{1,16}) ))(?:under|over|above|below|around|about) $")
_PLACED: Final = frozenset(
    "bought ordered placed booked registered listed filed purchased goes is it got order".split()
)
_LIMIT_AFTER: Final = re.compile(
    r"(?: ?'?(?:[yn]?[iu]n|n[iu]n))? (?:uzeri|ust(?:u|un)|alti|asan|gecen|fazla|civar|kusur)\w*"
)
_OFFER: Final = re.compile(
    r"kupon|indirim|bedava|ucretsiz|kampanya|alisveris|limit|taksit|butce|fiyat|discount|free ship|coupon"
    r"|voucher|puan|sepet|hediye"
)
_EACH: Final = re.compile(
    r"\b(?:each|apiece|price|budget|cost|basket|spend|discount|shipping|coupon)\b"
)
# "dün 2899du", "geçen ay 2990 dı": what something did cost; "dün verdiğim 1024'tü" has a verb between.
_THEN: Final = re.compile(
    r"\b(?:dun|evvelsi gun|once(?:den|si)?|eskiden|ilk(?:in)?|sabah|gecen (?:hafta|ay|yil|sene|gun)"
    r"|kasim\w*|indirimde\w*) $"
)
_PAST: Final = re.compile(r" ?'?(?:y?d[iu]|t[iu]|idi)(?!\w)")
_WEEKDAY: Final = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_WAS: Final = re.compile(r"\b(?:was|were|had it at|saw it (?:at|for)) $")
_WAS_THEN: Final = re.compile(
    rf" (?:on )?(?:{_WEEKDAY}|yesterday|last (?:week|month|year|night)|before|a (?:day|week|month) ago"
    r"|this morning|earlier)\b"
)
# A whole phrase of two sums: "from 4599 to 3899", "450 out of 1450", "2 taksit 1250".
_DROPPED: Final = re.compile(
    r"\b(?:drop|fell|fall|went|gone|go(?:es)?|came|rais|ris|rose|reduc|increas|jump|chang|discount|lower"
    r"|cut|mark)\w{0,8}(?: (?:up|down|all the way|again|it|the price|prices?)){0,2} (?:from|to) $"
)
_FROM: Final = re.compile(r"\bfrom \d{3,5} to $")
_TO: Final = re.compile(r" to \d{3,5}(?!\d)")
_PRICES: Final = re.compile(
    r"\b(?:price\w*|cost\w*|cheap\w*|expensive|discount\w*|sale|difference|refund\w*|charg\w*|fiyat\w*"
    r"|indirim\w*|zam\w*|ucret\w*|fark\w*|pahali\w*|ucuz\w*|kac para|taksit\w*|install?ments?|pesin|pay)\b"
)
# Prices of amounts: "5g at 780 or 10g at 1450".
_ALTERNATELY: Final = re.compile(
    r"\d ?(?:g|gr|kg|ml|l|lt|m|cm|pcs|pieces?|adet|tane|lik|li|x) at $"
)
# "1,250 + 1,250 = 2500", "1450 for a kettle?"
_EQUALS: Final = re.compile(r"\d = ?$")
_BEGINS: Final = re.compile(r"(?:^|[.!?] )$")
_FOR_A: Final = re.compile(r" for (?:a|an|this|that|these)\b")
# "x sitede 6499, sizde 7250"; "sitede 1024 hazırlanıyor" is an order.
_SELLER: Final = (
    r"\b(?:sizde|bizde|orada|baska yerde|(?:site|magaza|market|internet|amazon|trendyol|hepsiburada|teknosa"
    r"|n11|vatan)'?[dt][ae]) "
)
_SELLER_BEFORE: Final = re.compile(rf"{_SELLER}$")
_SELLER_PRICE: Final = re.compile(rf"{_SELLER}\d{{3,5}}(?!\d)")
_OUT_OF: Final = re.compile(r"\b\d{1,5} out of $")
_PART_OF: Final = re.compile(r"\b(?:refund\w*|credit\w*|paid|charged|iade)\b")
_TIMES: Final = re.compile(
    r"\b\d (?:kere|kez|defa|kerede|defada|taksit\w*|times|x|install?ments? of) $"
)
_MONEY_GOES: Final = re.compile(r" (?:dus|cik|git|gec|yat|kesil|al[iu]n|cek)\w*")
# Only beside another sum: "1450 istedi, halbuki 1250 di".
_WEAK_BEFORE: Final = re.compile(
    r"\b"
    + one_of(
        r"""
        simdi|su an|bugun|dun|yarin|gecen (?:hafta|ay|yil|sene)|halbuki|aslinda|normalde|oysa|eskiden
        sizde|bizde|orada|baska yerde|sonra|yani|yerine|d[ae]n|again|plus|arti
        then|now|today|was|were|but|only|from|to|at|says|said|instead of
        """
    )
    + " $"
)
_WEAK_AFTER: Final = re.compile(
    r" ?'?(?:y?d[iu]|t[iu]|idi|ydi)(?!\w)|!!| "
    + one_of(
        r"""
        olmus|oldu|ola?cak\w*|yazi|gorun|yerine|olmasi|don(?:du|mus)|geri|geldi hesab|gecti|gecmis
        demis|ded[iu]|yani|konus|anlas|m[iu] olmus|m[iu] oldu|neden|niye
        instead|before|now|today|yesterday|again|elsewhere|everywhere
        """
    )
)


def is_sum(folded: str, start: int, end: int, behind: int) -> bool:
    """Return True when words beside the digits ``folded[start:end]`` make a sum of them.

    ``behind`` lies behind the ending that is written onto them.
    """
    before = folded[max(0, start - 40) : start]
    worded = has_letter(before)
    if _BOUGHT_FOR.match(folded, end) or (behind == end and _AFTER.match(folded, end)):
        return True
    if worded and _is_sum_by_what_precedes(folded, before, start, end, behind):
        return True
    if _is_old_price(folded, before, end):
        return True
    if behind == end and _BECAME.match(folded, end) and _PRICE_TALK.search(folded):
        return True
    return bool(_LIMIT_AFTER.match(folded, end) and _OFFER.search(folded))


def may_be_sum(folded: str, start: int, end: int) -> bool:
    """Return True for digits that are a sum if another one stands in the message."""
    before = folded[max(0, start - 24) : start]
    return bool(_WEAK_BEFORE.search(before) or _WEAK_AFTER.match(folded, end))


def _is_sum_by_what_precedes(folded: str, before: str, start: int, end: int, behind: int) -> bool:
    """Return True for "toplam 1450", "charged 3 times 1250", "etikette 1450", "under 1500 each"."""
    if _FOR.match(folded, behind) or _IN_PARTS.match(folded, behind):
        return False
    if _BEFORE.search(before):
        return True
    if _TAG.search(before) and not (end - start > 3 and _PARCEL.search(folded, 0, start)):
        return True
    if behind == end and _ACCOUNT.search(before):
        return True
    if _TIMES.search(before) and (_MONEY_GOES.match(folded, end) or _PRICES.search(folded)):
        return True
    if _SELLER_BEFORE.search(before) and (
        _PRICES.search(folded) or len(_SELLER_PRICE.findall(folded)) > 1
    ):
        return True
    under = _UNDER.search(before)
    return bool(under and under[1] not in _PLACED and _EACH.search(folded))


def _is_old_price(folded: str, before: str, end: int) -> bool:
    """Return True for what a thing did cost: "dün 2899du", "was 1299 on Monday", "from 4599 to 3899"."""
    if _THEN.search(before) and _PAST.match(folded, end):
        return True
    if _WAS.search(before) and _WAS_THEN.match(folded, end):
        return True
    if _DROPPED.search(before) or _ALTERNATELY.search(before):
        return True
    if _EQUALS.search(before) or (_BEGINS.search(before) and _FOR_A.match(folded, end)):
        return True
    if _OUT_OF.search(before):
        return _PART_OF.search(folded) is not None
    if _PRICES.search(folded) is None:
        return False
    return bool(_FROM.search(before) or (before.endswith("from ") and _TO.match(folded, end)))
