"""Numbers and addresses as people dictate them, rewritten the way the finders read them.

``sıfır beş yüz otuz iki, yüz yirmi üç …``, ``0532`` and ``1234567`` in two messages, ``0 532 yazın
sonra 1234567``, ``sipariş numaram bin yirmi dört``, ``ayse at example nokta com``.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

import phonenumbers

from bot.text.contacts import IBAN
from bot.text.normal import clean
from bot.text.numerals import Numeral
from bot.text.reading import Reading

_MOBILE: Final = re.compile(r"0?5[03-6]\d{8}")
_GAP: Final = re.compile(
    r"[\s,;./-]{0,3}(?:(?:yaz\w*|sonra|ardindan|then|and|sonrasi|devami)[\s,]{1,2}){0,3}"
)
# Blanks alone are left to the finder of phones, which knows what may stand in a number.
_PLAIN_GAP: Final = re.compile(r"[ ./()-]*")
_LONGEST_RUN: Final = 11
_ORDER_BEFORE: Final = re.compile(
    r"(?:siparis|sip|order)\w*[ .:]{0,2}(?:no|nosu|num|numara\w*|kod\w*|number"
    r"|nr)?(?: is)?[ .:=#]{1,3}$"
)
_NUMBERED: Final = re.compile(r" ?(?:no'?lu|no lu|numarali|numarayla)\b")
# "order number thirty-four thousand... no wait": whoever breaks off has not told a number.
_BROKEN_OFF: Final = re.compile(r" ?(?:\.\.|…)")
_DOTTED: Final = re.compile(r"\d{1,3}(?:\.\d{3}){1,2}")
_ORDER_NO_BEFORE: Final = re.compile(
    r"(?:siparis|sip|order)\w*[ .:]{0,2}(?:no|nosu|num|numara\w*|kod\w*|number|nr)(?: is)?[ .:=#]{1,3}$"
)
_MONEY: Final = re.compile(r"[.,]\d|\s?(?:tl|try|lira|₺|usd|eur|dolar)")
_DIGIT_GAP: Final = re.compile(r"[ -]|, ?")
_FEWEST_DIGITS: Final = 4
_GLUED_PHONE: Final = re.compile(r"(?i)\b(tel|telefon|telefonum|gsm|cep|numaram)(?=0?5\d{9}(?!\d))")
_ABROAD: Final = re.compile(r"(?<![\w+])(?:\+|00)[1-9]\d{0,2}[ -]?\d[\d -]{6,13}\d(?!\d)")
_AT_HINT: Final = re.compile(r"(?i)@|\(at\)|\[at\]| nokta | dot ")
_ZERO: Final = re.compile(r"(?<!\w)[oO](?=5\d\d[ -]?\d{3})")
_AT: Final = re.compile(
    r"(?i)(?<![\w.])([a-z0-9_-]{1,40}(?:(?: \. |\.)[a-z0-9_-]{1,30}){0,3})"
    r"(?: ?@ ?| ?[(\[] ?at ?[)\]] ?| (?:at|et|kuyruklu a) )"
    r"([a-z0-9-]{2,30})(?: ?\. ?| (?:nokta|dot) )(com|net|org|gov|edu)"
    r"(?:(?: ?\. ?| (?:nokta|dot) )(tr))?(?![a-z0-9])"
)

# "20 731 değil 20 713": two numbers in pieces of one size, one put in the place of the other.
_PIECED: Final = re.compile(
    r"(?<![\w.,])(\d{1,3}) (\d{3})((?: (?:değil|degil|dgl|not|yerine)(?: de)?,? |, (?:not|değil|degil) ))"
    r"(\d{1,3}) (\d{3})(?![\d.,]\d|\d)",
    re.IGNORECASE,
)


def written_out(text: str) -> str:
    """Return the text with dictated telephone numbers, order numbers and e-mails written out."""
    text = clean(text)
    if _AT_HINT.search(text):
        text = _AT.sub(_address, text)
    text = _PIECED.sub(_joined, text)
    text = _ZERO.sub("0", _GLUED_PHONE.sub(r"\1 ", text))
    reading = Reading(text)
    numerals = reading.numerals
    place = len(numerals)
    pieces = [_digits(reading, numeral) for numeral in numerals]
    changes: list[tuple[int, int, str]] = []
    first = 0
    while first < place:
        run = _run(reading, first)
        change = _phone(reading, pieces, first, run) or _order(reading, pieces, first, run)
        if change is None:
            first += 1
            continue
        changes.append((numerals[first].start, numerals[change[0]].end, change[1]))
        first = change[0] + 1
    for start, end, digits in reversed(changes):
        text = text[:start] + digits + text[end:]
    return text


def phones_abroad(text: str) -> list[str]:
    """Return numbers with a country code that may exist, in E.164: ``+44 7700 900123``."""
    found = []
    for match in _ABROAD.finditer(IBAN.sub(" ", clean(text[:2000]))):
        try:
            number = phonenumbers.parse(re.sub(r"^00", "+", match.group()), None)
        except phonenumbers.NumberParseException:
            continue
        if number.country_code != 90 and phonenumbers.is_possible_number(number):
            found.append(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return list(dict.fromkeys(found))


def _digits(reading: Reading, numeral: Numeral) -> str:
    """Return the digits of a number as dictated; "" where it is none (1,5)."""
    if not numeral.spoken:
        written = reading.folded[numeral.start : numeral.end]
        return written if written.isdigit() else ""
    return str(numeral.whole) if numeral.whole is not None else ""


def _run(reading: Reading, first: int) -> int:
    """Return the index behind the last number that follows the first with nothing between."""
    numerals = reading.numerals
    last = first
    while last + 1 < len(numerals) and last - first < _LONGEST_RUN:
        gap = reading.folded[numerals[last].behind : numerals[last + 1].start]
        if numerals[last].ending or not _GAP.fullmatch(gap):
            break
        last += 1
    return last + 1


def _phone(reading: Reading, pieces: list[str], first: int, stop: int) -> tuple[int, str] | None:
    """Return (index of the last number, digits) of a mobile number that begins at the first."""
    numerals, digits, plain = reading.numerals, "", True
    for index in range(first, stop):
        if not pieces[index]:
            return None
        digits += pieces[index]
        plain = plain and not numerals[index].spoken
        if index > first:
            gap = reading.folded[numerals[index - 1].behind : numerals[index].start]
            plain = plain and _PLAIN_GAP.fullmatch(gap) is not None
        if len(digits) >= 10 and _MOBILE.fullmatch(digits):
            # Eleven single digits with blanks are plain to us, but not to the finder of phones.
            if plain and index - first < 6:
                return None
            # "55171 and 55172" are two orders.
            if [len(piece) for piece in pieces[first : index + 1]] == [5, 5]:
                return None
            return index, digits.rjust(11, "0")
        if len(digits) > 11:
            return None
    return None


def _order(reading: Reading, pieces: list[str], first: int, stop: int) -> tuple[int, str] | None:
    """Return (index of the last number, digits) of a dictated order number.

    With a label beside it, or digit by digit ("1 0 4 2 3 3", "one zero two four").
    """
    numerals, folded = reading.numerals, reading.folded
    start, end = numerals[first].start, numerals[first].end
    if _DOTTED.fullmatch(folded, start, end) and (
        _NUMBERED.match(folded, numerals[first].behind)
        or (
            _ORDER_NO_BEFORE.search(folded, max(0, start - 32), start)
            and not _MONEY.match(folded, end)
        )
    ):
        return first, folded[start:end].replace(".", "")
    last = _last_of_order(reading, pieces, first, stop)
    parts = pieces[first : last + 1]
    labelled = _ORDER_BEFORE.search(
        folded, max(0, numerals[first].start - 32), numerals[first].start
    )
    if not labelled and not _NUMBERED.match(folded, numerals[last].behind):
        return _digit_by_digit(reading, pieces, first, last)
    if not all(parts) or not 3 <= len("".join(parts)) <= 12:
        return None
    spoken = any(numerals[index].spoken for index in range(first, last + 1))
    if spoken and _BROKEN_OFF.match(folded, numerals[last].behind):
        return None
    # "1024 1025" are two; "1 0 2 4", "10-24" and "110 816 505 68" are one in pieces.
    pieced = len(parts) > 1 and all(len(part) <= 3 for part in parts)
    return (last, "".join(parts)) if spoken or pieced else None


def _last_of_order(reading: Reading, pieces: list[str], first: int, stop: int) -> int:
    """Return the index of the last number that can belong to the order number of the first.

    All on one line, all in digits or all in words: the "bi" of "18842 bi bakın" is no digit, nor
    is the "2" of "order 512, 2 missing" one.
    """
    numerals, last = reading.numerals, first
    spoken = numerals[first].spoken
    while last + 1 < stop and pieces[last + 1] and numerals[last + 1].spoken == spoken:
        gap = reading.folded[numerals[last].end : numerals[last + 1].start]
        if "\n" in gap or ("," in gap and not spoken):
            break
        last += 1
    return last


def _digit_by_digit(
    reading: Reading, pieces: list[str], first: int, last: int
) -> tuple[int, str] | None:
    """Return the number whose digits are told one by one; counting ("1 2 3 4") is none."""
    numerals, stop = reading.numerals, first
    while (
        stop <= last
        and len(pieces[stop]) == 1
        and (
            stop == first
            or _DIGIT_GAP.fullmatch(
                reading.folded[numerals[stop - 1].behind : numerals[stop].start]
            )
        )
    ):
        stop += 1
    digits = "".join(pieces[first:stop])
    counted = all(int(b) - int(a) == 1 for a, b in pairwise(digits))
    same = len(set(digits)) == 1
    if not _FEWEST_DIGITS <= len(digits) <= _LONGEST_RUN or digits[0] == "0" or counted or same:
        return None
    return stop - 1, digits


def _address(match: re.Match[str]) -> str:
    name, host, ending, country = match.groups()
    name = name.replace(" ", "")
    return f"{name}@{host}.{ending}" + (f".{country}" if country else "")


def _joined(match: re.Match[str]) -> str:
    """Return both numbers whole where they differ in one piece only."""
    first, second, between, third, fourth = match.groups()
    if len(first) != len(third) or (first != third and second != fourth):
        return match.group()
    return f"{first}{second}{between}{third}{fourth}"
