"""`train`: train the model and make it the live one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def register(commands: Any) -> None:
    """Add the parser."""
    train = commands.add_parser(
        "train", help="train the model unless one exists for the present content",
        description="Train from data/, domain.yml, config.yml and bot/nlu into DATA_DIR/models and "
        "make the result the live model. A running Rasa takes it at its next start.",
    )
    train.add_argument("--force", action="store_true", help="train even if nothing has changed")
    train.set_defaults(run=_train)


def _train(options: argparse.Namespace) -> int:
    from bot import config, setup_steps, training

    root = Path(__file__).resolve().parents[2]
    settings = config.load()
    if not options.force:
        setup_steps.ensure_model(root, settings, print, print)
        return 0
    content = training.content_hash(root, training.labels_fingerprint(settings.data_dir))
    name = training.train(root, settings.data_dir, content, print)
    training.make_live(settings.data_dir, name, content)
    print(f"live model: {name}")
    return 0
