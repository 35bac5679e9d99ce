"""Training data from the files, with the labels that people reviewed on top."""

from __future__ import annotations

import logging

from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.example import Example
from bot.nlu.labels import Label, reviewed_labels
from bot.nlu.reader import training_data
from bot.text import normalise

logger = logging.getLogger(__name__)


class DestekImporter(RasaFileImporter):
    """Reads what Rasa's own importer reads; reviewed labels win over the files' examples."""

    _data: TrainingData | None = None

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Return the files' data merged with the labels; without labels, the files' alone.

        Read once: Rasa asks three times in a training, each time in other words, and copies what it
        gets. The files are the same whatever language is asked for.
        """
        if self._data is None:
            data = training_data(self._nlu_files)
            labels = reviewed_labels()
            self._data = merged(data, labels) if labels else data
        return self._data


def merged(data: TrainingData, labels: list[Label]) -> TrainingData:
    """Return the data with the labels added, and without examples that a label contradicts.

    A label whose intent the files do not know is left out: the dialogue would have no rule for it.
    """
    known = data.intents
    usable = {normalise(label.text): label for label in labels if label.intent in known}
    if len(usable) < len(labels):
        logger.warning("%d labels are not used (unknown or twice)", len(labels) - len(usable))
    kept = [
        example
        for example in data.training_examples
        if example.get(TEXT) is None or normalise(str(example.get(TEXT))) not in usable
    ]
    added = [Example({TEXT: label.text, INTENT: label.intent}) for label in usable.values()]
    # Everything else of the data (synonyms, responses, look-up tables) stays as it is.
    return TrainingData([*kept, *added]).merge(_without_examples(data))


def _without_examples(data: TrainingData) -> TrainingData:
    return TrainingData(
        [], data.entity_synonyms, data.regex_features, data.lookup_tables, data.responses
    )
