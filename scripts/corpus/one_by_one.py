"""The rules for a sentence alone: its label, its entity markup, its letters, its addresses."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from scripts.corpus.sentences import MARKUP, Finding, Sentence

_BRACKETS: Final = re.compile(r"[\[\]]")
# With a scheme or www, or a bare host name of a common ending that is no part of an e-mail address.
_HOST: Final = re.compile(
    r"(?:https?://|\bwww\.)(?P<named>[^\s/?#:)\]]+)"
    r"|(?<![\w@.-])(?P<bare>[\w-]+(?:\.[\w-]+)*"
    r"\.(?:com|net|org|edu|gov|biz|info|io|co|me|ly|gg|shop|store|xyz|app|dev|tr|uk|de))(?![\w@-])",
    re.IGNORECASE,
)
# Names that are reserved for examples, or say in Turkish that they are one.
_INVENTED: Final = re.compile(
    r"(?:.*\.)?(?:example\.(?:com|net|org)|localhost|ornek[\w-]*(?:\.\w+)+)|.*\.(?:example|test|invalid)",
    re.IGNORECASE,
)


def faults(
    sentences: Iterable[Sentence], intents: Collection[str], entities: Collection[str]
) -> Iterator[Finding]:
    """Yield what is wrong with each sentence, given the names that the domain knows."""
    for sentence in sentences:
        for intent in sentence.intents:
            if intent not in intents:
                yield sentence.finding(
                    f'has the intent "{intent}", which domain.yml does not know', "correct the name"
                )
        yield from _markup(sentence, entities)
        if not sentence.words and not _has_emoji(sentence.plain):
            yield sentence.finding("has neither a letter nor a digit nor an emoji", "delete it")
        for match in _HOST.finditer(sentence.plain):
            host = (match["named"] or match["bare"]).rstrip(".,;!")
            if not _INVENTED.fullmatch(host):
                yield sentence.finding(
                    f'names a real host, "{host}"', "put example.com or ornek.com in its place"
                )


def _markup(sentence: Sentence, entities: Collection[str]) -> Iterator[Finding]:
    for match in MARKUP.finditer(sentence.text):
        words, name, fields = match[1], match[2], match[3]
        if fields is not None:
            name = _name_in(fields)
        if not words.strip() or words != words.strip() or name is None:
            yield sentence.finding(f'has broken markup, "{match[0]}"', "write [text](entity)")
        elif name not in entities:
            yield sentence.finding(
                f'marks "{words}" as "{name}", which domain.yml does not know', "correct the name"
            )
    if _BRACKETS.search(MARKUP.sub("", sentence.text)):
        yield sentence.finding("has a bracket that marks nothing", "write [text](entity)")


def _name_in(fields: str) -> str | None:
    """Return the entity of Rasa's long form `{"entity": "city", "value": "izmir"}`."""
    try:
        name = json.loads(fields).get("entity")
    except ValueError:
        return None
    return name if isinstance(name, str) else None


def _has_emoji(text: str) -> bool:
    return any(unicodedata.category(char) == "So" for char in text)
