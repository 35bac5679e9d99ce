"""Print how well sentences of data/nlu are understood by a model that has not seen them.

    python scripts/cross_validate.py [--by-writer] [--folds 5] [--mistakes 20] [FOLDER]

Cross-validation over the corpus itself: how far its sentences carry each other, or each writer's
the others'. A figure to watch while writing data; `make bench-nlu` measures on the test sets.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot.nlu import sentence_vectors
from bot.nlu.bands import is_confident
from bot.nlu.model import cross_validated
from bot.nlu.spelling import learned, repaired
from scripts.corpus.sentences import Sentence, files, read


def sentences(folder: Path) -> list[Sentence]:
    """Return every example below a folder of Rasa NLU files."""
    return [s for s in read(files(folder), with_language=True).sentences if s.intents]


def main() -> None:
    """Read the arguments, validate, print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("data/nlu"))
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--by-writer", action="store_true", help="hold out one writer at a time")
    parser.add_argument("--mistakes", type=int, default=0, help="how many confident ones to show")
    options = parser.parse_args()
    found = sentences(options.folder)
    texts, labels = [s.plain for s in found], [s.intents[0] for s in found]
    spoken, writers = [s.language for s in found], [s.writer for s in found]
    vectors = None
    if sentence_vectors.available():
        spellings = learned(texts)
        vectors = sentence_vectors.vectors([repaired(text, spellings) for text in texts])
    intents = sorted(set(labels))
    groups = writers if options.by_writer else None
    probabilities = cross_validated(texts, labels, vectors, groups, options.folds)
    order = np.argsort(-probabilities, axis=1, kind="stable")
    wanted = np.array([intents.index(label) for label in labels])
    right = order[:, 0] == wanted
    top3 = (order[:, :3] == wanted[:, None]).any(axis=1)
    sure = np.array([
        is_confident([(intents[i], float(row[i])) for i in places[:3]])
        for row, places in zip(probabilities, order, strict=True)
    ])  # fmt: skip
    parts = f"{len(set(writers))} writers" if options.by_writer else f"{options.folds} folds"
    print(f"{len(texts)} sentences, {len(intents)} intents, {parts}")
    print(f"accuracy {right.mean():.4f}, among the first three {top3.mean():.4f}")
    print(f"believed {sure.mean():.4f} of them, of these right {right[sure].mean():.4f}")
    for name, values in (("language", np.array(spoken)), ("writer", np.array(writers))):
        for value in sorted(set(values)):
            part = values == value
            print(f"  {name} {value}: {part.sum()} sentences, accuracy {right[part].mean():.4f}")
    hits, counts = Counter(np.array(labels)[right]), Counter(labels)
    for intent in sorted(intents, key=lambda name: hits[name] / counts[name]):
        print(f"  {intent:<26} recall {hits[intent] / counts[intent]:.2f}  n={counts[intent]}")
    for place in np.flatnonzero(sure & ~right)[: options.mistakes]:
        print(f"  {labels[place]} taken for {intents[order[place, 0]]}: {texts[place]}")


if __name__ == "__main__":
    main()
