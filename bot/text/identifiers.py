"""Order, tracking and ticket numbers in free text.

Nothing here decides what a number *is*: carriers' and shops' shapes overlap, so the
finder returns candidates, likeliest reading first, and the caller looks them up in the
shop's own records by ``search_key``.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from bot.text.contacts import EMAIL, LONGEST, phone_spans
from bot.text.hits import Hit
from bot.text.labels import is_labelled_order, is_other_label
from bot.text.lettered import is_order_code
from bot.text.masks import LIKE_PHONE, MASKS, PHONE_TALK
from bot.text.normal import clean, fold
from bot.text.other_numbers import LABEL_BEFORE, YEAR, what_else
from bot.text.settled import settled

_NEIGHBOURS: Final = 100
"""Numbers closer than this ("1024 1025 1026") are several, not one in groups."""

_MOST_LOOKED_AT: Final = 60
MAX_CANDIDATES: Final = 20
"""More numbers than this in one message are a list, not a question about an order."""

# Turkish case endings and "numbered" words that people write onto a number.
_ENDING: Final = (
    r"(?:'?(?:[yn]?[iu]|n?[iu]n|[yn]?[ea]|n?[dt][ea](?:n|ki)?|l[iu]k?|[iu]?m|y?l[ae]|s"
    r"|(?:m[iu])?y?(?:[dt][iu]|m[iu]s)|m[iu]|numarali|nolu|no))?"
)
_NUMBER: Final = re.compile(
    r"(?<![\w.,%])#?(?P<value>(?:(?:[a-z]{1,5}-){0,2}[a-z]{1,5}[-_]?\d{3,20}(?:[-/]\d{2,7}){0,2}"
    r"|\d{3,20}(?:[-/]\d{3,9}){0,2})(?:-[b-df-hj-np-tv-z](?![\w']))?)"
    rf"(?P<ending>{_ENDING})(?!\w)(?![.,]\d)"
)
_GROUPS: Final = re.compile(r"(?<![\w.,%-])\d{2,4}(?: \d{2,4}){2,5}(?![\w%])(?![.,]\d)")
_AMAZON: Final = re.compile(r"(?<![\w.,%-])(\d{3})[ -](\d{7})[ -](\d{7})(?![\w-])")
_MIXED: Final = re.compile(r"(?<![\w.,@-])(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{9,20}(?!\w)")
_UPS: Final = re.compile(r"(?<!\w)1z(?: ?[0-9a-z]){16}(?!\w)")
_S10: Final = re.compile(r"(?<!\w)([a-z]{2})( ?)(\d{3}) ?(\d{3}) ?(\d{2})(\d) ?([a-z]{2})(?!\w)")
_LABEL_GLUED: Final = re.compile(
    r"(?<![a-z])(siparis[a-z]*|sip(?:no|nu)?|order(?:no)?|takip(?:no)?|kargo(?:no)|no|nu|numara|kod"
    r"|tel|ref)[:.]?(?=\d)"
)
# With a dash it may be a label or the shop's own prefix: both readings are looked up.
_LABEL_DASHED: Final = re.compile(r"(?:siparis|sip|order|takip|no|nu|kod|tel|ref)-(?=\d)")

# "1024-1025-1026" are several; "403-1234567-1234567" is one.
_OF_ONE_LENGTH: Final = re.compile(r"\d+-[\da-z]+|\d{4}-\d{4}-\d{4}")
_HIDDEN: Final = re.compile(r"(?:[•●∙·]{2,4}[ -]?){1,4}\d{2,4}(?!\d)")
_TICKET: Final = re.compile(r"(?<![\w-])(?<!n')t(?: ?- ?(?=\d{3})|[ .#](?=\d{4}))(\d{3,9})(?!\d)()")
_TICKET_LABELLED: Final = re.compile(
    r"(?<!iade )(?<!icra )(?<!heyeti )(?<!hakem )(?<!servis )(?<!tamir )"
    r"(?<!degisim )(?<!iptal )(?<!return )(?<!service )\b(?:ticket|case"
    r"|destek (?:taleb|kayd)|(?:talep|kayit|kayd|basvuru|dosya|sikayet(?!var))"
    r"(?=\w*(?: (?:no|nu|numara|number)|:)))\w*(?: (?:no\w*|nu|numara\w*|number|id|is)){0,3}"
    r"[ :#]{1,3}(\d{4,9})(?![\w/-])"
    r"|(?<![\w-])(\d{4,9}) (?:nolu|numarali|no'lu|sayili) (?:destek )?(?:talep|taleb\w*|kayd\w*|kayit(?!l)"
    r"\w*|sikaye\w*|basvuru\w*|ticket)"
)
_TICKET_GLUED: Final = re.compile(r"(?<![\w-])t(\d{4,9})(?![\d-])()")


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
    for match in _AMAZON.finditer(folded):
        found.append("-".join(match.groups()))
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
    for hit in settled(folded, _hits(folded)):
        found += _readings(hit.value)
    found += [
        match.group()
        for match in _MIXED.finditer(folded)
        if _is_mixed_code(match.group())
        and not is_other_label(folded, match.start(), match.end(), match.group())
        and is_order_code(folded, match.start(), match.end(), labelled=False)
    ]
    return list(dict.fromkeys(value.upper() for value in found))[:MAX_CANDIDATES]


def _hits(folded: str) -> list[Hit]:
    """Return every number with what else it is by the words around it."""
    whole = re.sub(r"[^\w#]", "", folded)
    hits = []
    for match in islice(_NUMBER.finditer(folded), _MOST_LOOKED_AT):
        end = match.end("value")
        labelled = is_labelled_order(folded, match.start(), end)
        why = what_else(folded, match, whole, labelled)
        if not why and not is_order_code(folded, match.start("value"), end, labelled):
            why = "code"
        numbered = match["ending"] in ("nolu", "numarali", "no")
        hits.append(Hit(match["value"], match.start(), end, match.end(), why, labelled or numbered))
    return hits


def _readings(value: str) -> list[str]:
    """Return a number as written, without a label in front, and the parts of several in one."""
    parts = re.split(r"[-/]", value)
    several = "/" in value or (value[0].isdigit() and _OF_ONE_LENGTH.fullmatch(value))
    numbers = [part for part in parts if len(part) >= 4 and not YEAR.fullmatch(part)]
    if (several or len(parts) > 2) and len(numbers) == len(parts) and _are_neighbours(parts):
        return numbers
    return [*dict.fromkeys((value, _LABEL_DASHED.sub("", value))), *(numbers if several else ())]


def _are_neighbours(parts: list[str]) -> bool:
    """Return True for numbers of one length that lie close: "1190/1191", "1080-1082"."""
    if not all(part.isdigit() and len(part) == len(parts[0]) for part in parts):
        return False
    return max(map(int, parts)) - min(map(int, parts)) < _NEIGHBOURS


def find_ticket_numbers(text: str) -> list[str]:
    """Return the support ticket numbers in the text as ``T-20931``, in order, each once."""
    folded = _LABEL_GLUED.sub(r"\1 ", fold(clean(text[:LONGEST])))
    patterns = (_TICKET, _TICKET_GLUED, _TICKET_LABELLED)
    found = [(m.start(), m[1] or m[2]) for rx in patterns for m in rx.finditer(folded)]
    return list(dict.fromkeys(f"T-{number}" for _, number in sorted(found)))


def _prepare(text: str) -> str:
    """Fold the text with everything blanked that only looks like an identifier."""
    # Folding drops the bullets before the last digits of a card.
    text = _HIDDEN.sub(" ; ", EMAIL.sub(" ", clean(text[:LONGEST])))
    for start, end, _ in reversed(list(phone_spans(text))):
        if not _is_labelled_code(text, start, end):
            text = text[:start] + " " * (end - start) + text[end:]
    # Blanks on a line are one; a line end stays, it separates numbers.
    folded = re.sub(r"[^\S\n]+", " ", fold(text))
    folded = re.sub(r"(?<=\d{4})[.,](?=\d{4})", ", ", folded)
    if PHONE_TALK.search(folded):
        folded = LIKE_PHONE.sub(" ; ", folded)
    for pattern in (*MASKS, _TICKET, _TICKET_GLUED, _TICKET_LABELLED):
        folded = pattern.sub(" ; ", folded)
    return _LABEL_GLUED.sub(r"\1 ", folded)


def _is_labelled_code(text: str, start: int, end: int) -> bool:
    """Return True when a would-be phone is bare digits right after "order no" or the like.

    Some tracking numbers have the shape of a Turkish fixed line; the label tells. One that
    begins with 0 or + is a phone all the same.
    """
    value = text[start:end]
    if not value.isdigit() or value[0] == "0":
        return False
    label = LABEL_BEFORE.search(fold(text[max(0, start - 24) : start]))
    # "numaram 5441112233" is a mobile; only a word of orders or parcels makes a code of it.
    if label is None:
        return False
    return value[0] != "5" or not label.group().startswith(("no", "numara"))


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
