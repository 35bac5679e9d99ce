"""How long the product's training takes, and how fast its server answers."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.nlu.served import Served, measured
from bot import training
from tests.stack import ROOT

Figures = dict[str, Any]
_VECTORS = "sentence_vectors.npz"


def trained(folder: Path, say: Callable[[str], None]) -> tuple[Path, Figures]:
    """Train as `make train` does, without anything kept and with nothing but vectors kept.

    Returns the model and the seconds of both.
    """
    content = training.content_hash(ROOT)
    seconds = {}
    name = ""
    for kept in ("without_vectors", "with_vectors"):
        say(f"training, {kept.replace('_', ' ')} kept")
        _forget(folder / "rasa" / "cache")
        began = time.monotonic()
        name = training.train(ROOT, folder, content, lambda _: None)
        seconds[kept] = round(time.monotonic() - began, 1)
    return training.path_of(folder, name), seconds


def _forget(cache: Path) -> None:
    for path in cache.iterdir() if cache.is_dir() else ():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != _VECTORS:
            path.unlink()


def served(model: Path, folder: Path, texts: Sequence[str], warm: Sequence[str]) -> Served:
    """Ask the product's server for every text."""
    return measured(model, folder, texts, warm, product=True)
