"""What the understanding's own source contributes to the fingerprint of a training.

Rasa reuses cached results unless a component's configuration or data changed; a change in the code
that folds or splits texts must count as well.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import bot.nlu
import bot.text


def source_fingerprint() -> str:
    """Return a hash over the source of `bot.nlu` and `bot.text`."""
    total = hashlib.sha256()
    for package in (bot.nlu, bot.text):
        for path in sorted(Path(str(package.__file__)).parent.glob("*.py")):
            total.update(path.name.encode())
            total.update(path.read_bytes())
    return total.hexdigest()
