"""Payment card numbers and national ids never reach a store, a log or a model.

Masking works on any copy of a text: what a person typed, a URL-encoded form body, HTML.
A card is 13 to 19 digits of a known scheme's range and length that pass the Luhn check
(ISO/IEC 7812); a Turkish national id is 11 digits that pass its two check digits. About
one random number in ten passes Luhn and one in a hundred the id's check, so a caller looks
``candidates`` up among the shop's own order and tracking numbers first and passes the hits
as ``known_numbers``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import Any, Final, NamedTuple

import phonenumbers

from bot.text import search_key

ID_MASK: Final = "[id •••]"
CODE_MASK: Final = "•••"
MAX_DEPTH: Final = 64
"""Levels of a payload that are walked; what lies deeper is dropped (``TOO_DEEP``)."""
TOO_DEEP: Final = "[too deep]"

# One digit: of any script, or such a digit URL-encoded (Arabic-Indic, Persian, full-width).
_DIGIT: Final = r"(?:\d|%[dD]9%[aA]\d|%[dD][bB]%[bB]\d|%[eE][fF]%[bB][cC]%9\d)"
# One separator, as character, URL-encoded, HTML entity or backslash escape.
_BLANK_CHARS: Final = (
    r"\s\u00a0\u00ad\u034f\u061c\u115f\u1160\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    r"\u2800\u3164\ufe0f\ufeff"
)
_SEPARATOR: Final = (
    rf"(?:[{_BLANK_CHARS}\-‐-―−.．·_/+,;:|]"
    r"|%(?:20|09|0[aAdD]|2[bBcCdDeEfF]|3[aAbB]|7[cC])"
    r"|%[cC]2%[aA][0dD]|%[eE]2%80%(?:8[\da-fA-F]|9[0-5]|[aA][\da-fA-F])"
    r"|%[eE]2%81%[9aA][\da-fA-F]|%[eE][fF]%[bB][bB]%[bB][fF]"
    r"|&(?:nbsp|shy|zwnj|zwj|ensp|emsp|thinsp|\#160|\#8203|\#x200[bB]|\#x[aA]0);|<br ?/?>"
    r"|\\[nrt]|\\u(?:00[aA]0|20[0-6][\da-fA-F]|[fF][eE][fF][fF]))"
)
# Not the digits of a percent escape ("%B1" is the letter ı).
_START: Final = r"(?:(?<!%)|(?=[0134567]))(?<!%[2A-Fa-f89])"
_RUN: Final = re.compile(rf"{_START}{_DIGIT}(?:{_SEPARATOR}{{0,6}}{_DIGIT}){{10,}}")
# Separators are taken first, or the digits of "%20" would pass for a group.
_GROUP: Final = re.compile(rf"(?:{_SEPARATOR})+|(?P<group>{_DIGIT}+)")
_ONE_DIGIT: Final = re.compile(_DIGIT)
# Separators that also stand between numbers of their own: lines, lists, times.
_WEAK: Final = re.compile(
    r"[\n\r\u0085\u2028\u2029,;:|]|%0[aAdD]"
    r"|%2[cC]|%3[aAbB]|%7[cC]|<br|\\[nr]"
)

_GAP: Final = r"(?:[ +\-]?|%20)"
_IBAN: Final = re.compile(
    rf"(?<![A-Za-z0-9])[Tt][Rr]{_GAP}\d{{2}}(?:{_GAP}\d{{4}}){{5}}{_GAP}\d{{2}}(?!\d)"
)
# Most of what passes holds nothing to mask; this tells so at once.
_NUMBER: Final = re.compile(r"[\d%]")
_SHORTEST: Final = 11  # digits of the shortest number that is masked
_UUID: Final = re.compile(
    r"(?<![0-9A-Za-z])[\da-fA-F]{8}(?:-[\da-fA-F]{4}){3}-[\da-fA-F]{12}(?![0-9A-Za-z])"
)
_PREFIX: Final = re.compile(r"[A-Za-z]{1,8}[-_]?$")
# The security code, where it is named or follows card and expiry date.
_CODE: Final = re.compile(
    r"(?i)(\b(?:cv[vc]2?|g[uü]venl[iİ]k (?:kod|no)\w{0,3}|security code)"
    r"(?: ?(?:kod\w{0,3}|no|code))?[\s:=.'+-]{0,4})"
    r"\d{3,4}(?!\d)"
)
_CODE_AFTER_DATE: Final = re.compile(
    r"(\[card •••• \d{4}\][\s,;+]{0,3}(?:0[1-9]|1[0-2]) ?[/.-] ?(?:20)?\d\d[\s,;+]{1,3})"
    r"\d{3,4}(?!\d)"
)

# Scheme ranges and the lengths in use: Visa; Mastercard; Amex; Diners; JCB; UnionPay and
# Discover; Maestro; TROY, the Turkish scheme, which begins with 9792.
_SCHEMES: Final = tuple(
    (re.compile(pattern), frozenset(lengths))
    for pattern, lengths in (
        (r"4", (13, 16, 19)),
        (r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,)),
        (r"3[47]", (15,)),
        (r"30[0-59]|3[689]", (14, 15, 16, 17, 18, 19)),
        (r"35(?:2[89]|[3-8])", (16, 17, 18, 19)),
        (r"6", (13, 14, 15, 16, 17, 18, 19)),
        (r"50|5[6-8]", (13, 14, 15, 16, 17, 18, 19)),
        (r"9792", (16,)),
    )
)
_MOST_DIGITS: Final = 19
# By the first digit, which settles most windows before any sum is made.
_LENGTHS: Final = {
    **dict.fromkeys("178", frozenset((11,))),
    **dict.fromkeys("29", frozenset((11, 16))),
    "3": frozenset((11, *range(14, 20))),
    "4": frozenset((11, 13, 16, 19)),
    **dict.fromkeys("56", frozenset((11, *range(13, 20)))),
}
_LIST_OF_SMALL: Final = 24
"""More digits than this in a row in groups of one to three are a list, not a number."""


class _Hit(NamedTuple):
    """A number found: how well it is written, its groups, its offsets, its ASCII digits."""

    rank: int
    first: int
    last: int
    start: int
    end: int
    digits: str


def mask_sensitive(text: str, known_numbers: Collection[str] = ()) -> str:
    """Return the text with cards as ``[card •••• 1234]`` and national ids as ``[id •••]``.

    Digits may be of any script and may be parted by blanks, line ends, dashes, dots, signs
    that can not be seen, or their URL-encoded forms. Numbers whose ``search_key`` is that
    of a known number stay. A security code that is named as one, or follows card and
    expiry, is masked too. Masking twice changes nothing.
    """
    if not _NUMBER.search(text):
        return text
    known = frozenset(filter(None, map(search_key, known_numbers)))
    pieces, position = [], 0
    for hit in _chosen(text, known):
        mask = ID_MASK if len(hit.digits) == 11 else f"[card •••• {hit.digits[-4:]}]"
        pieces += [text[position : hit.start], mask]
        position = hit.end
    masked = "".join(pieces) + text[position:]
    masked = _CODE_AFTER_DATE.sub(rf"\1{CODE_MASK}", masked)
    return _CODE.sub(rf"\1{CODE_MASK}", masked)


def candidates(text: str) -> list[str]:
    """Return the digit strings that masking might take away, each once, in order.

    For looking them up among the shop's own numbers; ASCII digits without separators.
    """
    return list(dict.fromkeys(hit.digits for hits in _hits(text, frozenset()) for hit in hits))


def mask_payload(
    value: Any, known_numbers: Collection[str] = (), skip_keys: Collection[str] = frozenset()
) -> Any:
    """Return a masked copy of a decoded payload: dicts (keys too), lists, strings, numbers.

    A plain value, or a list of plain values, under a key of ``skip_keys`` (``MessageSid``,
    ``From``, ...) is kept as it is; what is nested there is walked. A number that has to be
    masked becomes a string. Two keys that mask alike get a counter.
    """
    known = frozenset(filter(None, map(search_key, known_numbers)))
    return _walk(value, known, frozenset(skip_keys), 0)


def mask_phone(number: str) -> str:
    """Return an E.164 number so that its owner knows it and nobody else can call it.

    ``+905321234567`` gives ``0532 *** ** 67``, other countries ``+44 *** *** 123``; what
    can not be read as a number gives stars.
    """
    try:
        parsed = phonenumbers.parse(number, "TR")
    except phonenumbers.NumberParseException:
        return "***"
    national = phonenumbers.national_significant_number(parsed)
    if parsed.country_code == 90 and len(national) == 10:
        return f"0{national[:3]} *** ** {national[-2:]}"
    return f"+{parsed.country_code} *** *** {national[-3:] if len(national) > 6 else '**'}"


def mask_email(address: str) -> str:
    """Return ``a***@x.com`` for ``ayse@x.com``; what is no address gives stars."""
    local, at, domain = address.strip().rpartition("@")
    return f"{local[0]}***@{domain}" if at and local and domain else "***"


def _chosen(text: str, known: frozenset[str]) -> Iterator[_Hit]:
    """Yield the hits to mask, by their start: of those that overlap, the best written one."""
    for hits in _hits(text, known):
        used: set[int] = set()
        chosen = []
        for hit in sorted(hits):
            groups = range(hit.first, hit.last + 1)
            if used.isdisjoint(groups):
                used.update(groups)
                chosen.append(hit)
        yield from sorted(chosen, key=lambda hit: hit.start)


def _hits(text: str, known: frozenset[str]) -> Iterator[list[_Hit]]:
    """Yield, run by run of digits, every number that must not stay; hits may overlap."""
    if len(text) < _SHORTEST:
        return
    shadow = _UUID.sub(_crossed_out, _IBAN.sub(_crossed_out, text))
    for run in _RUN.finditer(shadow):
        yield list(_run_hits(shadow, run.start(), run.end(), known))


def _crossed_out(match: re.Match[str]) -> str:
    """Blank an IBAN that checks or a UUID, whose digit groups could look like a card."""
    written = match.group()
    if written[0] in "Tt" and not _iban_valid(written):
        return written
    return "x" * len(written)


def _run_hits(text: str, run_start: int, run_end: int, known: frozenset[str]) -> Iterator[_Hit]:
    """Yield the hits of one run of digits and separators, by their start.

    A number begins and ends where a group of digits does.
    """
    spans = [match.span() for match in _GROUP.finditer(text, run_start, run_end) if match.lastgroup]
    groups = [_ascii(text[start:end]) for start, end in spans]
    sizes = [len(group) for group in groups]
    barred = _barred(text, spans, groups, known)
    for first, lead in enumerate(groups):
        if barred[first] or lead[0] == "0":
            continue
        lengths, length, last = _LENGTHS[lead[0]], 0, first
        while last < len(groups) and not barred[last]:
            length += sizes[last]
            if length > _MOST_DIGITS:
                break
            if length in lengths:
                digits = "".join(groups[first : last + 1])
                if _is_sensitive(digits) and digits not in known:
                    regular = _is_regular(sizes[first : last + 1])
                    if regular or not _has_weak_gap(text, spans[first : last + 1]):
                        rank = (0 if regular else 3) + {16: 0, 15: 1}.get(length, 2)
                        yield _Hit(rank, first, last, spans[first][0], spans[last][1], digits)
            last += 1


def _has_weak_gap(text: str, spans: list[tuple[int, int]]) -> bool:
    return any(_WEAK.search(text, end, start) for (_, end), (start, _) in pairwise(spans))


def _barred(
    text: str, spans: list[tuple[int, int]], groups: list[str], known: frozenset[str]
) -> list[bool]:
    """Mark the groups that no hit may hold: own numbers, and long lists of small numbers."""
    barred = []
    for (start, _), group in zip(spans, groups, strict=True):
        prefix = _PREFIX.search(text, max(0, start - 9), start) if known else None
        own = bool(known) and (
            (len(group) >= 9 and search_key(group) in known)
            or (prefix is not None and search_key(prefix.group() + group) in known)
        )
        barred.append(own)
    stretch: list[int] = []
    digits = 0
    for index, group in enumerate([*groups, "0000"]):
        if len(group) <= 3:
            stretch.append(index)
            digits += len(group)
            continue
        if digits > _LIST_OF_SMALL:
            for place in stretch:
                barred[place] = True
        stretch, digits = [], 0
    return barred


def _is_sensitive(digits: str) -> bool:
    if len(digits) == 11:
        return _is_national_id(digits)
    return _is_scheme(digits) and _luhn_valid(digits)


def _is_regular(sizes: list[int]) -> bool:
    """Return True for groups as people write them: whole, equal, or 4-6-5 and the like."""
    if len(sizes) == 1 or sizes in ([4, 6, 5], [4, 6, 4], [3, 3, 3, 2]):
        return True
    return all(size == sizes[0] for size in sizes[:-1]) and sizes[-1] <= sizes[0]


def _is_scheme(digits: str) -> bool:
    return any(len(digits) in lengths and pattern.match(digits) for pattern, lengths in _SCHEMES)


# ASCII digit -> the digit sum of its double, as byte values.
_DOUBLED: Final = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))
_PLAIN: Final = bytes.maketrans(b"0123456789", bytes(range(10)))


def _luhn_valid(digits: str) -> bool:
    backwards = digits.encode("ascii")[::-1]
    plain, doubled = backwards[::2].translate(_PLAIN), backwards[1::2].translate(_DOUBLED)
    return (sum(plain) + sum(doubled)) % 10 == 0


def _is_national_id(digits: str) -> bool:
    """Check the two check digits of an 11-digit Turkish national (or foreigner's) id."""
    numbers = [int(digit) for digit in digits]
    if numbers[0] == 0:
        return False
    tenth = (7 * sum(numbers[0:9:2]) - sum(numbers[1:8:2])) % 10
    return numbers[9] == tenth and numbers[10] == sum(numbers[:10]) % 10


def _iban_valid(written: str) -> bool:
    """Check an IBAN's remainder modulo 97 (ISO 13616)."""
    compact = re.sub(r"%20|[^A-Za-z0-9]", "", written).upper()
    return int("".join(str(int(char, 36)) for char in compact[4:] + compact[:4])) % 97 == 1


def _ascii(group: str) -> str:
    """Return the ASCII digits of a group of digits of any kind."""
    if group.isascii() and group.isdigit():
        return group
    digits = (match.group()[-1] for match in _ONE_DIGIT.finditer(group))
    return "".join(str(unicodedata.decimal(digit)) for digit in digits)


def _walk(value: Any, known: frozenset[str], skip: frozenset[str], depth: int) -> Any:
    if isinstance(value, str):
        return mask_sensitive(value, known)
    if isinstance(value, bytes):
        masked = mask_sensitive(value.decode("utf-8", "surrogateescape"), known)
        return masked.encode("utf-8", "surrogateescape")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        written = str(value)
        masked = mask_sensitive(written, known)
        return value if masked == written else masked
    if depth >= MAX_DEPTH and isinstance(value, (dict, list, tuple)):
        return TOO_DEEP
    if isinstance(value, dict):
        result: dict[Any, Any] = {}
        for key, item in value.items():
            kept = key in skip and _is_plain(item)
            name = _free_key(_walk(key, known, skip, depth + 1) if key not in skip else key, result)
            result[name] = item if kept else _walk(item, known, skip, depth + 1)
        return result
    if isinstance(value, (list, tuple)):
        items = [_walk(item, known, skip, depth + 1) for item in value]
        return tuple(items) if isinstance(value, tuple) else items
    return value


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return not any(isinstance(item, (dict, list, tuple)) for item in value)
    return not isinstance(value, dict)


def _free_key(key: Any, taken: dict[Any, Any]) -> Any:
    number, name = 2, key
    while name in taken:
        name, number = f"{key} ({number})", number + 1
    return name
