"""Graph component that offers the sentence vectors of repaired texts.

In training it adds Rasa's dense sentence features to every example, so that any classifier of a
pipeline can use them. In answering it only hands on the way to them (`VECTORS`): our classifier
settles most messages by their words and asks for vectors of the rest. `eager: true` adds the
features to every message, as classifiers of others need it.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu import sentence_vectors
from bot.nlu.fingerprint import source_fingerprint
from bot.nlu.spelling import learned, repaired

logger = logging.getLogger(__name__)

VECTORS: Final = "sentence_vectors"
"""Name under which a message carries the function from texts to their vectors."""

Vectors = Callable[[Sequence[str]], "np.ndarray[Any, Any]"]

_SPELLINGS: Final = "spellings.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class SentenceEncoder(GraphComponent):
    """Learns how words are spelt with Turkish letters; encodes texts spelt that way.

    Without the encoder's package it does nothing, and what follows works with words alone.
    """

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        spellings: dict[str, str] | None = None,
    ) -> None:
        self._eager = bool(config.get("eager"))
        self._model_storage = model_storage
        self._resource = resource
        self._spellings = spellings or {}
        self._handed = _Handed(self.vectors)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEncoder:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SentenceEncoder:
        """Read the spellings of the archive; the encoder is loaded here, not at a message."""
        spellings: dict[str, str] = {}
        try:
            with model_storage.read_from(resource) as folder:
                spellings = json.loads((folder / _SPELLINGS).read_text(encoding="utf-8"))
        except (ValueError, FileNotFoundError):
            logger.warning("No spellings in the archive.")
        if sentence_vectors.available():
            sentence_vectors.vector("merhaba")
        return cls(config, model_storage, resource, spellings)

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"eager": False}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        return f"{source_fingerprint()} {sentence_vectors.available()}"

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the spellings of the examples and keep them."""
        self._spellings = learned(str(e.get(TEXT) or "") for e in training_data.training_examples)
        with self._model_storage.write_to(self._resource) as folder:
            text = json.dumps(self._spellings, ensure_ascii=False)
            (folder / _SPELLINGS).write_text(text, encoding="utf-8")
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the features to all examples that have a text."""
        if not sentence_vectors.available():
            logger.info("The sentence encoder is not installed; training goes on without it.")
            return training_data
        examples = [e for e in training_data.training_examples if e.get(TEXT)]
        texts = [repaired(str(e.get(TEXT)), self._spellings) for e in examples]
        rows = sentence_vectors.vectors(texts, _kept())
        for example, row in zip(examples, rows, strict=True):
            self._add(example, row)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Hand each message the way to vectors, and its own when eager."""
        if sentence_vectors.available():
            for message in messages:
                message.set(VECTORS, self._handed)
                if self._eager and message.get(TEXT):
                    self._add(message, self.vectors([str(message.get(TEXT))])[0])
        return messages

    def vectors(self, texts: Sequence[str]) -> np.ndarray[Any, Any]:
        """Return the vectors of texts as people wrote them (texts x 512)."""
        rows = [sentence_vectors.vector(repaired(text, self._spellings)) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, sentence_vectors.DIMENSIONS))

    def _add(self, message: Message, row: np.ndarray[Any, Any]) -> None:
        origin = type(self).__name__
        message.add_features(Features(row[None, :], FEATURE_TYPE_SENTENCE, TEXT, origin))


class _Handed:
    """The way to vectors as a message carries it: who copies the message copies no encoder."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def __call__(self, texts: Sequence[str]) -> np.ndarray[Any, Any]:
        return self._vectors(texts)

    def __deepcopy__(self, memo: dict[int, Any]) -> _Handed:
        return self


def _kept() -> Path:
    """Return the file of vectors, beside Rasa's own cache."""
    return Path(os.environ.get("RASA_CACHE_DIRECTORY") or ".rasa/cache") / "sentence_vectors.npz"
