"""Stored commands ("/track_order{...}") give the same parse result as words do.

Rasa unpacks a command into a message of its own after the pipeline, so that what the pipeline said
of the message (its language) and what belongs to every result (`intents`) would be lost.
"""

from __future__ import annotations

from typing import Any

from rasa.nlu.classifiers.regex_message_handler import RegexMessageHandler
from rasa.shared.nlu.constants import ENTITIES, INTENT
from rasa.shared.nlu.training_data.message import Message

_unpack = RegexMessageHandler.process


def install() -> None:
    """Complete what Rasa's handler of commands returns; doing it twice is harmless."""
    RegexMessageHandler.process = _process


# `self` bears no annotation: Rasa would take an annotated one for an input of the graph.
def _process(self, messages: list[Message], domain: Any = None) -> list[Message]:  # type: ignore[no-untyped-def]
    unpacked: list[Message] = _unpack(self, messages, domain)
    for before, after in zip(messages, unpacked, strict=True):
        if after is before:
            continue
        after.set("intents", [dict(after.get(INTENT) or {})], add_to_output=True)
        given = list(after.get(ENTITIES) or [])
        language = [e for e in before.get(ENTITIES) or [] if e.get("entity") == "language"]
        if not any(entity.get("entity") == "language" for entity in given):
            after.set(ENTITIES, given + language, add_to_output=True)
    return unpacked
