"""Graph component that tells the intents of a message."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu import commands, evaluation
from bot.nlu.bands import FALLBACK, RANKING_LENGTH
from bot.nlu.cuts import Cut
from bot.nlu.encoder import VECTORS, Vectors
from bot.nlu.entities import attachments
from bot.nlu.fingerprint import source_fingerprint
from bot.nlu.model import IntentModel, Ranking
from bot.nlu.wishes import Understanding, understand

logger = logging.getLogger(__name__)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class SupportIntentClassifier(GraphComponent, IntentClassifier):
    """Sets `intent`, `intent_ranking` (at most ten) and `intents`, the wishes in their order.

    Outside the bands (`bot.nlu.bands`) the intent is `nlu_fallback`; the ranking stays as it is.
    """

    def __init__(
        self, model_storage: ModelStorage, resource: Resource, model: IntentModel | None = None
    ) -> None:
        self._model_storage = model_storage
        self._resource = resource
        self._model = model
        commands.install()
        evaluation.install()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SupportIntentClassifier:
        return cls(model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SupportIntentClassifier:
        """Read the model; without one (trained on no sentences) everything is a fallback."""
        try:
            with model_storage.read_from(resource) as folder:
                return cls(model_storage, resource, IntentModel.load(folder))
        except ValueError:
            logger.warning("No intent model in the archive.")
            return cls(model_storage, resource)

    @staticmethod
    def required_packages() -> list[str]:
        return ["sklearn"]

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        return source_fingerprint()

    def train(self, training_data: TrainingData) -> Resource:
        """Fit on all examples that have a text and an intent, and keep the model.

        Their dense sentence features are used when every example has them.
        """
        examples = [e for e in training_data.intent_examples if e.get(TEXT) and e.get(INTENT)]
        if not examples:
            return self._resource
        self._model = IntentModel.fit(
            [str(e.get(TEXT)) for e in examples],
            [str(e.get(INTENT)) for e in examples],
            _sentence_features(examples),
        )
        with self._model_storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intents of each message."""
        for message in messages:
            understood = self._understand(message)
            wishes = [_entry(name, value) for name, value in understood.wishes]
            ranking = [_entry(name, value) for name, value in understood.ranking[:RANKING_LENGTH]]
            message.set(INTENT, dict(wishes[0]), add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
            message.set("intents", wishes, add_to_output=True)
        return messages

    def _understand(self, message: Message) -> Understanding:
        if self._model is None:
            return Understanding(((FALLBACK, 0.0),), [])
        text = str(message.get(TEXT) or "")
        asked = _Asked(self._model, message.get(VECTORS))
        return understand(text, asked, has_attachment=bool(attachments(message)))


@dataclasses.dataclass(frozen=True)
class _Asked:
    """The model together with the way to sentence vectors that this message carries."""

    model: IntentModel
    vectors: Vectors | None

    def rank(self, texts: Sequence[str]) -> list[Ranking]:
        return self.model.rank(texts, self.vectors)

    def cut(self, text: str) -> Cut | None:
        return self.model.cut(text)


def _sentence_features(examples: Sequence[Message]) -> np.ndarray[Any, Any] | None:
    rows = []
    for example in examples:
        _, sentence = example.get_dense_features(TEXT)
        if sentence is None:
            return None
        rows.append(sentence.features[0])
    return np.stack(rows)


def _entry(name: str, confidence: float) -> dict[str, Any]:
    return {"name": name, "confidence": confidence}
