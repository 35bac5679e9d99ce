"""What came back for messages, and every figure that follows from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from benchmarks.nlu import metrics
from benchmarks.nlu.asked import Asked, split
from benchmarks.nlu.sentences import Double, Sentence
from bot.nlu.bands import FALLBACK
from bot.nlu.model import OUT_OF_SCOPE, Ranking

Figures = dict[str, Any]
LOSSES = (0.01, 0.03)


@dataclasses.dataclass(frozen=True)
class Answer:
    """One message, what it means, and what was made of it."""

    sentence: Sentence
    ranking: Ranking
    wishes: tuple[str, ...] = ()

    @property
    def best(self) -> str:
        """The most likely intent, believed or not."""
        return self.ranking[0][0] if self.ranking else FALLBACK

    @property
    def confidence(self) -> float:
        """Its probability."""
        return self.ranking[0][1] if self.ranking else 0.0

    @property
    def right(self) -> bool:
        """Tell whether the most likely intent is the wanted one."""
        return self.best == self.sentence.intent

    @property
    def believed(self) -> bool:
        """Tell whether the product acts on it, rather than asks."""
        return bool(self.wishes) and self.wishes[0] != FALLBACK


def answered(
    model: Asked, sentences: Iterable[Sentence], spoil: Callable[[Sentence], str] | None = None
) -> list[Answer]:
    """Ask for each sentence, or for what `spoil` makes of it."""
    found = []
    for one in sentences:
        seen = model.understood(spoil(one) if spoil else one.text)
        found.append(Answer(one, seen.ranking, tuple(name for name, _ in seen.wishes)))
    return found


def figures(answers: Sequence[Answer]) -> Figures:
    """Return the figures of a row of the table."""
    wanted = [one.sentence.intent for one in answers]
    found = [one.best for one in answers]
    parts = [split(one.ranking) for one in answers]
    acted = [one for one in answers if one.believed]
    row: Figures = {
        "messages": len(answers),
        "accuracy": metrics.accuracy(wanted, found),
        "macro_f1": metrics.macro_f1(wanted, found),
        "calibration_error": metrics.calibration_error(
            [one.confidence for one in answers], [one.right for one in answers]
        ),
    }
    if acted:
        row["believed"] = len(acted) / len(answers)
        row["believed_right"] = sum(one.right for one in acted) / len(acted)
    outside = [intent == OUT_OF_SCOPE for intent in wanted]
    if any(outside) and not all(outside):
        for loss in LOSSES:
            row[f"outside_recall_{loss}"] = metrics.outside_recall(
                outside, [p[0] for p in parts], [p[2] for p in parts],
                [p[1] == w for p, w in zip(parts, wanted, strict=True)], loss,
            )  # fmt: skip
        row["outside_recall"], row["outside_loss"] = _as_set(answers)
    return row


def _as_set(answers: Sequence[Answer]) -> tuple[float, float]:
    """Return the recall of out-of-scope, and what it costs the rest, as the product is set."""
    outside = [one for one in answers if one.sentence.intent == OUT_OF_SCOPE]
    rest = [one for one in answers if one.sentence.intent != OUT_OF_SCOPE]
    lost = [
        one for one in rest
        if one.best == OUT_OF_SCOPE and split(one.ranking)[1] == one.sentence.intent
    ]  # fmt: skip
    return sum(one.right for one in outside) / len(outside), len(lost) / len(rest)


def invented(answers: Sequence[Answer]) -> float:
    """Return the share of messages with one wish in which more were found."""
    return sum(len(one.wishes) > 1 for one in answers) / len(answers)


def sets_of_wishes(model: Asked, messages: Sequence[Double]) -> float:
    """Return the share of messages with several wishes of which exactly these were found."""
    right = [
        {name for name, _ in model.understood(one.text).wishes} == set(one.intents)
        for one in messages
    ]
    return sum(right) / len(right)
