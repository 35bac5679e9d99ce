"""What a backup holds of `DATA_DIR` besides the database and the dialogue memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

# Everything else there is made anew at each start: addresses, the lock, Redis's data, Rasa's cache.
MEDIA, MODELS, SECRETS = ("media",), ("models",), ("secrets", "demo-logins", "labels.yml")
_UNFINISHED = (".", "tmp")  # how names begin under which a file is written before it is whole


def kept(with_models: bool) -> tuple[str, ...]:
    """Return the names below `DATA_DIR` that a backup holds, and a restore puts in place."""
    return (*MEDIA, *(MODELS if with_models else ()), *SECRETS)


def walk(data_dir: Path, names: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """Yield (path below `DATA_DIR`, path) of each whole file, in a stable order."""
    for name in names:
        top = data_dir / name
        found = [top] if top.is_file() else sorted(p for p in top.rglob("*") if p.is_file())
        for path in found:
            inside = path.relative_to(data_dir)
            if not any(part.startswith(_UNFINISHED) for part in inside.parts):
                yield inside.as_posix(), path
