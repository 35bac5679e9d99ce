"""Graph component that finds identifiers by rule: numbers, phones, e-mails, attachments.

What a number *is* only the shop's records can tell, so a bare number comes as `order_number`, and
as `tracking_number` as well when it has the shape of one; the actions look both up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.fingerprint import source_fingerprint
from bot.text import find_emails, find_numbers, find_phones, find_ticket_numbers

TRACKING_DIGITS = 11
"""Carriers' numbers have at least this many digits; shops' order numbers rarely do."""

_UPS = re.compile(r"1Z[0-9A-Z]{16}")
_S10 = re.compile(r"[A-Z]{2}\d{9}[A-Z]{2}")
_TOKEN = re.compile(r"[^\s,;:!?()#*]+")
_NOT_WORD = re.compile(r"[\W_]")

Identifier = tuple[str, str]  # entity, value


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False
)
class IdentifierExtractor(GraphComponent, EntityExtractorMixin):
    """Adds the entities of `identifiers()` and one `attachment` per kind in the metadata."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> IdentifierExtractor:
        return cls()

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        return source_fingerprint()

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entities to each message; a command carries its own."""
        for message in messages:
            text = str(message.get(TEXT) or "")
            if text.startswith("/"):
                continue
            entities = [self._entity(text, kind, value) for kind, value in identifiers(text)]
            entities += [
                {"entity": "attachment", "value": kind, "extractor": self.name}
                for kind in attachments(message)
            ]
            message.set(ENTITIES, [*message.get(ENTITIES, []), *entities], add_to_output=True)
        return messages

    def _entity(self, text: str, kind: str, value: str) -> dict[str, Any]:
        entity: dict[str, Any] = {"entity": kind, "value": value, "extractor": self.name}
        # Where the text spells the value otherwise (blanks, +90, a slip in an address), its place
        # is not told. Folding by `upper` may change the length, and then no place is right.
        upper = text.upper()
        start = upper.find(value.upper()) if len(upper) == len(text) else text.find(value)
        if start >= 0:
            entity.update(start=start, end=start + len(value))
        return entity


def identifiers(text: str) -> list[Identifier]:
    """Return (entity, value) of every identifier in a text; likeliest readings first."""
    found: list[Identifier] = [("ticket_number", value) for value in find_ticket_numbers(text)]
    for value in find_numbers(text):
        found.append(("order_number", value))
        if is_tracking_shaped(value):
            found.append(("tracking_number", value))
    found += [("phone", value) for value in find_phones(text)]
    found += [("email", value) for value in find_emails(text)]
    return found


def is_tracking_shaped(value: str) -> bool:
    """Return True for an upper-case number that may be a carrier's (long digits, UPS, S10)."""
    digits = sum(char.isdigit() for char in value)
    return digits >= TRACKING_DIGITS or bool(_UPS.fullmatch(value) or _S10.fullmatch(value))


def is_only_identifiers(text: str, found: Sequence[Identifier]) -> bool:
    """Return True when a text holds identifiers found in it and no word besides."""
    values = {_NOT_WORD.sub("", value).upper() for _, value in found}
    for token in _TOKEN.findall(text):
        # "1024'ü" and "+90" are parts of a number, "T-20931." is one.
        bare = _NOT_WORD.sub("", token.replace("’", "'").partition("'")[0]).upper()
        if bare and not bare.isdigit() and "@" not in token and bare not in values:
            return False
    return bool(found)


def attachments(message: Message) -> list[str]:
    """Return the kinds of the attachments named in a message's metadata, each once."""
    given = (message.get("metadata") or {}).get("attachments")
    if not isinstance(given, (list, tuple)):
        return []
    return list(dict.fromkeys(str(kind) for kind in given if kind))
