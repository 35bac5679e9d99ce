"""The bands of confidence, in one place. Confidences are calibrated probabilities."""

from __future__ import annotations

from collections.abc import Sequence

TOP = 0.55
"""Below it the best intent is not believed, and the dialogue asks."""

MARGIN = 0.15
"""Closer to the second best than this, and the dialogue asks which of them is meant."""

FALLBACK = "nlu_fallback"
"""The intent of a message that falls outside the bands; the name is Rasa's."""

RANKING_LENGTH = 10


def is_confident(ranked: Sequence[tuple[str, float]]) -> bool:
    """Return True when the best of (intent, confidence), best first, is to be believed."""
    if not ranked or ranked[0][1] < TOP:
        return False
    return len(ranked) == 1 or ranked[0][1] - ranked[1][1] >= MARGIN
