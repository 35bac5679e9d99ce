"""Sentences that people labelled at the desk, for the next training.

Read from `DATA_DIR/labels.yml` (a list of `{text, intent}`) when there is one. Nothing there, or
nothing readable, is no labels: a training never fails for them.
"""

from __future__ import annotations

import dataclasses
import logging
import os
from pathlib import Path

import yaml

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Label:
    """One reviewed sentence and its intent."""

    text: str
    intent: str


def reviewed_labels() -> list[Label]:
    """Return the reviewed labels in their order; entries without text or intent are left out."""
    path = Path(os.environ.get("DATA_DIR") or "var") / "labels.yml"
    try:
        rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError, yaml.YAMLError) as error:
        # Which file, but no word of it: a parser's message quotes the line.
        logger.warning("%s can not be read (%s); no labels are used", path, type(error).__name__)
        return []
    labels = []
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and row.get("text") and row.get("intent"):
            labels.append(Label(str(row["text"]), str(row["intent"])))
    return labels
