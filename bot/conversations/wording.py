"""Sentences that the worker says itself, because the brain is not asked or does not answer.

They live with all other words, in `data/responses/system.yml`, in Rasa's response format.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).resolve().parents[2] / "data" / "responses" / "system.yml"


@functools.lru_cache(maxsize=1)
def _responses() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))["responses"]
    return loaded


def say(name: str, language: str, **variables: str) -> str:
    """Return a response's text in a language (Turkish where there is no other), filled in."""
    fallback = ""
    for variant in _responses()[name]:
        conditions = variant.get("condition") or []
        languages = [c.get("value") for c in conditions if c.get("name") == "language"]
        if language in languages:
            return str(variant["text"]).format(**variables).strip()
        if not languages:
            fallback = str(variant["text"])
    return fallback.format(**variables).strip()


def buttons(name: str, language: str) -> list[tuple[str, str]]:
    """Return the (title, command) pairs of a response."""
    for variant in _responses()[name]:
        conditions = variant.get("condition") or []
        languages = [c.get("value") for c in conditions if c.get("name") == "language"]
        if language in languages or (not languages and language == "tr"):
            return [(b["title"], b["payload"]) for b in variant.get("buttons") or ()]
    return []
