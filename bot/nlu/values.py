"""Graph component that adds what a message names as entities: sums, days, places, products, codes.

All by rule (`bot.text`). Days are told by the shop's clock in `SHOP_TIME_ZONE`. One stretch of a
message is one thing: the finders are asked in a fixed order, and what an earlier one took is not
read again, so that "3 adet" is no rating and a telephone number no sum.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import unicodedata
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot import clock, workdays
from bot.nlu.fingerprint import source_fingerprint
from bot.nlu.shelf import shelf
from bot.text import (
    Catalogue,
    Found,
    Reading,
    as_found,
    clean,
    find_amounts,
    find_carriers,
    find_codes,
    find_coupons,
    find_days,
    find_durations,
    find_installments,
    find_places,
    find_points,
    find_quantities,
    find_ranges,
    find_ratings,
    find_tax_ids,
    find_terms,
    find_times,
    find_variants,
)

_MOST_OF_ONE = 100
_MOST = 200  # values of one message; more is pasted, and each is copied at every step behind this
_TIME_ZONE = "Europe/Istanbul"
_AT = re.compile(r"\S{1,64}@\S{1,255}|https?://\S{1,2000}|www\.\S{1,2000}")
_DATE = re.compile(r"\d{2}[./-]\d{2}[./-]\d{4}|\d{4}-\d\d-\d\d")
_PHONE = re.compile(r"(?<![\w.,])(?:\+|00)?\d[\d ()./-]{8,18}\d(?!\d)")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class ValueExtractor(GraphComponent, EntityExtractorMixin):
    """Adds the entities of `values()`; needs no training and no database to work."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ValueExtractor:
        # The catalogue is there by the first message; nothing waits for it.
        shelf.catalogue()
        return cls()

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        return source_fingerprint()

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entities to each message; a command carries its own."""
        today = shop_day()
        for message in messages:
            text = str(message.get(TEXT) or "")
            if not text or text.startswith("/"):
                continue
            entities = [self._entity(text, item) for item in values(text, today, shelf.catalogue())]
            message.set(ENTITIES, [*message.get(ENTITIES, []), *entities], add_to_output=True)
        return messages

    def _entity(self, text: str, item: Found) -> dict[str, Any]:
        return {
            "entity": item.entity,
            "value": item.value,
            "start": item.start,
            "end": item.end,
            "extractor": self.name,
        }


def shop_day() -> dt.date:
    """Return today by the shop's clock, in the shop's zone."""
    zone = ZoneInfo(os.environ.get("SHOP_TIME_ZONE") or _TIME_ZONE)
    return clock.now().astimezone(zone).date()


def values(text: str, today: dt.date, catalogue: Catalogue) -> list[Found]:
    """Return what a message names, in its order, with places in the text as given; the first 200."""
    reading = Reading(text)
    days = find_days(reading, today, _holiday)
    ranges = find_ranges(reading, days)
    taken = _Taken(reading)
    products = catalogue.find_products(reading)
    taken.add(products, only=("sku",))
    taken.add(find_codes(reading))
    taken.add(find_tax_ids(reading))
    taken.add(find_coupons(reading, catalogue.coupons))
    taken.add(find_installments(reading))
    taken.add(find_ratings(reading))
    amounts = find_amounts(reading)
    taken.add(amounts, only=("amount",))
    taken.add(ranges)
    taken.add(as_found(days))
    taken.add(find_points(reading))
    taken.add(find_durations(reading))
    taken.add(find_quantities(reading))
    taken.add(_counted(reading, products))
    taken.add(products)
    taken.add(find_variants(reading))
    taken.add(find_times(reading))
    taken.add(find_carriers(reading))
    taken.add(find_places(reading))
    taken.add(find_terms(reading))
    found = taken.found
    sums = {(item.start, item.end) for item in found if item.entity == "amount"}
    found += [i for i in amounts if i.entity == "currency" and (i.start, i.end) in sums]
    found = sorted(found, key=lambda item: (item.start, item.end))[:_MOST]
    return found if reading.text == text else _placed(found, reading.text, text)


def _counted(reading: Reading, products: list[Found]) -> list[Found]:
    """Return a number right before a product as its quantity; "bir havlu" is an article."""
    starts = {item.start for item in products if item.entity == "product"}
    return [
        Found("quantity", str(numeral.whole), numeral.start, numeral.behind)
        for numeral in reading.numerals
        if numeral.behind + 1 in starts
        and numeral.whole is not None
        and 1 <= numeral.whole <= _MOST_OF_ONE
        and not (numeral.spoken and numeral.whole == 1)
    ]


class _Taken:
    """What was found so far; a stretch of the text is given away once."""

    def __init__(self, reading: Reading) -> None:
        self.found: list[Found] = []
        self._used = bytearray(len(reading.text))
        folded = reading.folded
        if "@" in folded or "http" in folded or "www" in folded:
            for match in _AT.finditer(folded):
                self._take(match.start(), match.end())
        for match in _PHONE.finditer(folded) if reading.has_digit else ():
            digits = sum(char.isdigit() for char in match.group())
            if 10 <= digits <= 14 and not _DATE.search(match.group()):
                self._take(match.start(), match.end())

    def add(self, items: Iterable[Found], only: tuple[str, ...] = ()) -> None:
        """Keep what touches nothing that was kept before."""
        for item in items:
            if only and item.entity not in only:
                continue
            tax_id = item.entity in ("tax_id", "serial_number")
            if tax_id or not any(self._used[item.start : item.end]):
                if tax_id and any(i.start < item.end and item.start < i.end for i in self.found):
                    continue
                self.found.append(item)
                self._take(item.start, item.end)

    def _take(self, start: int, end: int) -> None:
        self._used[start:end] = b"\x01" * (end - start)


def _holiday(day: dt.date) -> tuple[str, bool] | None:
    """Return (name, half) of a public holiday; a year that is not known has none."""
    try:
        entry = workdays.holiday(day)
    except workdays.CalendarRangeError:
        return None
    return (entry.name_tr, entry.half) if entry else None


def _placed(found: list[Found], cleaned: str, text: str) -> list[Found]:
    """Return the values with places in the text as it came.

    Cleaning drops invisible characters and joins letters with their marks; each character that is
    left is looked for in its turn.
    """
    if len(cleaned) == len(text):
        return found
    places, at = [], 0
    for char in cleaned:
        while at < len(text) - 1 and not _same(text[at], char):
            at += 1
        places.append(min(at, len(text) - 1))
        at += 1
    return [item._replace(start=places[item.start], end=places[item.end - 1] + 1) for item in found]


def _same(char: str, cleaned: str) -> bool:
    """Tell whether a character became the cleaned one, perhaps with the mark behind it."""
    if char == cleaned:
        return True
    one, other = (unicodedata.normalize("NFD", part)[:1] for part in (clean(char), cleaned))
    return one == other
