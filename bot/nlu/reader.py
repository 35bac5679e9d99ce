"""Files of training sentences, read in a fifth of the time.

Rasa reads each file twice, by a parser written in Python, and holds it against a schema. A file of
nothing but sentences, as all of data/nlu are, needs none of that; any other is left to Rasa's reader,
with its warnings and errors.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml
from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader
from rasa.shared.nlu.training_data.loading import load_data
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.validation import validate_training_data_format_version

from bot.nlu.example import Example

_SAFE_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SENTENCES: Final = {"intent", "examples"}
_BESIDE: Final = {"metadata"}


def training_data(paths: Iterable[str]) -> TrainingData:
    """Return what training files hold, in the order of the files, without duplicates."""
    parts = [_read(Path(path)) for path in paths]
    for part in parts:
        part.training_examples = [Example.of(example) for example in part.training_examples]
    return TrainingData().merge(*parts)


def _read(path: Path) -> TrainingData:
    content = _sentences_only(path)
    if content is None:
        return load_data(str(path))
    return _Reader(path).of(content)


def _sentences_only(path: Path) -> dict[str, Any] | None:
    """Return the content of a file of plain blocks of sentences, None of any other."""
    if path.suffix not in (".yml", ".yaml"):
        return None
    try:
        text = path.read_text(encoding="utf-8")
        content = yaml.load(text, Loader=_SAFE_LOADER)  # noqa: S506 - the safe one, written in C
    except (yaml.YAMLError, UnicodeDecodeError):
        return None
    if not isinstance(content, dict) or not {"nlu"} <= content.keys() <= {"nlu", "version"}:
        return None
    blocks = content["nlu"]
    return content if isinstance(blocks, list) and all(map(_is_plain, blocks)) else None


def _is_plain(block: Any) -> bool:
    return (
        isinstance(block, dict)
        and _SENTENCES <= block.keys() <= _SENTENCES | _BESIDE
        and all(isinstance(block[key], str) and block[key].strip() for key in _SENTENCES)
        and all(line.startswith("-") for line in block["examples"].splitlines())
    )


class _Reader(RasaYAMLReader):  # type: ignore[misc]
    """Rasa's own, for a content that was read and looked through before."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.filename = str(path)

    def of(self, content: dict[str, Any]) -> TrainingData:
        """Return the sentences of a file as training data."""
        if not validate_training_data_format_version(content, self.filename):
            return TrainingData()
        self._parse_nlu(content["nlu"])
        examples = [Example.of(example) for example in self.training_examples]
        return TrainingData(examples, self.entity_synonyms)
