"""The shop's catalogue as a customer writes it: ``product`` and ``sku``.

A ``Catalogue`` is built once from the shop's products and asked for each message. Products are
found by the words of their names, in any case and with slips of one letter in longer words. The
value is the product's name when one product fits, else the words as written.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

from bot.text.places import is_place
from bot.text.reading import Found, Reading, Word, aligned, is_ending

_SHORTEST: Final = 4
"""Letters of a word of a name that is looked for; "su" and "cm" say nothing alone."""
_SHORTEST_WITH_SLIP: Final = 6
_MOST_SLIPS: Final = 200
"""Different words of a message that are tried with a slip; a longer one is no question."""
_PLURAL: Final = frozenset(("s", "es"))
_REMEMBERED: Final = 20_000
_POSSESSED: Final = re.compile(r"(?:(?<=[aeiou])s)?[iu]$")
# Words of a name that no customer means the product by.
_NO_NAME: Final = frozenset("icin olan adet seti with from size cm mm ml lt kg".split())

# Alone they name no product: "robot musun", "makinede yıkanır mı", "hot water".
_GENERIC: Final = frozenset(
    "makine makinesi cihaz cihazi takim takimi robot kahve dokum keten machine device water coffee"
    " cast iron linen purifier large mini plus renk home".split()
)


class Product(NamedTuple):
    """One product: code, and the names by which it is sold."""

    sku: str
    names: tuple[str, ...]


class Catalogue:
    """What the shop sells, indexed. `coupons` are the codes that the shop knows, upper-case ASCII."""

    def __init__(
        self, products: Iterable[Product] = (), shop: str = "", coupons: Collection[str] = ()
    ) -> None:
        self.products: Final = tuple(products)
        self.coupons: Final = frozenset(coupons)
        self._shop: Final = frozenset(re.findall(r"[a-z]+", aligned(shop)))
        self._stems: dict[str, set[int]] = {}
        self._slips: dict[str, set[str]] = {}
        self._seen: dict[str, str] = {}
        self.skus: Final = {
            aligned(p.sku): p.sku for p in self.products if any(c.isdigit() for c in p.sku)
        }
        for index, product in enumerate(self.products):
            for name in product.names:
                self._learn(index, name)
        for stem in self._stems:
            if len(stem) >= _SHORTEST_WITH_SLIP and stem not in _GENERIC:
                for less in _without_one(stem):
                    self._slips.setdefault(less, set()).add(stem)

    def _learn(self, index: int, name: str) -> None:
        for word in re.findall(r"[a-z]+", aligned(name)):
            if word in _NO_NAME or len(word) < 2:
                continue
            bare = _POSSESSED.sub("", word) if len(word) > _SHORTEST_WITH_SLIP - 1 else word
            for stem in {word, bare, bare[:-1] + "g" if bare.endswith("k") else bare}:
                self._stems.setdefault(stem, set()).add(index)

    def stem(self, word: str, slips: bool = True) -> str:
        """Return the stem of a name that a folded word stands for, or ""."""
        known = self._seen.get(word)
        if known is None:
            known = self._exact(word) or (self._with_slip(word) if slips else "")
            if slips:
                if len(self._seen) > _REMEMBERED:
                    self._seen.clear()
                self._seen[word] = known
        return known

    def _exact(self, word: str) -> str:
        for cut in range(len(word), 1, -1):
            # "tavan" is a ceiling, not "your pan".
            own = cut <= _SHORTEST and word[cut : cut + 1] == "n"
            if (
                word[:cut] in self._stems
                and not own
                and (is_ending(word[cut:]) or word[cut:] in _PLURAL)
            ):
                return word[:cut]
        return ""

    def _with_slip(self, word: str) -> str:
        """Return the stem that differs by one letter (left out, added, other, or two swapped)."""
        if is_place(word) or word.endswith("ing"):
            return ""
        for cut in range(len(word), max(_SHORTEST_WITH_SLIP, len(word) - 6) - 2, -1):
            part = word[:cut]
            if len(part) < _SHORTEST_WITH_SLIP - 1 or not is_ending(word[cut:]):
                continue
            for less in (part, *_without_one(part)):
                for stem in sorted(self._slips.get(less, ())) + (
                    [less] if less in self._stems else []
                ):
                    if (
                        len(stem) >= _SHORTEST_WITH_SLIP
                        and stem[:3] == part[:3]
                        and _one_apart(part, stem)
                    ):
                        return stem
        return ""

    def find_products(self, reading: Reading) -> list[Found]:
        """Return ``product`` and ``sku`` in their order."""
        found: list[Found] = []
        run: list[tuple[Word, str]] = []
        tried = 0
        for word in reading.words if self._stems else ():
            tried += word.text not in self._seen
            stem = self.stem(word.text, tried <= _MOST_SLIPS)
            if (
                stem
                and run
                and not re.fullmatch(r"[ \d-]{1,4}", reading.folded[run[-1][0].end : word.start])
            ):
                found += self._mention(reading, run)
                run = []
            if stem:
                run.append((word, stem))
            elif run:
                found += self._mention(reading, run)
                run = []
        found += self._mention(reading, run) if run else []
        for key, sku in self.skus.items():
            place = reading.folded.find(key) if reading.has_digit else -1
            if place >= 0 and not reading.folded[place + len(key) : place + len(key) + 1].isalnum():
                found.append(Found("sku", sku, place, place + len(key)))
        return sorted(found, key=lambda item: item.start)

    def _mention(self, reading: Reading, run: Sequence[tuple[Word, str]]) -> list[Found]:
        """Return the product that words in a row name, unless they are the shop's own name."""
        while len(run) > 1 and len(run[-1][1]) < _SHORTEST - 1:
            run = run[:-1]
        telling = [stem for _, stem in run if stem not in self._shop and len(stem) >= _SHORTEST]
        if not telling or (len(run) == 1 and telling[0] in _GENERIC):
            return []
        fitting: set[int] = set.intersection(*(self._stems[stem] for _, stem in run))
        if not fitting:
            counts = [index for _, stem in run for index in self._stems[stem]]
            best = max(map(counts.count, counts))
            fitting = {index for index in counts if counts.count(index) == best}
        start, end = run[0][0].start, run[-1][0].end
        version = re.compile(
            r" \d{1,3}(?: cm)?(?![\w.,:/-]| (?:gun|ay|adet|tane|tl|lira|kez|hafta|saat|yil))"
        ).match(reading.folded, end)
        if version and any(
            version.group().strip() in aligned(n) for i in fitting for n in self.products[i].names
        ):
            end = version.end()
        value = (
            self.products[min(fitting)].names[0] if len(fitting) == 1 else reading.text[start:end]
        )
        return [Found("product", value, start, end)]


def _without_one(word: str) -> list[str]:
    return [word[:i] + word[i + 1 :] for i in range(len(word))]


def _one_apart(a: str, b: str) -> bool:
    """Tell whether one letter more, less, other or one swap makes two words the same."""
    if abs(len(a) - len(b)) > 1 or a == b:
        return a == b
    at = next(
        (i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )
    if len(a) == len(b):
        swapped = a[at + 1 : at + 2] + a[at : at + 1] + a[at + 2 :]
        return a[at + 1 :] == b[at + 1 :] or swapped == b[at:]
    long, short = (a, b) if len(a) > len(b) else (b, a)
    return long[at + 1 :] == short[at:]
