"""Print the weights by which bot/nlu/wishes.py tells two wishes from one.

    python scripts/weigh_wishes.py [--without w4,w6]

A model is trained without the sentences of two writers. Pairs of their sentences, joined as people
join them, are messages with two wishes; each of their sentences alone is one with a single wish.
What the weights are worth on real messages is then told by benchmarks/nlu/wishes.yml, which was
written for that and is no test set. Takes about two minutes.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot.nlu import sentence_vectors, wishes
from bot.nlu.cuts import Cut, without_connector
from bot.nlu.model import IntentModel, Ranking
from bot.nlu.openings import in_one_line, without_greeting
from bot.nlu.spelling import learned, repaired
from bot.text import normalise
from scripts.corpus.sentences import Sentence
from scripts.cross_validate import sentences

PAIRS = 2_500
LONGEST = 25  # words of a sentence in a pair
SEED = 3
JOINTS = {
    "tr": [". ", ". ", ". ", ". ", "? ", "? ", " bir de ", " bir de ", " bide ", " bide ",
           ". Ayrıca ", " ayrıca ", ", ", ", ", ", ", " ", " ", " ve ", " ve ", "\n", "\n",
           " hem de ", ". Bir de ", " bu arada ", ", bi de "],
    "en": [". ", ". ", ". ", ". ", "? ", "? ", " and ", " and ", " and ", ". Also, ", " also ",
           ", ", ", ", " ", ". Oh and ", " and also ", "\n", "\n", " plus ", ". By the way, "],
}  # fmt: skip
KINDS = ("end", "further", "and", "comma")


class Asked:
    """A model with its sentence vectors, as the pipeline asks it."""

    def __init__(self, examples: Sequence[Sentence]) -> None:
        texts = [example.plain for example in examples]
        self._spellings = learned(texts)
        vectors = sentence_vectors.vectors([repaired(text, self._spellings) for text in texts])
        self._model = IntentModel.fit(texts, [example.intent for example in examples], vectors)

    def rank(self, texts: Sequence[str]) -> list[Ranking]:
        """Return the rankings of texts."""
        return self._model.rank(texts, self._vectors)

    def cut(self, text: str) -> Cut | None:
        """Return where a folded text falls into two."""
        return self._model.cut(text)

    def _vectors(self, texts: Sequence[str]) -> np.ndarray[Any, Any]:
        return np.stack(
            [sentence_vectors.vector(repaired(text, self._spellings)) for text in texts]
        )


@dataclasses.dataclass(frozen=True)
class Seen:
    """What was seen of a message: the signs, and whether its cut gives the wishes it has."""

    signs: list[float]
    right: bool
    wanted: int
    """Wishes of the message."""


def looked_at(asked: Asked, text: str, wanted: set[str]) -> Seen | None:
    """Return the signs of a message, None where the rules leave no question."""
    whole = without_greeting(normalise(in_one_line(text)))
    cut = asked.cut(whole)
    if cut is None:
        return None
    parts = [without_greeting(cut.first.strip(" ,.;-")), without_connector(cut.second)]
    ranking, first, second = asked.rank([whole, *parts])
    names = (first[0][0], second[0][0])
    if names[0] == names[1] or wishes.PLEASANTRIES.intersection(names):
        return None
    signs = wishes.signs(cut, first, second, ranking, len(whole.split()))
    return Seen(signs, set(names) <= wanted, len(wanted))


def pairs(examples: Sequence[Sentence], rng: random.Random) -> list[tuple[str, set[str]]]:
    """Return messages made of two sentences of different intents, and these intents."""
    usable = [
        e for e in examples
        if e.intent not in wishes.PLEASANTRIES | {"abuse"} and 2 <= len(e.plain.split()) <= LONGEST
    ]  # fmt: skip
    made = []
    while len(made) < PAIRS:
        first, second = rng.sample(usable, 2)
        if first.intent == second.intent or first.language != second.language:
            continue
        near = wishes.MATTER.get(first.intent) == wishes.MATTER.get(second.intent)
        # By chance one pair in ten would be of one matter; people have two of one more often.
        if not near and len(made) % 2 == 0:
            continue
        joint = rng.choice(JOINTS[first.language])
        begin = first.plain.rstrip(".?!, ") if joint[0] in ".?," else first.plain
        made.append((begin + joint + second.plain, {first.intent, second.intent}))
    return made


def main() -> None:
    """Read the arguments, train, weigh, print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--without", default="w4,w6", help="writers whose sentences are held out")
    held = set(parser.parse_args().without.split(","))
    everything = sentences(Path("data/nlu"))
    unseen = [e for e in everything if e.writer in held]
    asked = Asked([e for e in everything if e.writer not in held])
    doubles = pairs(unseen, random.Random(SEED))
    singles = [(e.plain, {e.intent}) for e in unseen if len(e.plain.split()) >= 4]
    seen = [found for text, wanted in doubles + singles if (found := looked_at(asked, text, wanted))]
    machine = make_pipeline(StandardScaler(), LogisticRegression())
    machine.fit([s.signs for s in seen], [s.right and s.wanted > 1 for s in seen])
    scale, judge = machine[0], machine[1]
    weights = judge.coef_[0] / scale.scale_
    print("constant", round(float(judge.intercept_[0] - (weights * scale.mean_).sum()), 3))
    for name, weight in zip(wishes.SIGNS, weights, strict=True):
        print(f"{name:<18} {weight:.3f}")
    for share in (0.5, 0.55, 0.6, 0.7):
        believed = machine.predict_proba([s.signs for s in seen])[:, 1] >= share
        good = sum(b and s.right and s.wanted > 1 for s, b in zip(seen, believed, strict=True))
        bad = sum(b and s.wanted == 1 for s, b in zip(seen, believed, strict=True))
        print(f"from {share}: {good / PAIRS:.3f} of pairs, {bad / len(singles):.4f} invented")
    written = yaml.safe_load(Path("benchmarks/nlu/wishes.yml").read_text(encoding="utf-8"))
    right = {True: 0, False: 0}
    for message in written:
        found = [name for name, _ in wishes.understand(message["text"], asked).wishes]
        right[len(message["intents"]) > 1] += set(found) == set(message["intents"])
    print("with the weights as they are now, of the written ones right:",
          f"{right[True]} with several wishes, {right[False]} with one")  # fmt: skip


if __name__ == "__main__":
    main()
