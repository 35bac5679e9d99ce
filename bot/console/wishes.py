"""What people call an intent, from the same words that customers are shown."""

from __future__ import annotations

import functools
from pathlib import Path

import yaml

_FOLDER = Path(__file__).resolve().parents[2] / "data" / "responses"
_PREFIX = "utter_label_"


@functools.lru_cache(maxsize=1)
def _labels() -> dict[tuple[str, str], str]:
    """Return the labels by (intent, language); Turkish is the one without a condition."""
    found: dict[tuple[str, str], str] = {}
    for path in sorted(_FOLDER.glob("*.yml")):
        content = path.read_text(encoding="utf-8")
        if _PREFIX not in content:
            continue  # most files hold none, and reading YAML takes time
        for name, variants in yaml.safe_load(content)["responses"].items():
            if not name.startswith(_PREFIX):
                continue
            for variant in variants:
                languages = [c.get("value") for c in variant.get("condition") or []] or ["tr"]
                for language in languages:
                    found[name.removeprefix(_PREFIX), language] = str(variant.get("text", ""))
    return found


def label(intent: str, language: str) -> str:
    """Return an intent in words; its own name, readable, where nobody has named it."""
    return _labels().get((intent, language)) or intent.replace("_", " ")
