"""Models: what they were trained from, training one, and which one is live.

A model is `DATA_DIR/models/<name>.tar.gz` beside `<name>.json`, which holds the hash of everything
it was trained from. `DATA_DIR/models/live` holds the name of the live one, and `live.json` the
content for which it was chosen: a model that was chosen on purpose for the present content (a
roll-back) stays live over a restart. The newest file means nothing.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import queue
import re
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from bot import child
from bot.errors import DestekError, NotFound

# Everything that shapes a model, relative to the repository's root.
_SOURCES = ("data", "domain.yml", "config.yml", "bot/nlu", "bot/text*")
# What libraries say of each other, and progress bars that are over in a second.
NOISE = ("DeprecationWarning", "Implementing implicit namespace", "it/s", "saved at",
         "does not include an entity extractor")  # fmt: skip
_LOG_LINE = re.compile(r"\d{4}-\d\d-\d\d [\d:]+ INFO +\S+ +- ")
_QUIET = 15.0  # seconds without output after which the progress line speaks


class TrainingFailed(DestekError):
    """`rasa train` ended without a model. Its own output says why."""


def _files(root: Path) -> Iterator[Path]:
    for source in _SOURCES:
        for found in sorted(root.glob(source)):
            inside = sorted(found.rglob("*")) if found.is_dir() else [found]
            for path in inside:
                parts = path.relative_to(root).parts
                hidden = any(p.startswith(".") or p == "__pycache__" for p in parts)
                if path.is_file() and not hidden and path.suffix != ".pyc":
                    yield path


def content_hash(root: Path, labels: str = "") -> str:
    """Return the hash of all that a model is trained from.

    `labels` is the fingerprint of what people labelled at the desk (`labels_fingerprint`).
    """
    total = hashlib.sha256()
    total.update(f"rasa {importlib.metadata.version('rasa')}\n{labels}\n".encode())
    for path in _files(root):
        name = path.relative_to(root).as_posix()
        total.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def labels_fingerprint(data_dir: Path) -> str:
    """Return a hash of the labels of the desk that the next training would use, or nothing."""
    try:
        return hashlib.sha256((data_dir / "labels.yml").read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""


def _folder(data_dir: Path) -> Path:
    return data_dir.resolve() / "models"


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text)
    os.replace(temporary, path)


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def path_of(data_dir: Path, name: str) -> Path:
    """Return where the archive of a model lies."""
    return _folder(data_dir) / f"{name}.tar.gz"


def find(data_dir: Path, content: str) -> str | None:
    """Return the name of the latest model trained from this content, or None."""
    names = [
        note.stem for note in _folder(data_dir).glob("*.json")
        if _read(note).get("hash") == content and path_of(data_dir, note.stem).exists()
    ]
    return max(names, default=None)  # names begin with the time


def live_name(data_dir: Path) -> str:
    """Return the name of the live model, or an empty string."""
    try:
        return (_folder(data_dir) / "live").read_text().strip()
    except FileNotFoundError:
        return ""


def live_model(data_dir: Path) -> Path:
    """Return the archive of the live model; raise NotFound when there is none."""
    name = live_name(data_dir)
    path = path_of(data_dir, name)
    if not name or not path.exists():
        raise NotFound("there is no trained model: run `make train`")
    return path


def chosen_for(data_dir: Path, content: str) -> bool:
    """Tell whether the live model was chosen for this content and is there."""
    chosen = _read(_folder(data_dir) / "live.json")
    name = live_name(data_dir)
    return bool(name) and chosen == {"name": name, "content": content} and path_of(
        data_dir, name
    ).exists()


def make_live(data_dir: Path, name: str, content: str) -> None:
    """Make a model the live one as long as the content stays as it is."""
    if not path_of(data_dir, name).exists():
        raise NotFound(f"there is no model {name}")
    folder = _folder(data_dir)
    _replace(folder / "live", name + "\n")
    _replace(folder / "live.json", json.dumps({"name": name, "content": content}) + "\n")


def rasa_environment(data_dir: Path) -> dict[str, str]:
    """Return what every Rasa process needs in its environment."""
    return {
        "RASA_CACHE_DIRECTORY": str(data_dir.resolve() / "rasa" / "cache"),
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "PYTHONWARNINGS": "ignore",
        "PYTHONUNBUFFERED": "1",
    }


def train(root: Path, data_dir: Path, content: str, show: Callable[[str], None],
          environment: Mapping[str, str] | None = None) -> str:
    """Train in a child process and return the new model's name; it is not live yet.

    `show` gets every line that the training prints, and a line when it is silent for long. A model
    appears in the folder only when it is whole. Raises TrainingFailed.
    """
    begun = time.time()
    name = time.strftime("%Y%m%d-%H%M%S", time.gmtime(begun)) + f"-{content[:8]}"
    folder = _folder(data_dir)
    work = folder / f".training-{name}"
    work.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, "-m", "rasa", "train", "--config", "config.yml", "--domain", "domain.yml",
        "--data", "data", "--out", str(work), "--fixed-model-name", name,
        "--skip-validation",  # the tests check the data; here it takes longer than the training
    ]
    try:
        status = _follow(command, {
            **os.environ, **(environment or {}), **rasa_environment(data_dir),
            "DATA_DIR": str(data_dir.resolve()),  # where labels are read from
        }, str(root), show)
        made = work / f"{name}.tar.gz"
        if status != 0 or not made.exists():
            raise TrainingFailed(f"training failed (status {status}); its output stands above")
        note = {"name": name, "hash": content, "trained_at": int(begun),
                "seconds": round(time.time() - begun, 1),
                "rasa": importlib.metadata.version("rasa")}
        os.replace(made, path_of(data_dir, name))
        _replace(folder / f"{name}.json", json.dumps(note, indent=2) + "\n")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return name


def _follow(
    command: list[str], environment: Mapping[str, str], cwd: str, show: Callable[[str], None]
) -> int:
    process = child.start(command, environment, cwd)
    assert process.stdout is not None
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_pump, args=(process.stdout, lines), daemon=True).start()
    begun = time.monotonic()
    try:
        while True:
            try:
                line = lines.get(timeout=_QUIET)
            except queue.Empty:
                show(f"... {time.monotonic() - begun:.0f} s, still at work")
                continue
            if line is None:
                return process.wait()
            show(line)
    finally:
        child.signal_group(process.pid, signal.SIGKILL)
        process.wait()


def _pump(stream: IO[str], lines: queue.SimpleQueue[str | None]) -> None:
    with stream:
        for line in child.readable(stream, NOISE):
            lines.put(_LOG_LINE.sub("", line))
    lines.put(None)
