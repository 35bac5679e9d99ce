"""What Rasa's own evaluation (`rasa test nlu`) must know of our results to judge them rightly.

It takes for granted that a fallback leads the ranking of intents, that every entity is a stretch
of the text, and that all extractors answer for all entities.
"""

from __future__ import annotations

from typing import Any, Final

import pluggy
from rasa.nlu.classifiers import fallback_classifier
from rasa.plugin import plugin_manager
from rasa.shared.nlu.constants import (
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    NO_ENTITY_TAG,
    PRETRAINED_EXTRACTORS,
)

from bot.nlu.bands import FALLBACK

IDENTIFIERS: Final = frozenset(("order_number", "tracking_number", "ticket_number", "phone", "email"))
"""The entities that our extractor of identifiers answers for, and that of values does not."""

_NAME: Final = "destek"
_NO_ENTITY: Final = frozenset(("no_entity", NO_ENTITY_TAG))

_hook = pluggy.HookimplMarker("rasa")
_undo = fallback_classifier.undo_fallback_prediction


def install() -> None:
    """Have Rasa's evaluation judge our results as they are meant; doing it twice is harmless."""
    fallback_classifier.undo_fallback_prediction = _best_intent
    # Rasa leaves out what these say: no text is annotated with it. Evaluation and the writer of
    # training data share this set.
    PRETRAINED_EXTRACTORS.add("LanguageDetector")
    if not plugin_manager().has_plugin(_NAME):
        plugin_manager().register(_Targets(), _NAME)


def _best_intent(prediction: dict[str, Any]) -> dict[str, Any]:
    """Return a result that is a fallback as if its best intent had been believed.

    Rasa's own classifier of fallbacks puts the fallback in front of the ranking, ours does not.
    """
    ranking = prediction.get(INTENT_RANKING_KEY) or []
    if not ranking or ranking[0].get(INTENT_NAME_KEY) == FALLBACK:
        result: dict[str, Any] = _undo(prediction)
        return result
    return {**prediction, INTENT: ranking[0]}


class _Targets:
    """Measures each of our extractors by the entities that it answers for."""

    @_hook
    def clean_entity_targets_for_evaluation(
        self, merged_targets: list[str], extractor: str
    ) -> list[str] | None:
        """Return the label of each token without those that are not the extractor's to find."""
        if extractor not in ("IdentifierExtractor", "ValueExtractor"):
            return None
        own = extractor == "IdentifierExtractor"
        return [
            label
            if label in _NO_ENTITY or (label.partition(".")[0] in IDENTIFIERS) is own
            else "no_entity"
            for label in merged_targets
        ]
