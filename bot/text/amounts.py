"""Sums of money: ``1.299,90 TL``, ``₺1.299,90``, ``1,5 bin``, ``yüz elli lira``, ``£15``.

A sum comes as ``amount`` with a plain decimal ("1299.90", no grouping) and, when a currency was
named, as ``currency`` with its ISO 4217 code. Nothing is converted. A number without a currency is
a sum only beside a word of paying; the shop's currency is then for the caller to assume.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from bot.text.numerals import Numeral
from bot.text.reading import Found, Reading

_UNITS: Final = {
    "TRY": r"tl|₺|try|lira|liraci[gk]|turkish lira", "USD": r"\$|usd|dolar|dollars?|bucks",
    "EUR": r"€|eur|euros?|avro", "GBP": r"£|gbp|pounds?|quid|sterlin",
}  # fmt: skip
_UNIT: Final = re.compile(
    r"'?[a-z]{0,3}[ ]?(?:kusur\w* )?(?:"
    + "|".join(f"(?P<{code}>{u})" for code, u in _UNITS.items())
    + r")(?:'?(?:y[ea]|l[iu][kg]\w*|y?[iu]|n[iu]n|[iu]n|d[ae]n?|y?d[iu]\w*|[dt][iu]r|ma?m\w*"
    r"|m[iu]z?\w*|s[iu]\w*"
    r"|l[ae]r\w*|c[iu]k|y?m[iu]s|n[ea]|m[iu]|s[ae]|[ae]))?(?![a-z])"
)
_BEFORE: Final = re.compile(
    r"(?:(?P<TRY>₺|\btl|\btry)|(?P<USD>\$|\busd)|(?P<EUR>€|\beur|\beuro)|(?P<GBP>£|\bgbp)) ?$"
)
_COINS: Final = re.compile(r"'?[a-z]{0,3} ?(?:kurus\w*|(?:krs|cents?|pence)(?![a-z]))")
_COINS_FOLLOW: Final = re.compile(r" (?:ve )?")
# "Paid 1299", "fiyatı 450": words that make a sum of the number behind them.
_PAYING_BEFORE: Final = re.compile(
    r"(?:\b(?:fiyat\w*|tutar\w*|ucret\w*|toplam\w*|bakiye\w*|bedel\w*|fark[ia]\w*|borc\w*|limit\w*"
    r"|prices?|price was|paid|pay|cost\w*|costs?|charged(?: me)?|amount(?: is| of)?"
    r"|total(?: is| of)?|refund(?:ed)?(?: of)?"
    r"|wired|transferred|deducted|gave back|kart\w*d[ae]n|karttan|hesa\w+d[ae]n|hesaptan"
    r"|etiket\w*|sepet\w*|makbuz|worth|butcem?|butce\w*|en fazla|maksimum)"
    r"|~)[ :=]{1,3}(?:olarak |sadece |only |me |was |is |about |max |toplam )?$"
)
# "1299 ödedim", "500 çekildi": the number right before a verb of paying.
_PAYING_AFTER: Final = re.compile(
    r"'?[a-z]{0,4} (?:kusur )?(?:para )?(?:(?:fazla|eksik|ve|civari|falan|filan"
    r"|fazladan|daha|kadar|birden) ){0,2}"
    r"(?:ode(?:d|n(?:d|m)|mis|y)|odu|yatir|yatm|yatti|cekti|cekil|cekmis|cekip|cekiy|kesti"
    r"|kesil|kesinti"
    r"|kesmis|tuttu|tutuyo|havale|eft\b"
    r"|para\b|verdim|vermis|yolladim|gonderdim\b.{0,12}\bhavale|asagi|fark[ia]?\b|indirim"
    r"|ucret|geri ode"
    r"|ve uzeri|charge|refund|deducted|was taken|were taken|left my account)"
)
_MOST: Final = 10_000_000
# Digits that only prices are written in: "2.300", "149,90", "64.50" but not "17.30".
_GROUPED: Final = re.compile(
    r"\d{1,3}(?:[.,]\d{3})+(?:[.,]\d{2})?|\d+,\d{2}|(?:2[4-9]|[3-9]\d|\d{3,})\.\d{2}"
    r"|\d{1,2}\.[6-9]\d"
)
_MONEY_TALK: Final = re.compile(
    r"\b(?:kart|banka|hesa|ode|param|para\b|fiyat|havale|eft|tutar|sepet|cek(?:il|im|ti)"
    r"|ekstre|fatura|dekont|yatir|yatti|yatmis"
    r"|gonderdim|iban|paid|pay|sent|charged|refund|price|statement|account|bank|card"
    r"|transfer|basket|total)"
)
_BOUGHT_FOR: Final = re.compile(r"'?y?[ae] (?:al(?:d|m)|sat)")
_OF_IT: Final = re.compile(r"'?n?[iu]n|'?s[iu]|'?y?l[ae]")
_AT_A_TIME: Final = re.compile(r"'?[dt][ae]n?")
_NO_MONEY: Final = re.compile(
    r"'?[a-z]{0,3} ?(?:puan|point|adet|tane|km|kg|gr|gram|cm|mm|ml|lt|litre|metre|watt|kez"
    r"|kere|kisi|parca|star|yildiz|%)"
)
# Not a sum, whatever stands around it: a year, a long code.
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_LONGEST_BARE: Final = 6


def find_amounts(reading: Reading) -> list[Found]:
    """Return ``amount`` and ``currency`` in their order; both have the place of the whole sum."""
    folded, found = reading.folded, []
    skip = -1
    money_talk = _MONEY_TALK.search(folded) is not None
    for index, numeral in enumerate(reading.numerals):
        if index == skip or not 0 <= numeral.value <= _MOST:
            continue
        unit = _UNIT.match(folded, numeral.end)
        before = None if unit else _BEFORE.search(folded, max(0, numeral.start - 6), numeral.start)
        value, start, end = numeral.value, numeral.start, numeral.end
        if unit is not None:
            code, end = str(unit.lastgroup), unit.end()
            coins = _coins(reading, index, end)
            if coins is not None:
                value, end, skip = value + coins[0], coins[1], index + 1
        elif before is not None:
            code, start = str(before.lastgroup), before.start()
        elif (only := _COINS.match(folded, numeral.end)) is not None and value < 100:
            code, value, end = "TRY", value / 100, only.end()
        elif _is_paid(reading, numeral, money_talk) or (
            index == 0 and _written_as_money(reading, numeral)
        ):
            code, end = "", numeral.end
        else:
            continue
        found.append(Found("amount", _plain(value), start, end))
        if code:
            found.append(Found("currency", code, start, end))
    return found


def _coins(reading: Reading, index: int, end: int) -> tuple[Decimal, int] | None:
    """Return (liras, place behind) of kuruş that follow a sum in liras."""
    if index + 1 >= len(reading.numerals):
        return None
    coins = reading.numerals[index + 1]
    unit = _COINS.match(reading.folded, coins.end)
    if (
        not unit
        or coins.value >= 100
        or not _COINS_FOLLOW.fullmatch(reading.folded, end, coins.start)
    ):
        return None
    return coins.value / 100, unit.end()


def _is_paid(reading: Reading, numeral: Numeral, money_talk: bool) -> bool:
    """Tell whether a bare number stands beside a word of paying."""
    folded = reading.folded
    written = folded[numeral.start : numeral.end]
    if _BOUGHT_FOR.match(folded, numeral.end) and numeral.value >= 10:
        return True
    if _AT_A_TIME.fullmatch(numeral.ending) or _OF_IT.fullmatch(numeral.ending):
        return False  # "2024'te verdim", "17.30'da ödedim"
    if (
        numeral.value < 5
        or len(written.split(".")[0].split(",")[0]) > _LONGEST_BARE + 9 * numeral.spoken
    ):
        return False
    if written.isdigit() and (len(written) > _LONGEST_BARE or written[0] == "0"):
        return False
    if folded[numeral.start - 1 : numeral.start] in ("#", "%", "-", "/", ":"):
        return False
    if _PAYING_AFTER.match(folded, numeral.end):
        return True
    if money_talk and _GROUPED.fullmatch(written) and not _NO_MONEY.match(folded, numeral.end):
        return True
    if _YEAR.fullmatch(written) or re.match(
        r" ?(?:%|is gun|gun|ay\b|hafta|yil|saat|dakika|taksit|minute|hour|day|week|month|year"
        r"|puan|point|x\b|adet|tane|kalem|centi|kez|kere|kisi|k?m\b|kg|paket|kutu|koli|parca"
        r"|urun|item)",
        folded[numeral.behind :],
    ):
        return False
    return _PAYING_BEFORE.search(folded, max(0, numeral.start - 32), numeral.start) is not None


def _written_as_money(reading: Reading, numeral: Numeral) -> bool:
    """Tell whether the digits themselves are a price's: ``1.299,90``, ``1299,90``, ``1.5k``."""
    written = reading.folded[numeral.start : numeral.end]
    after = reading.folded[numeral.end : numeral.end + 1]
    if after in ("%", "/") or reading.folded[numeral.start - 1 : numeral.start] == "%":
        return False
    return (
        re.fullmatch(
            r"\d{1,3}(?:\.\d{3})*,\d{2}|\d{3,6},\d{2}|\d{3,6}\.\d{2}|\d+[.,]\d+ ?k", written
        )
        is not None
        and re.match(
            r" ?(?:m|km|cm|mm|kg|gr?|ml|lt?|litre|metre|inch|inc)\b", reading.folded[numeral.end :]
        )
        is None
    )


def _plain(value: Decimal) -> str:
    """Return the sum with two places, or none when it is whole: "1299.90", "150"."""
    return str(int(value)) if value == int(value) else f"{value:.2f}"
