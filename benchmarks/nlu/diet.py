"""Rasa's default pipeline (DIET) on the same sentences, trained once and kept as figures.

The pipeline is read from the installed package, as `rasa init` writes it, with 100 epochs. The
sentences carry no entities, so that DIET has the intents alone to learn.

    python -m benchmarks.nlu --only diet --with-diet
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import rasa
import yaml

from benchmarks.nlu.sentences import Sentence

KEPT: Final = Path(__file__).with_name("diet.json")
_DEFAULT: Final = Path(str(rasa.__file__)).parent / "engine/recipes/config_files/default_config.yml"


def project(folder: Path, sentences: Sequence[Sentence], language: str) -> None:
    """Write configuration and sentences of a project with Rasa's default pipeline."""
    config: dict[str, Any] = yaml.safe_load(_DEFAULT.read_text(encoding="utf-8"))
    config |= {"language": language, "assistant_id": "diet"}
    del config["policies"]
    _write(folder / "config.yml", config)
    by_intent: dict[str, list[str]] = {}
    for one in sentences:
        by_intent.setdefault(one.intent, []).append(one.text)
    blocks = [
        {"intent": intent, "examples": "".join(f"- {escaped(text)}\n" for text in texts)}
        for intent, texts in by_intent.items()
    ]
    _write(folder / "nlu.yml", {"version": "3.1", "nlu": blocks})


def escaped(text: str) -> str:
    """Return a text on one line and without the brackets that Rasa reads as an entity."""
    return " ".join(text.split()).replace("[", "(").replace("]", ")")


def environment(folder: Path, base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of a Rasa of its own, with a cache below the folder."""
    kept = {
        name: value for name, value in base.items()
        if name in ("PATH", "HOME", "LANG", "TMPDIR")
        or name.startswith(("OPENBLAS_", "TF_", "OMP_"))
    }  # fmt: skip
    return {
        **kept,
        "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1", "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "PYTHONWARNINGS": "ignore", "RASA_CACHE_DIRECTORY": str(folder / ".cache"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip


def trained(folder: Path, sentences: Sequence[Sentence], language: str) -> tuple[Path, float]:
    """Train in a folder; return the model and the seconds it took. Raises RuntimeError."""
    folder.mkdir(parents=True, exist_ok=True)
    project(folder, sentences, language)
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "rasa", "train", "nlu", "--nlu", "nlu.yml", "--config",
         "config.yml", "--out", ".", "--fixed-model-name", "diet"],
        cwd=folder, env=environment(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", check=False,
    )  # fmt: skip
    model = next(iter(folder.glob("*diet.tar.gz")), None)
    if done.returncode != 0 or model is None:
        raise RuntimeError("rasa train nlu failed:\n" + done.stdout[-3000:])
    return model, time.monotonic() - began


def _write(path: Path, data: object) -> None:
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=10_000),
                    encoding="utf-8")  # fmt: skip
