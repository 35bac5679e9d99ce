"""The sentences that are measured with: the shop's corpus, its test sets, samples of them."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from tests.nlu.annotated import plain
from tests.stack import ROOT

CORPUS: Final = ROOT / "data" / "nlu"
SETS: Final = ROOT / "tests" / "nlu" / "sets"
NAMES: Final = ("turkish", "whatsapp", "english", "close_calls")
LANGUAGES: Final = {"turkish": "tr", "whatsapp": "tr", "english": "en"}
"""The close calls are of both languages, and nobody wrote down of which."""

PER_INTENT: Final = 25


@dataclasses.dataclass(frozen=True)
class Sentence:
    """A sentence without markup, what it means, and whose it is. `language` may be unknown."""

    text: str
    intent: str
    writer: str = ""
    language: str = ""
    source: str = ""


@dataclasses.dataclass(frozen=True)
class Double:
    """A message with several wishes, in the order in which they are to be served."""

    text: str
    intents: tuple[str, ...]
    writer: str = ""


def loaded(path: Path) -> Any:
    """Return what a YAML file holds."""
    with path.open(encoding="utf-8") as file:
        return yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def read(path: Path, language: str = "") -> list[Sentence]:
    """Return the sentences of a file in Rasa's format; `language` where a block names none."""
    found = []
    for block in loaded(path)["nlu"]:
        if "intent" not in block:
            continue
        about = block.get("metadata") or {}
        spoken = str(about.get("language") or language)
        for line in block["examples"].splitlines():
            text = plain(line.removeprefix("- ").strip())[0]
            if text:
                writer = str(about.get("writer") or "")
                found.append(Sentence(text, block["intent"], writer, spoken, path.stem))
    return found


def corpus() -> list[Sentence]:
    """Return everything that the product's model learns from."""
    return [one for path in sorted(CORPUS.glob("*.yml")) for one in read(path)]


def sets() -> dict[str, list[Sentence]]:
    """Return the test sets by name."""
    return {name: read(SETS / f"{name}.yml", LANGUAGES.get(name, "")) for name in NAMES}


def doubles() -> list[Double]:
    """Return the messages with several wishes."""
    return [
        Double(one["text"], tuple(one["intents"]), one["writer"])
        for one in loaded(SETS / "doubles.yml")
    ]


def sampled(
    sentences: Iterable[Sentence], per_intent: int = PER_INTENT, seed: int = 1
) -> list[Sentence]:
    """Return so many sentences of each intent, its languages in turn, each in a drawn order.

    Drawn by a hash of seed and text: who adds a sentence to the corpus changes one of the sample
    at most.
    """
    piles: dict[str, dict[str, list[Sentence]]] = defaultdict(lambda: defaultdict(list))
    for one in sorted(sentences, key=lambda one: _lot(seed, one.text)):
        piles[one.intent][one.language].append(one)
    found = []
    for intent in sorted(piles):
        rows = [piles[intent][language] for language in sorted(piles[intent], reverse=True)]
        longest = max(len(row) for row in rows)
        turns = [row[n] for n in range(longest) for row in rows if n < len(row)]
        found += turns[:per_intent]
    return found


def digest(sentences: Sequence[Sentence]) -> str:
    """Return a short name of exactly these sentences with these intents."""
    total = hashlib.blake2b(digest_size=6)
    for one in sentences:
        total.update(f"{one.intent}\t{one.text}\n".encode())
    return total.hexdigest()


def _lot(seed: int, text: str) -> bytes:
    return hashlib.blake2b(f"{seed} {text}".encode(), digest_size=8).digest()
