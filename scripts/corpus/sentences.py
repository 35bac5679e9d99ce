"""Sentences as their files hold them, with the line they stand on, and what is wrong with a file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import yaml

MARKUP: Final = re.compile(r"\[([^\[\]]*)\](?:\(([^()]*)\)|(\{[^{}]*\}))")

_WORD: Final = re.compile(r"[^\W_]+(?:['’‘´`][^\W_]+)*")
_APOSTROPHES: Final = re.compile("['’‘´`]")
_MARKS: Final = re.compile("[\u0300-\u036f]")
# Letters that do not come apart into an ASCII letter and a mark.
_LETTERS: Final = str.maketrans({"ı": "i", "ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l",
                                 "đ": "d", "ə": "e"})  # fmt: skip
_LANGUAGES: Final = ("tr", "en")
# Blocks of Rasa's format that hold no sentences.
_OTHER_BLOCKS: Final = {"synonym", "regex", "lookup"}


def folded_words(text: str) -> list[str]:
    """Return the words of a text in small ASCII letters, without marks, signs and apostrophes."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", text).lower()).translate(_LETTERS)
    return [_APOSTROPHES.sub("", word) for word in _WORD.findall(plain)]


@dataclass(frozen=True)
class Finding:
    """One thing to mend: where, in what, and what to do about it."""

    place: str
    subject: str  # intent and writer, as far as they are known
    fault: str
    todo: str

    def __str__(self) -> str:
        return f"{self.place}: {self.subject}: {self.fault}: {self.todo}"


@dataclass(frozen=True)
class Sentence:
    """One message: its file and line, its label (several for several wishes) and who wrote it.

    `language` is "" where the file does not say it block by block.
    """

    file: Path
    line: int
    intents: tuple[str, ...]
    writer: str
    language: str
    text: str

    @cached_property
    def plain(self) -> str:
        """The text without entity markup."""
        return MARKUP.sub(r"\1", self.text)

    @cached_property
    def words(self) -> list[str]:
        """The folded words; none in a text of signs and emoji."""
        return folded_words(self.plain)

    @cached_property
    def key(self) -> str:
        """What two sentences have in common when they are the same: letters and digits, folded."""
        return "".join(self.words) or self.plain

    @property
    def intent(self) -> str:
        return ",".join(self.intents) or "no intent"

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"

    def finding(self, fault: str, todo: str) -> Finding:
        """Return a finding about this sentence; `fault` goes on after the quoted sentence."""
        subject = f"{self.intent}, {self.writer or 'no writer'}"
        return Finding(self.place, subject, f'"{self.text}" {fault}', todo)


@dataclass(frozen=True)
class Reading:
    """The sentences of some files, and what kept others from being read."""

    sentences: list[Sentence]
    findings: list[Finding]


def read(paths: Iterable[Path], *, with_language: bool) -> Reading:
    """Return what stands in YAML files, in both shapes: Rasa's blocks and lists of wishes.

    `with_language` demands the language of each block of Rasa's shape.
    """
    reading = Reading([], [])
    for path in paths:
        try:
            node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            reason = " ".join(str(error).split())
            reading.findings.append(Finding(str(path), "file", reason, "make it readable YAML"))
            continue
        for found in _content(path, node, with_language):
            if isinstance(found, Sentence):
                reading.sentences.append(found)
            else:
                reading.findings.append(found)
    return reading


def files(folder: Path) -> list[Path]:
    """Return the YAML files below a folder, in the order of their names."""
    return sorted(path for path in folder.rglob("*") if path.suffix in (".yml", ".yaml"))


def _content(
    path: Path, node: yaml.Node | None, with_language: bool
) -> Iterator[Sentence | Finding]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _message(path, item)
        return
    blocks = _fields(node).get("nlu")
    if not isinstance(blocks, yaml.SequenceNode):
        yield Finding(str(path), "file", "holds neither nlu: nor a list", "move it elsewhere")
        return
    for block in blocks.value:
        yield from _block(path, block, with_language)


def _block(path: Path, node: yaml.Node, with_language: bool) -> Iterator[Sentence | Finding]:
    fields = _fields(node)
    if _OTHER_BLOCKS & fields.keys():
        return
    place = f"{path}:{node.start_mark.line + 1}"
    metadata = _fields(fields.get("metadata"))
    intent, writer, language = (_text(fields.get("intent")), _text(metadata.get("writer")),
                                _text(metadata.get("language")))  # fmt: skip
    subject = f"{intent or 'no intent'}, {writer or 'no writer'}"
    if not intent:
        yield Finding(place, subject, "block without an intent", "name it")
    if not writer:
        yield Finding(place, subject, "block without a writer", "add metadata: {writer: ...}")
    if with_language and language not in _LANGUAGES:
        fault = f'block in the language "{language}"' if language else "block without a language"
        yield Finding(place, subject, fault, "add metadata: {language: tr} or en")
    examples = fields.get("examples")
    if not isinstance(examples, yaml.ScalarNode) or examples.style != "|":
        yield Finding(place, subject, "block without `examples: |`", "write one sentence a line")
        return
    first = examples.start_mark.line + 2  # marks count from 0, the text begins on the next line
    for number, line in enumerate(examples.value.split("\n"), first):
        if line.startswith("- ") and line[2:].strip():
            labels = (intent,) if intent else ()
            yield Sentence(path, number, labels, writer, language, line[2:].strip())
        elif line.strip():
            fault = f'"{line.strip()}" is no sentence of the block'
            yield Finding(f"{path}:{number}", subject, fault, 'begin it with "- " or delete it')


def _message(path: Path, node: yaml.Node) -> Iterator[Sentence | Finding]:
    fields = _fields(node)
    intents = fields.get("intents")
    labels = [_text(item) for item in intents.value] if isinstance(
        intents, yaml.SequenceNode) else []  # fmt: skip
    writer, text = _text(fields.get("writer")), _text(fields.get("text")).strip()
    found = Sentence(path, node.start_mark.line + 1, tuple(filter(None, labels)), writer, "", text)
    if not text:
        yield Finding(found.place, found.intent, "message without a text", "write it or delete it")
        return
    yield found
    if not found.intents:
        yield found.finding("has no intents", "name them in the order in which they are served")
    if not writer:
        yield found.finding("has no writer", "add writer: ...")


def _fields(node: yaml.Node | None) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {_text(key): value for key, value in node.value}


def _text(node: yaml.Node | None) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""
