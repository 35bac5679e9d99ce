"""Graph component that adds identifiers and attachments as entities."""

from __future__ import annotations

import re
from typing import Any, Final

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT, TEXT_TOKENS
from rasa.shared.nlu.training_data.message import Message

from bot.nlu import evaluation
from bot.nlu.fingerprint import source_fingerprint
from bot.nlu.identifiers import Identifier, identifiers
from bot.nlu.places import Text, Unplaced
from bot.nlu.tokens import Tokens
from bot.text import is_tckn

_ELEVEN_DIGITS: Final = re.compile(r"(?<!\d)\d{11}(?!\d)")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class IdentifierExtractor(GraphComponent, EntityExtractorMixin):
    """Adds the entities of `identifiers()` and one `attachment` per kind in the metadata.

    Without tokens, the message gets those of its words: by them Rasa reports on entities.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> IdentifierExtractor:
        evaluation.install()
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
            found = identifiers(text)
            if (message.get("metadata") or {}).get("redacted"):
                found = [*found, *_unmasked(text)]
            entities = self._entities(text, found)
            entities += [
                Unplaced(entity="attachment", value=kind, extractor=self.name)
                for kind in attachments(message)
            ]
            if message.get(TEXT_TOKENS) is None:
                message.set(TEXT_TOKENS, Tokens(text))
                # Rasa would tell the places of all words with every result.
                message.output_properties.discard(TEXT_TOKENS)
            message.set(ENTITIES, [*message.get(ENTITIES, []), *entities], add_to_output=True)
        return messages

    def _entities(self, text: str, found: list[Identifier]) -> list[dict[str, Any]]:
        if not found:
            return []
        where, entities = Text(text), list[dict[str, Any]]()
        for kind, value in found:
            entity = {"entity": kind, "value": value, "extractor": self.name}
            place = where.place(kind, value)
            if place is None:
                entities.append(Unplaced(entity))
            else:
                entities.append({**entity, "start": place[0], "end": place[1]})
        return entities


def _unmasked(text: str) -> list[Identifier]:
    """Return the numbers in the shape of a national id in a text whose national ids are masked.

    What was left readable is the number of an order of the customer's own.
    """
    return [("order_number", n) for n in _ELEVEN_DIGITS.findall(text) if is_tckn(n)]


def attachments(message: Message) -> list[str]:
    """Return the kinds of the attachments named in a message's metadata, each once."""
    given = (message.get("metadata") or {}).get("attachments")
    if not isinstance(given, (list, tuple)):
        return []
    return list(dict.fromkeys(str(kind) for kind in given if kind))
