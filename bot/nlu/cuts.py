"""Where a message falls into two: the cut at which both parts are clearest, by their words alone.

A linear model's scores are sums over features, and features lie within words or between two
neighbours. So the scores of all beginnings and all endings of a message come from running sums, and
every place is tried at the price of one.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from typing import Any, Final

import numpy as np

from bot.nlu.calibration import Calibration
from bot.nlu.features import STEM, Features, pieces, plain

Array = np.ndarray[Any, Any]

MIN_WORDS: Final = 2
"""A part of fewer words is no wish of its own beside another."""

MAX_WORDS: Final = 120
"""Only so many words of a message are looked at; a longer one is a story."""

_WORD = re.compile(r"[^\W_]+|[^\w\s]")
_FURTHER: Final = re.compile(
    r"(?:(?:ve|and|hem|oh) )?(?:bir de|birde|hem de|ayrica|ayriyeten|bunun disinda|bunun yaninda"
    r"|onun disinda|ek olarak|bundan ayri|bu arada|hazir yazmisken|son olarak|bir sey daha"
    r"|bir onerim de|and also|also|plus|another thing|one more thing|besides|by the way"
    r"|in addition|apart from that|on top of that|separately|while (?:i'm|im|at|you)|oh and"
    r"|as a side note|meanwhile)\b"
)
_AND: Final = re.compile(r"(?:ve|and|hem|oh|then|sonra|artik)\b")
_BONUS: Final = {"end": 2.0, "further": 2.5, "and": 1.5, "comma": 1.0, "": 0.0}


@dataclasses.dataclass(frozen=True)
class Cut:
    """A message in two parts (folded texts) and what stands between them.

    `kind`: "end" of a sentence or line, "further" ("bir de", "also"), "and", "comma", or "".
    `clear`: the smaller of both parts' confidences, by their words alone; 0 when both want the same.
    """

    first: str
    second: str
    kind: str
    clear: float


def best_cut(
    text: str, features: Features, weights: Array, bias: Array, calibration: Calibration
) -> Cut | None:
    """Return the likeliest cut of a folded text, None when it is too short to be two wishes."""
    tokens = text.split()
    if not 2 * MIN_WORDS <= len(tokens) <= MAX_WORDS:
        return None
    known = [features.beginnings.corrected(plain(token)) for token in tokens]
    before, after = _sides(known, features, weights)
    first = calibration.probabilities(before + bias)
    second = calibration.probabilities(after + bias)
    places = np.arange(MIN_WORDS, len(tokens) - MIN_WORDS + 1)
    kinds = [_kind(tokens, int(place)) for place in places]
    clear = np.log(first.max(axis=1)) + np.log(second.max(axis=1))
    same = first.argmax(axis=1) == second.argmax(axis=1)
    total = clear + np.array([_BONUS[kind] for kind in kinds]) - 5.0 * same
    best = int(total.argmax())
    place = int(places[best])
    confidence = 0.0 if same[best] else float(min(first[best].max(), second[best].max()))
    return Cut(" ".join(tokens[:place]), " ".join(tokens[place:]), kinds[best], confidence)


def without_connector(text: str) -> str:
    """Return a folded part without the words that announced it ("bir de", "also")."""
    for pattern in (_FURTHER, _AND):
        match = pattern.match(text)
        if match and len(text[match.end() :].split()) >= 1:
            text = text[match.end() :].lstrip(" ,.:;")
    return text


def _kind(tokens: list[str], place: int) -> str:
    rest = " ".join(tokens[place : place + 4])
    if _FURTHER.match(rest):
        return "further"
    last = tokens[place - 1]
    if last[-1] in ".?!…;" and not last[:-1].isdigit():
        return "end"
    if _AND.match(rest):
        return "and"
    return "comma" if last[-1] in ",:-)" else ""


def _sides(tokens: list[str], features: Features, weights: Array) -> tuple[Array, Array]:
    """Return the scores of the parts before and after each possible cut, without constants."""
    words, runs = features.kinds
    found = [[w[:STEM] for w in _WORD.findall(token)] for token in tokens]
    inner = [
        [*own, *(f"{a} {b}" for a, b in itertools.pairwise(own))] for own in found
    ]  # fmt: skip
    joints: list[list[str]] = [[]] + [
        [f"{a[-1]} {b[0]}"] if a and b else [] for a, b in itertools.pairwise(found)
    ]
    own, own_length = _sums(inner, words.places, words.rarity, weights, 0)
    joint, joint_length = _sums(joints, words.places, words.rarity, weights, 0)
    offset = len(words.rarity)
    run, run_length = _sums([pieces(t) for t in tokens], runs.places, runs.rarity, weights, offset)
    places = np.arange(MIN_WORDS, len(tokens) - MIN_WORDS + 1)

    def running(values: Array) -> tuple[Array, Array]:
        total = np.cumsum(values, axis=0)
        return total[places - 1], total[-1] - total[places - 1]

    (own_a, own_b), (run_a, run_b) = running(own), running(run)
    (own_la, own_lb), (run_la, run_lb) = running(own_length), running(run_length)
    (joint_a, joint_b), (joint_la, joint_lb) = running(joint), running(joint_length)
    # The pair across the cut belongs to neither side.
    joint_b, joint_lb = joint_b - joint[places], joint_lb - joint_length[places]
    before = _scaled(own_a + joint_a, own_la + joint_la) + _scaled(run_a, run_la)
    after = _scaled(own_b + joint_b, own_lb + joint_lb) + _scaled(run_b, run_lb)
    return before, after


def _scaled(sums: Array, squares: Array) -> Array:
    scaled: Array = sums / np.sqrt(np.maximum(squares, 1e-9))[:, None]
    return scaled


def _sums(
    terms: list[list[str]], places: dict[str, int], rarity: Array, weights: Array, offset: int
) -> tuple[Array, Array]:
    """Return per token the sum of its terms' weights (tokens x intents) and of their squares."""
    at, owner = [], []
    for number, own in enumerate(terms):
        for term in own:
            place = places.get(term)
            if place is not None:
                at.append(place)
                owner.append(number)
    values = rarity[np.array(at, dtype=np.intp)].astype(np.float64)
    rows = weights[np.array(at, dtype=np.intp) + offset] * values[:, None]
    ends = np.searchsorted(np.array(owner, dtype=np.intp), np.arange(len(terms) + 1))
    total = np.concatenate([np.zeros((1, weights.shape[1])), np.cumsum(rows, axis=0)])
    square = np.concatenate([[0.0], np.cumsum(values**2)])
    sums, squares = np.diff(total[ends], axis=0), np.diff(square[ends])
    return sums, squares
