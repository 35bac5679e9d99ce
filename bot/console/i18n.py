"""The console's words in Turkish and English, and which of them a reader gets."""

from __future__ import annotations

import functools
import json
from pathlib import Path

from flask import g, request, session
from flask_login import current_user

LANGUAGES = ("tr", "en")
_FOLDER = Path(__file__).parent / "texts"


@functools.cache
def catalogue(code: str) -> dict[str, str]:
    """Return every text of one language by key."""
    texts: dict[str, str] = json.loads((_FOLDER / f"{code}.json").read_text(encoding="utf-8"))
    return texts


def language() -> str:
    """Return the reader's language: their own setting, else what this browser chose or asks for."""
    if "language" not in g:
        known = current_user and current_user.is_authenticated
        g.language = current_user.language if known else of_browser()
    return str(g.language)


def of_browser() -> str:
    """Return the language that this browser chose or asks for; Turkish when it says neither."""
    chosen = session.get("language")
    if chosen in LANGUAGES:
        return str(chosen)
    return request.accept_languages.best_match(LANGUAGES) or "tr"


def text(key: str, **values: object) -> str:
    """Return a text in the reader's language with its gaps filled; values are escaped by Jinja."""
    return catalogue(language())[key].format(**values)


def text_or(key: str, default: str) -> str:
    """Return a text without gaps, or the default when the catalogue does not have it."""
    return catalogue(language()).get(key, default)


def for_scripts() -> dict[str, str]:
    """Return the texts that the browser's scripts show (keys under `js.`)."""
    return {k[3:]: v for k, v in catalogue(language()).items() if k.startswith("js.")}
