"""Order, tracking and ticket numbers in free text.

Nothing here decides what a number *is*: carriers' and shops' shapes overlap, so the
finder returns candidates, likeliest reading first, and the caller looks them up in the
shop's own records by ``search_key``.
"""

from __future__ import annotations

import re
from typing import Final

from bot.text.contacts import EMAIL, LONGEST, phone_spans
from bot.text.normal import clean, fold

_NEIGHBOURS: Final = 100
"""Numbers closer than this ("1024 1025 1026") are several, not one in groups."""

MAX_CANDIDATES: Final = 20
"""More numbers than this in one message are a list, not a question about an order."""

# Turkish case endings and "numbered" words that people write onto a number.
_ENDING: Final = (
    r"(?:'?(?:[yn]?[iu]|n?[iu]n|[yn]?[ea]|n?[dt][ea](?:n|ki)?|l[iu]k?|[iu]?m|m[iu]"
    r"|numarali|nolu|no))?"
)
_NUMBER: Final = re.compile(
    r"(?<![\w.,%])#?(?P<value>(?:[a-z]{1,5}-?)?\d{3,20}(?:[-/]\d{3,7}){0,2}"
    r"(?:-[b-df-hj-np-tv-z](?![\w']))?)"
    rf"(?P<ending>{_ENDING})(?!\w)(?![.,]\d)"
)
_GROUPS: Final = re.compile(r"(?<![\w.,%-])\d{2,4}(?: \d{2,4}){2,5}(?![\w%])(?![.,]\d)")
_MIXED: Final = re.compile(r"(?<![\w.,@-])(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{9,20}(?!\w)")
_UPS: Final = re.compile(r"(?<!\w)1z(?: ?[0-9a-z]){16}(?!\w)")
_S10: Final = re.compile(r"(?<!\w)([a-z]{2})( ?)(\d{3}) ?(\d{3}) ?(\d{2})(\d) ?([a-z]{2})(?!\w)")
_LABEL_GLUED: Final = re.compile(
    r"(?<![a-z])(siparis[a-z]*|sip|order|takip|no|nu|numara|kod|tel|ref):?(?=\d)"
)
# With a dash it may be a label or the shop's own prefix: both readings are looked up.
_LABEL_DASHED: Final = re.compile(r"(?:siparis|sip|order|takip|no|nu|kod|tel|ref)-(?=\d)")
_LABEL_BEFORE: Final = re.compile(
    r"(?:siparis\w*|sip|order|takip\w*|tracking|kargo\w*|kod\w*|no|numara\w*|#)\W*$"
)

# What looks like a number but is something else; cut out before searching.
_MASKED: Final = re.compile(r"\[(?:card|id)[^\]]{0,24}\]|(?<!\d)\+?\d{1,20} \*[*\s\d]*")
_IBAN: Final = re.compile(r"(?<!\w)tr ?\d{2}(?: ?\d{4}){5} ?\d{2}(?!\d)")
_DATE: Final = re.compile(
    r"(?<!\d)(?:\d{1,2}([./-])\d{1,2}\1(?:19|20)?\d{2}|(?:19|20)\d{2}([./-])\d{1,2}\2\d{1,2})(?!\d)"
)
_CARD: Final = re.compile(r"(?<!\d)(?:[2-6]\d{3}|9792)([ -])\d{4}\1\d{4}\1\d{4}(?!\d)")
_MONEY_BEFORE: Final = re.compile(r"(?:\b(?:tl|try|usd|eur|gbp)|\$)\s*$")
_MONEY_GLUED: Final = re.compile(r"(?:tl|try|usd|eur|gbp)\d{1,6}")
_UNIT: Final = re.compile(
    r"\s*(?:%|\$|(?:lira|kurus|dolar|euro|adet|puan|tane|dakika|kilo|watt|volt|litre|metre"
    r"|derece|sayfa|kisi)[a-z]*\b|(?:tl|try|usd|eur|gbp|gr|kg|cm|mm|ml|lt|gb|tb|mb|mah|w|v|dk|km)"
    r"(?:'?(?:ye|ya|lik|luk|yi|ydi|dir))?\b)"
)
# "799 ödedim": a sum without its currency.
_MONEY_AFTER: Final = re.compile(r"\s*(?:ode(?:d|m|y)|yatir|cek(?:t|mi|il)|kesi(?:l|nt)|tuttu)\w*")
_TIME_UNIT: Final = re.compile(
    r"\s*(?:(?:gun(?!aydin)|saat|hafta|yil|sene|hour|day|week|month|year)[a-z]*|ay(?:lik|dir)?)\b"
)
_ADDRESS_BEFORE: Final = re.compile(
    r"\b(?:sok|sokak|sokagi|sk|cad|cadde|caddesi|cd|bulvari|blv|daire|kat|apt|apartmani|blok"
    r"|mah|mahallesi|posta kodu|kapi|saat)\W{0,3}(?:no\W{0,3})?$"
)
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_TICKET: Final = re.compile(r"(?<![\w-])t ?- ?(\d{3,9})(?!\d)")
_TICKET_GLUED: Final = re.compile(r"(?<![\w-])t(\d{4,9})(?!\d)")


def search_key(value: str) -> str:
    """Return the look-up form: upper-case letters and digits only, leading zeros dropped."""
    return re.sub(r"[^a-z0-9]", "", fold(value)).upper().lstrip("0")


def find_numbers(text: str) -> list[str]:
    """Return order- and tracking-like candidates, upper-case, in order, each once.

    Telephone numbers, sums, dates, years without a label, IBANs, payment cards written in
    groups, measures and house numbers are left out, and so are ticket numbers
    (``find_ticket_numbers``). A number written in groups comes joined and then piece by
    piece, one joined with ``/`` or ``-`` likewise. At most ``MAX_CANDIDATES``.
    """
    folded, found = _prepare(text), []
    for match in _UPS.finditer(folded):
        if sum(char.isdigit() for char in match.group()) >= 6:
            found.append(match.group().replace(" ", ""))
            folded = _blank(folded, match)
    for match in _S10.finditer(folded):
        if match[1] in ("no", "nu") or (
            match[2] and not _s10_valid(match[3] + match[4] + match[5], match[6])
        ):
            continue
        found.append("".join(match.group().split()))
        folded = _blank(folded, match)
    found += [
        match.group().replace(" ", "")
        for match in _GROUPS.finditer(folded)
        if _is_joined(match.group())
    ]
    whole = re.sub(r"[^\w#]", "", folded)
    for match in _NUMBER.finditer(folded):
        if _is_something_else(folded, match, whole):
            continue
        value = match["value"]
        found += dict.fromkeys((value, _LABEL_DASHED.sub("", value)))
        if "/" in value or (value.count("-") == 1 and value[0].isdigit()):
            found += [
                part
                for part in re.split(r"[-/]", value)
                if len(part) >= 4 and not _YEAR.fullmatch(part)
            ]
    found += [m.group() for m in _MIXED.finditer(folded) if _is_mixed_code(m.group())]
    return list(dict.fromkeys(value.upper() for value in found))[:MAX_CANDIDATES]


def find_ticket_numbers(text: str) -> list[str]:
    """Return the support ticket numbers in the text as ``T-20931``, in order, each once."""
    folded = _LABEL_GLUED.sub(r"\1 ", fold(clean(text[:LONGEST])))
    found = [(m.start(), m[1]) for rx in (_TICKET, _TICKET_GLUED) for m in rx.finditer(folded)]
    return list(dict.fromkeys(f"T-{number}" for _, number in sorted(found)))


def _prepare(text: str) -> str:
    """Fold the text with everything blanked that only looks like an identifier."""
    text = EMAIL.sub(" ", clean(text[:LONGEST]))
    for start, end, _ in reversed(list(phone_spans(text))):
        if not _is_labelled_code(text, start, end):
            text = text[:start] + " " * (end - start) + text[end:]
    # Blanks on a line are one; a line end stays, it separates numbers.
    folded = re.sub(r"[^\S\n]+", " ", fold(text))
    folded = re.sub(r"(?<=\d{4}),(?=\d{4})", ", ", folded)
    for pattern in (_MASKED, _IBAN, _DATE, _CARD, _TICKET):
        folded = pattern.sub(" ; ", folded)
    return _LABEL_GLUED.sub(r"\1 ", folded)


def _is_labelled_code(text: str, start: int, end: int) -> bool:
    """Return True when a would-be phone is bare digits right after "order no" or the like.

    Some tracking numbers have the shape of a Turkish fixed line; the label tells. One that
    begins with 0 or + is a phone all the same.
    """
    value = text[start:end]
    return (
        value.isdigit()
        and value[0] != "0"
        and bool(_LABEL_BEFORE.search(fold(text[max(0, start - 24) : start])))
    )


def _is_something_else(folded: str, match: re.Match[str], whole: str) -> bool:
    """Return True when the neighbourhood says that the number is not an identifier."""
    value = match["value"]
    before, start = folded[max(0, match.start() - 24) : match.start()], match.start("value")
    if (
        _UNIT.match(folded, match.end())
        or _MONEY_BEFORE.search(before)
        or _ADDRESS_BEFORE.search(before)
    ):
        return True
    if _MONEY_GLUED.fullmatch(value):
        return True
    if value.isdigit() and len(value) <= 5 and _MONEY_AFTER.match(folded, match.end()):
        return True
    if len(value) <= 3 and _TIME_UNIT.match(folded, match.end()):
        return True
    if _YEAR.fullmatch(value):
        labelled = _LABEL_BEFORE.search(folded[max(0, start - 24) : start]) or match["ending"] in (
            "nolu",
            "numarali",
        )
        follows = re.match(r"\s*(?:nolu|no'?lu|numarali)\b", folded[match.end() :])
        return not (labelled or follows or whole.lstrip("#") == value)
    return False


def _is_joined(groups: str) -> bool:
    """Return True for digits typed in groups of four, as people copy long numbers."""
    parts = groups.split(" ")
    if max(map(int, parts)) - min(map(int, parts)) < _NEIGHBOURS:
        return False
    return sum(map(len, parts)) >= 10 and all(len(part) == len(parts[0]) for part in parts[:-1])


def _is_mixed_code(token: str) -> bool:
    """Return True for a code of letters and digits mixed, as some couriers use."""
    runs = re.findall(r"\d+|[a-z]+", token)
    return (
        sum(char.isdigit() for char in token) >= 5 and len(runs) >= 3 and not token.startswith("1z")
    )


def _s10_valid(serial: str, check: str) -> bool:
    """Check the UPU S10 check digit (weights 8 6 4 2 3 5 9 7, modulo 11)."""
    rest = (
        11
        - sum(
            int(digit) * weight
            for digit, weight in zip(serial, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)
        )
        % 11
    )
    return int(check) == {10: 0, 11: 5}.get(rest, rest)


def _blank(text: str, match: re.Match[str]) -> str:
    """Return the text with the match replaced by as many blanks, so that offsets hold."""
    return text[: match.start()] + " " * (match.end() - match.start()) + text[match.end() :]
