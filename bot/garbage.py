"""Python's garbage collector in a process that has loaded what it needs."""

from __future__ import annotations

import gc

_THRESHOLDS = (20_000, 20, 50)


def settle() -> None:
    """Keep the collector from going through what is loaded and stays; call it once, after loading.

    A message makes thousands of objects, nearly all of which go by themselves. With Python's own
    thresholds (700 objects) the collector runs many times for each, and now and then through all
    modules and statements as well: up to half of a process's time (seen).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
