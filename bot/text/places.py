"""Provinces (il) and districts (ilçe) of Türkiye in a message, with whatever case is written on.

Names from ``places.csv`` (the Ministry of the Interior's division of 81 provinces and their
districts; a star marks a name that is a common word too), read once on first use. A starred name
("Van", "Ordu", "Kemer", "Aralık") counts only with a capital inside a sentence, an apostrophe,
another place beside it, or as the whole message.
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from bot.text.reading import Found, Reading, Word, aligned

_FILE: Final = Path(__file__).with_name("places.csv")
_OTHER_NAMES: Final = {
    "antep": "Gaziantep", "urfa": "Şanlıurfa", "maras": "Kahramanmaraş", "afyon": "Afyonkarahisar",
    "icel": "Mersin", "anteb": "Gaziantep", "gazianteb": "Gaziantep", "eyup": "Eyüpsultan",
}  # fmt: skip
# In lower case these endings are hardly ever written onto the common word.
_TELLING: Final = {
    "van": r"d[ae](?:n|y\w+|ki)?", "ordu": r"da(?:n|y\w+|ki)?|luyum", "bolu": r"da(?:n|y\w+|ki)?|ya",
    "batman": r"da(?:n|y\w+|ki)?|a", "mus": r"ta(?:n|y\w+|ki)?", "kars": r"ta(?:n|y\w+|ki)?|a",
    "tokat": r"ta(?:n|y\w+|ki)", "hatay": r"|[dt]a(?:n|y\w+|ki)?|li\w*", "usak": r"ta(?:n|y\w+|ki)",
    "aydin": r"da(?:n|y\w+|ki)?", "kilis": r"|te(?:n|y\w+|ki)?", "rize": r"|de(?:n|y\w+|ki)?|ye|nin",
    "sinop": r"|ta(?:n|y\w+|ki)?|a", "igdir": r"|da(?:n|y\w+|ki)?|a",
    "kemer": r"deyi[mz]", "cesme": r"deyi[mz]", "tuzla": r"da(?:n|y\w+)|ya", "nilufer": r"de(?:n|y\w+)",
    "kartal": r"da(?:n|y\w+)", "konak": r"tay\w+", "sile": r"den|dey\w+", "fatih": r"te(?:n|y\w+)",
}  # fmt: skip
# Cases and "I am from", "it is in"; names of towns take no possession and no plural.
_CASE: Final = re.compile(
    r"(?:[yn]?[ae]|n?[dt][ae](?:n|ki(?:l[ae]r)?)?(?:y[iu][mz]|yd[iu]\w?|ym[iu]s|[iu]m"
    r"|yken)?|y?[iu]|n?[iu]n|y?l[ae]|l[iu](?:y[iu]m|l[ae]r)?|y?m[iu]s|[dt][iu]r)?"
)
_BEFORE: Final = re.compile(r"\b(?:in|to|at|near|from|above|ilce|ilcesi|il|sehir|adres)[ :]{1,2}$")
_PEOPLE: Final = frozenset(("selim", "fatih", "nilufer", "defne", "idil", "yildirim", "evren"))
_NEVER_BESIDE: Final = frozenset(("olur", "of", "can", "hani", "tut", "orta", "on", "mut"))
_NOT_ALONE: Final = frozenset(
    ("aydin", "fatih", "nilufer", "kartal", "selim", "konak", "cesme", "kemer")
)
_IN_WORD: Final = 3  # names are at least so long
_BESIDE: Final = re.compile(r"[\s,/()'-]{1,3}")
_AFTER: Final = re.compile(
    r"'?[a-z]{0,4} (?:il[ci]?\w*|ilcesi\w*|merkez\w*|sube\w*|sehri\w*|icin|tarafi\w*|magaza\w*)\b"
)
_STREET: Final = re.compile(
    r" (?:cad\w*|cd|sok\w*|sk|mah\w*|apt\w*|bulvar\w*|site\w*|blok\w*|kargo\w*)\b"
)


class _Place(NamedTuple):
    entity: str  # city or district
    name: str
    careful: bool


@lru_cache(maxsize=1)
def _places() -> dict[str, _Place]:
    """Return folded name -> place; a name that is both is the province."""
    places: dict[str, _Place] = {}
    cities: dict[str, _Place] = {}
    with _FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            province = row["province"]
            place = _Place("city", province.rstrip("*"), province.endswith("*"))
            cities[aligned(place.name)] = place
            for name in filter(None, row["districts"].split("|")):
                place = _Place("district", name.rstrip("*"), name.endswith("*"))
                places.setdefault(aligned(place.name), place)
    places.update(cities)
    for key, name in _OTHER_NAMES.items():
        known = places[aligned(name)]
        places[key] = known._replace(careful=False)
    return places


def is_place(folded: str) -> bool:
    """Return True for the folded name of a province or district, bare or with an ending."""
    return _look(folded) is not None


def find_places(reading: Reading) -> list[Found]:
    """Return ``city`` and ``district`` in their order; the value is the official name."""
    hits = [(word, hit) for word in reading.words if (hit := _look(word.text)) is not None]
    found: list[Found] = []
    for word, (key, place, ending) in hits:
        end = word.start + len(key)
        if ending and word.ending:
            continue  # "karsi'yi" is nobody's town
        if place.careful and key not in _OTHER_NAMES and not reading.spelt(word.start, place.name):
            continue  # "karşı" is not Kars, nor "Kasım" Kaş
        if place.careful and not (
            _is_meant(reading, word, key, ending, end) or _has_neighbour(reading, word, hits)
        ):
            continue
        if place.entity == "district" and _STREET.match(reading.folded, word.end):
            continue  # "Moda Caddesi", "Fatih Sokak": a street's name
        found.append(Found(place.entity, place.name, word.start, word.end))
    return found


@lru_cache(maxsize=8192)
def _look(word: str) -> tuple[str, _Place, str] | None:
    """Return (folded name, place, ending) of a word that is a place; the longest name wins."""
    places = _places()
    for cut in range(len(word), _IN_WORD - 1, -1):
        place = places.get(word[:cut])
        if place is not None and _CASE.fullmatch(word[cut:]):
            return word[:cut], place, word[cut:]
    return None


def _is_meant(reading: Reading, word: Word, key: str, ending: str, end: int) -> bool:
    """Tell whether a name that is a common word too stands for the town here."""
    if word.ending:
        if word.ending == "t" or key in _PEOPLE:
            return False
        return reading.text[word.start].isupper() or key in _TELLING
    if not ending and not reading.folded.strip(" .!?\n").removeprefix(key):
        return key not in (
            "olur",
            "of",
            "pazar",
            "merkez",
            "orta",
            "tut",
            "hani",
            "can",
            "persembe",
        )
    telling = _TELLING.get(key)
    if telling is not None and re.fullmatch(telling, ending):
        return True
    if not reading.capital(word.start):
        first = reading.text[word.start].isupper() and not reading.text[: word.start].strip()
        return first and key in _TELLING and _AFTER.match(reading.folded, end) is not None
    # In a name of a person or a shop every word has a capital: one is enough beside no other.
    if ending or _AFTER.match(reading.folded, end):
        return True
    if _BEFORE.search(reading.folded, max(0, word.start - 12), word.start):
        return True
    return key in _TELLING and key not in _NOT_ALONE


def _has_neighbour(
    reading: Reading, word: Word, hits: list[tuple[Word, tuple[str, _Place, str]]]
) -> bool:
    """Tell whether a place that is no common word stands right beside ("Kemer Antalya")."""
    if word.text in _NEVER_BESIDE:
        return False
    for other, (_, place, _) in hits:
        if place.careful or other.start == word.start:
            continue
        first, second = (word, other) if word.start < other.start else (other, word)
        if _BESIDE.fullmatch(reading.folded, first.end, second.start):
            return True
    return False
