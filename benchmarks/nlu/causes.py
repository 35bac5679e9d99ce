"""The remaining errors of the test sets, sorted by what seems to be their cause."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from benchmarks.nlu.answers import Answer
from benchmarks.nlu.metrics import mistaken
from benchmarks.nlu.sentences import Sentence
from bot.nlu.features import STEM
from bot.nlu.model import OUT_OF_SCOPE
from bot.nlu.wishes import MOODS
from bot.text import normalise

SHORT: Final = 3
STRANGE: Final = 0.34
"""Share of a message's longer words that no sentence of the corpus has."""

SURE: Final = 0.8
NEARLY: Final = 0.2
_WORD: Final = re.compile(r"[^\W\d_]{3,}")


def stems(texts: Iterable[str]) -> frozenset[str]:
    """Return the beginnings of all words of at least three letters."""
    return frozenset(word for text in texts for word in _stems(text))


def _stems(text: str) -> list[str]:
    return [word[:STEM] for word in _WORD.findall(normalise(text))]


def cause(answer: Answer, known: frozenset[str]) -> str:
    """Return what an error seems to come from; the first that fits."""
    wanted, found = answer.sentence.intent, answer.best
    own = _stems(answer.sentence.text)
    strange = sum(word not in known for word in own)
    places = [name for name, _ in answer.ranking[:2]]
    margin = answer.confidence - answer.ranking[1][1] if len(answer.ranking) > 1 else 1.0
    if len(answer.wishes) > 1:
        return "taken for several wishes"
    if wanted == OUT_OF_SCOPE:
        return "not for the shop, taken for something that is"
    if found == OUT_OF_SCOPE:
        return "for the shop, taken for something that is not"
    if (wanted in MOODS) != (found in MOODS):
        return "mood or matter"
    if len(answer.sentence.text.split()) <= SHORT:
        return f"at most {SHORT} words"
    if own and strange / len(own) >= STRANGE:
        return "words that the corpus does not have"
    if wanted in places and margin < NEARLY:
        return "nearly: the wanted intent is a close second"
    if answer.confidence >= SURE:
        return f"sure of it ({SURE:g} and more), and wrong"
    return "other neighbours"


def report(answers: Sequence[Answer], corpus: Sequence[Sentence]) -> str:
    """Return a text: causes with their errors, the most frequent first, and the pairs mixed up."""
    known = stems(one.text for one in corpus)
    wrong = [one for one in answers if not one.right]
    piles: dict[str, list[Answer]] = defaultdict(list)
    for one in wrong:
        piles[cause(one, known)].append(one)
    lines = [f"{len(wrong)} errors in {len(answers)} messages", ""]
    ordered = sorted(piles.items(), key=lambda item: (-len(item[1]), item[0]))
    lines += [f"{len(pile):5d}  {name}" for name, pile in ordered]
    lines += ["", "Taken for another at least twice (meant -> understood)"]
    pairs = mistaken([(one.sentence.intent, one.best) for one in answers])
    lines += [f"{n:5d}  {pair[0]} -> {pair[1]}" for pair, n in pairs if n > 1]
    for name, pile in ordered:
        lines += ["", f"== {name} ({len(pile)})"]
        for one in sorted(pile, key=lambda one: (one.sentence.intent, one.best)):
            lines.append(
                f"{one.sentence.intent} -> {one.best} {one.confidence:.2f}  "
                f"[{one.sentence.source}] {one.sentence.text}"
            )
    return "\n".join(lines) + "\n"
