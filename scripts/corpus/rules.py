"""The rules for all sentences together: no doubles, no formulas, nothing too thin."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Final

from bot.text import normalise
from scripts.corpus.sentences import Finding, Sentence, folded_words

OUT_OF_SCOPE: Final = "out_of_scope"

# Sentences of an intent that a model learns from, by language, and of what is none of ours.
TRAINING: Final = {"tr": 150, "en": 80}
TRAINING_OUT_OF_SCOPE: Final = 600

# Messages that an intent is measured with, by language, and of the other parts of the test.
TESTS: Final = {"tr": 10, "en": 6}
TESTS_OUT_OF_SCOPE: Final = 150
DOUBLES: Final = 60
CLOSE_CALLS: Final = 100
# Which language a test file of single messages is in; close_calls holds both.
TEST_LANGUAGES: Final = {"turkish": "tr", "whatsapp": "tr", "english": "en"}

# As many sentences of one writer may share the words at an end; short ones share them by nature.
FORMULA: Final = 5
FORMULA_WORDS: Final = 3
FORMULA_LENGTH: Final = 5

_NAMES: Final = {"tr": "Turkish", "en": "English"}


def doubles(training: Iterable[Sentence]) -> Iterator[Finding]:
    """Yield every sentence that was there before, under the same intent or under another."""
    first: dict[str, Sentence] = {}
    for sentence in training:
        other = first.setdefault(sentence.key, sentence)
        if other is sentence:
            continue
        before = f'"{other.text}" ({other.place}, {other.intent}, {other.writer})'
        if other.intents == sentence.intents:
            yield sentence.finding(f"is said already: {before}", "delete the weaker one")
        else:
            yield sentence.finding(
                f"stands under two intents, see {before}",
                "keep the one that data/boundaries.md says, or neither",
            )


def leaks(training: Iterable[Sentence], tests: Collection[Sentence]) -> Iterator[Finding]:
    """Yield every sentence that is learned from, or tuned with, and measured with as well.

    Short forms count as what they stand for ("nerde", "nerede") in all but single words: nobody
    learns Turkish without "selam", however a test message spells it.
    """
    measured = {key: sentence for sentence in tests for key in _ways(sentence)}
    for sentence in training:
        test = next((measured[key] for key in _ways(sentence) if key in measured), None)
        if test:
            yield sentence.finding(
                f'is in a test set: "{test.text}" ({test.place}, {test.intent}, {test.writer})',
                "delete it here; test sets stay as they are",
            )


def _ways(sentence: Sentence) -> list[str]:
    read = folded_words(normalise(sentence.plain))
    return [sentence.key, "".join(read)] if len(read) > 1 else [sentence.key]


def formulas(training: Iterable[Sentence]) -> Iterator[Finding]:
    """Yield the words with which too many sentences of one writer begin or end."""
    found: dict[tuple[str, str, str], list[Sentence]] = defaultdict(list)
    for sentence in training:
        if len(sentence.words) >= FORMULA_LENGTH:
            first, last = sentence.words[:FORMULA_WORDS], sentence.words[-FORMULA_WORDS:]
            found[sentence.writer, "begin", " ".join(first)].append(sentence)
            found[sentence.writer, "end", " ".join(last)].append(sentence)
    for (writer, end, words), sentences in found.items():
        surplus = len(sentences) - FORMULA
        if surplus > 0:
            rest = ", ".join(sentence.place for sentence in sentences[1:])
            yield sentences[0].finding(
                f'and {len(sentences) - 1} more of {writer} {end} with "{words}" ({rest})',
                f"reword or delete {surplus}",
            )


def thin(folder: Path, training: Iterable[Sentence], intents: Iterable[str]) -> Iterator[Finding]:
    """Yield every intent of the domain with too few sentences to learn from."""
    counted = Counter((intent, s.language) for s in training for intent in s.intents)
    for intent in intents:
        if intent == OUT_OF_SCOPE:
            total = sum(counted[intent, language] for language in TRAINING)
            yield from _too_few(folder, intent, total, TRAINING_OUT_OF_SCOPE, "sentences")
            continue
        for language, least in TRAINING.items():
            what = f"{_NAMES[language]} sentences"
            yield from _too_few(folder, intent, counted[intent, language], least, what)


def thin_tests(folder: Path, tests: Iterable[Sentence], intents: Iterable[str]) -> Iterator[Finding]:
    """Yield every part of the test sets that is too small to measure anything with."""
    counted: Counter[tuple[str, str]] = Counter()
    parts: Counter[str] = Counter()
    for sentence in tests:
        parts[sentence.file.stem] += 1
        language = TEST_LANGUAGES.get(sentence.file.stem, "")
        counted.update((intent, language) for intent in sentence.intents)
    for intent in intents:
        if intent == OUT_OF_SCOPE:
            total = sum(counted[intent, language] for language in TESTS)
            yield from _too_few(folder, intent, total, TESTS_OUT_OF_SCOPE, "test messages")
            continue
        for language, least in TESTS.items():
            what = f"{_NAMES[language]} test messages"
            yield from _too_few(folder, intent, counted[intent, language], least, what)
    for part, least in (("doubles", DOUBLES), ("close_calls", CLOSE_CALLS)):
        yield from _too_few(folder, part, parts[part], least, "test messages")


def _too_few(folder: Path, subject: str, count: int, least: int, what: str) -> Iterator[Finding]:
    if count < least:
        fault = f"{count} {what}, at least {least} are needed"
        yield Finding(str(folder), subject, fault, f"have {least - count} more written")
