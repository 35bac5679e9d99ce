"""How many sentences there are: by topic, by writer, by intent; and the test sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from scripts.corpus.sentences import Sentence

_LANGUAGES: Final = ("tr", "en")


def tables(
    training: Sequence[Sentence], tests: Sequence[Sentence], development: Sequence[Sentence]
) -> Iterator[str]:
    """Yield the lines of all tables."""
    yield f"{len(training)} sentences to learn from"
    yield ""
    yield from _table("topic", training, lambda s: s.file.stem)
    yield from _table("writer", training, lambda s: s.writer)
    yield from _table("intent", training, lambda s: s.intent)
    yield from _list("test set", tests)
    yield from _list("development set", development)


def _table(
    title: str, sentences: Iterable[Sentence], group: Callable[[Sentence], str]
) -> Iterator[str]:
    counted = Counter((group(sentence), sentence.language) for sentence in sentences)
    yield f"{title:<24}{'tr':>8}{'en':>8}{'all':>8}"
    for name in sorted({name for name, _ in counted}):
        numbers = [counted[name, language] for language in _LANGUAGES]
        yield f"{name:<24}" + "".join(f"{number:>8}" for number in (*numbers, sum(numbers)))
    sums = [sum(counted[key] for key in counted if key[1] == lang) for lang in _LANGUAGES]
    yield f"{'all':<24}" + "".join(f"{number:>8}" for number in (*sums, sum(sums)))
    yield ""


def _list(title: str, sentences: Iterable[Sentence]) -> Iterator[str]:
    counted = Counter((sentence.file.stem, sentence.writer) for sentence in sentences)
    writers = sorted({writer for _, writer in counted})
    yield f"{title:<24}" + "".join(f"{name:>8}" for name in (*writers, "all"))
    for stem in sorted({stem for stem, _ in counted}):
        numbers = [counted[stem, writer] for writer in writers]
        yield f"{stem:<24}" + "".join(f"{number:>8}" for number in (*numbers, sum(numbers)))
    yield ""
