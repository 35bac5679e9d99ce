"""Print how well sentences of data/nlu are understood by a model that has not seen them.

    python scripts/cross_validate.py [--folds 5] [--mistakes 20] [FOLDER]

Cross-validation over the corpus itself: how far its sentences carry each other. A figure to
watch while writing data, not one to tune on; `python -m bot nlu evaluate` scores files of others.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import yaml

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot.nlu.bands import is_confident
from bot.nlu.model import cross_validated
from bot.text import detect_language


def sentences(folder: Path) -> list[tuple[str, str]]:
    """Return (text, intent) of every example below a folder of Rasa NLU files."""
    found = []
    for path in sorted(folder.rglob("*.yml")):
        for block in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("nlu") or ():
            for line in str(block.get("examples") or "").splitlines():
                if block.get("intent") and line.strip().startswith("- "):
                    found.append((line.strip()[2:].strip(), str(block["intent"])))
    return found


def main() -> None:
    """Read the arguments, validate, print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("data/nlu"))
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--mistakes", type=int, default=0, help="how many confident ones to show")
    options = parser.parse_args()
    texts, labels = zip(*sentences(options.folder), strict=True)
    intents = sorted(set(labels))
    probabilities = cross_validated(texts, labels, options.folds)
    order = np.argsort(-probabilities, axis=1, kind="stable")
    wanted = np.array([intents.index(label) for label in labels])
    right = order[:, 0] == wanted
    top3 = (order[:, :3] == wanted[:, None]).any(axis=1)
    sure = np.array([
        is_confident([(intents[i], float(row[i])) for i in places[:2]])
        for row, places in zip(probabilities, order, strict=True)
    ])  # fmt: skip
    print(f"{len(texts)} sentences, {len(intents)} intents, {options.folds} folds")
    print(f"accuracy {right.mean():.4f}, among the first three {top3.mean():.4f}")
    print(f"believed {sure.mean():.4f} of them, of these right {right[sure].mean():.4f}")
    languages = np.array([detect_language(text) for text in texts])
    for language in sorted(set(languages)):
        part = languages == language
        print(f"  {language}: {part.sum()} sentences, accuracy {right[part].mean():.4f}")
    hits, counts = Counter(np.array(labels)[right]), Counter(labels)
    for intent in sorted(intents, key=lambda name: hits[name] / counts[name]):
        print(f"  {intent:<26} recall {hits[intent] / counts[intent]:.2f}  n={counts[intent]}")
    for place in np.flatnonzero(sure & ~right)[: options.mistakes]:
        print(f"  {labels[place]} taken for {intents[order[place, 0]]}: {texts[place]}")


if __name__ == "__main__":
    main()
