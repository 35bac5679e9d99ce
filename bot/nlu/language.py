"""Graph component that tells the language of each message as an entity."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu import evaluation
from bot.nlu.fingerprint import source_fingerprint
from bot.text import detect_language

LANGUAGES = ("tr", "en")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class LanguageDetector(GraphComponent, EntityExtractorMixin):
    """Adds `{"entity": "language", "value": "tr" | "en"}` to every message.

    Words without evidence (numbers, emoji, names) take the language of the metadata, which is that
    of the conversation so far; without one, Turkish.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LanguageDetector:
        evaluation.install()
        return cls()

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        return source_fingerprint()

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entity to each message."""
        for message in messages:
            known = str((message.get("metadata") or {}).get("language") or "")
            default = known if known in LANGUAGES else LANGUAGES[0]
            text = str(message.get(TEXT) or "")
            # A command holds no words of the customer.
            value = default if text.startswith("/") else detect_language(text, default)
            entity = {"entity": "language", "value": value, "extractor": self.name}
            message.set(ENTITIES, [*message.get(ENTITIES, []), entity], add_to_output=True)
        return messages
