"""The shop's own figures: cross-validation, test sets, wishes, language, robustness."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from benchmarks.nlu import noise
from benchmarks.nlu.answers import Answer, answered, figures, invented, sets_of_wishes
from benchmarks.nlu.asked import Asked, unseen
from benchmarks.nlu.sentences import LANGUAGES, Double, Sentence
from bot.text import detect_language

Figures = dict[str, Any]
ALL: Final = "all"
WORDS: Final = 3
"""Words from which on a message's language is to be told."""

SPOILT: Final[Mapping[str, Callable[[Sentence], str]]] = {
    "without Turkish letters": lambda one: noise.without_turkish(one.text),
    "in capitals": lambda one: noise.in_capitals(one.text, language(one)),
    "a typo per 15 characters": lambda one: noise.mistyped(one.text),
    "stretched, with emoji": lambda one: noise.stretched(one.text),
}


def language(one: Sentence) -> str:
    """Return the sentence's language; of a close call as the product takes it."""
    return one.language or detect_language(one.text)


def cross_validated(sentences: Sequence[Sentence], say: Callable[[str], None]) -> Figures:
    """Return the figures of the corpus by five random folds, and by holding out each writer."""
    found: Figures = {}
    for name, groups in (("random", None), ("writers", [one.writer for one in sentences])):
        say(f"cross-validation, {name}")
        intents, probabilities = unseen(sentences, "corpus", groups)
        answers = []
        for one, row in zip(sentences, probabilities, strict=True):
            order = (-row).argsort(kind="stable")
            answers.append(Answer(one, [(intents[i], float(row[i])) for i in order]))
        found[name] = figures(answers)
        if groups:
            found["by_writer"] = {
                writer: figures([a for a in answers if a.sentence.writer == writer])["accuracy"]
                for writer in sorted(set(groups))
            }
    return found


def tested(model: Asked, tests: Mapping[str, Sequence[Sentence]]) -> tuple[Figures, list[Answer]]:
    """Return the figures of the test sets by name, all together and by language; all answers."""
    answers = {name: answered(model, sentences) for name, sentences in tests.items()}
    everything = [one for name in tests for one in answers[name]]
    found = {name: figures(part) for name, part in answers.items()}
    found[ALL] = figures(everything)
    for code in ("tr", "en"):
        found[f"{ALL}, {code}"] = figures([a for a in everything if language(a.sentence) == code])
    return found, everything


def wishes(model: Asked, messages: Sequence[Double], singles: Sequence[Answer]) -> Figures:
    """Return how often the wishes of a message were found exactly, and how often one invented."""
    return {
        "doubles": len(messages), "right": sets_of_wishes(model, messages),
        "singles": len(singles), "invented": invented(singles),
    }  # fmt: skip


def languages(tests: Mapping[str, Sequence[Sentence]]) -> Figures:
    """Return how often the language of messages of three words or more was told."""
    asked = [
        one for name in LANGUAGES for one in tests[name] if len(one.text.split()) >= WORDS
    ]  # fmt: skip
    right = sum(detect_language(one.text) == one.language for one in asked)
    return {"messages": len(asked), "right": right / len(asked)}


def robustness(
    model: Asked, sentences: Sequence[Sentence], plain: float, say: Callable[[str], None]
) -> Figures:
    """Return accuracy and points lost when the whole test set is spoilt in each way."""
    found: Figures = {}
    for name, spoil in SPOILT.items():
        say(name)
        accuracy = figures(answered(model, sentences, spoil))["accuracy"]
        found[name] = {"accuracy": accuracy, "points_lost": 100 * (plain - accuracy)}
    return found
