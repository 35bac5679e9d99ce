"""Learning curves: accuracy on the test sets by the number of writers and of sentences."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, Final

from benchmarks.nlu.answers import answered, figures
from benchmarks.nlu.asked import Asked
from benchmarks.nlu.sentences import Sentence
from bot.nlu.spelling import learned

SHARES: Final = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
FEW: Final = 1_000
"""Sentences without which somebody does not count as a writer of the corpus."""

Figures = dict[str, Any]


def by_writers(
    corpus: Sequence[Sentence], tests: Sequence[Sentence], say: Callable[[str], None]
) -> list[Figures]:
    """Return accuracy with one writer, two, and so on, in a drawn order."""
    names = sorted({one.writer for one in corpus})
    names = [name for name in names if sum(one.writer == name for one in corpus) >= FEW]
    random.Random(11).shuffle(names)
    parts = [[o for o in corpus if o.writer in names[:n]] for n in range(1, len(names) + 1)]
    return [
        _point(part, corpus, tests, say) | {"writers": number}
        for number, part in enumerate(parts, 1)
    ]


def by_sentences(
    corpus: Sequence[Sentence], tests: Sequence[Sentence], say: Callable[[str], None]
) -> list[Figures]:
    """Return accuracy with a sixteenth of the corpus, an eighth and so on, of all writers."""
    mixed = list(corpus)
    random.Random(12).shuffle(mixed)
    return [_point(mixed[: round(len(mixed) * s)], corpus, tests, say) for s in SHARES]


def _point(
    part: Sequence[Sentence], corpus: Sequence[Sentence], tests: Sequence[Sentence],
    say: Callable[[str], None],
) -> Figures:
    say(f"learning from {len(part)} sentences")
    # The spellings of the whole corpus: its vectors are kept, and letters are not what is learned.
    model = Asked.trained(part, "corpus", learned([one.text for one in corpus]))
    found = figures(answered(model, tests))
    return {
        "sentences": len(part), "accuracy": found["accuracy"], "macro_f1": found["macro_f1"],
    }  # fmt: skip
