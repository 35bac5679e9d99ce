"""`nlu evaluate`: how well the live model understands a file of labelled sentences."""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bot.errors import InvalidInput

Pair = tuple[frozenset[str], frozenset[str]]  # wanted, predicted


def register(commands: Any) -> None:
    """Add the parsers."""
    group = commands.add_parser("nlu", help="the language understanding")
    actions = group.add_subparsers(metavar="ACTION", required=True)
    evaluate = actions.add_parser(
        "evaluate", help="score the live model on labelled sentences",
        description="Columns: text, intent (or intents, joined by |), language.",
    )
    evaluate.add_argument("file", metavar="FILE.csv", type=Path)
    evaluate.add_argument("--json", action="store_true", help="the whole result as JSON")
    evaluate.set_defaults(run=_evaluate)


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a labelled file as text, intents, language; raise InvalidInput."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        columns = reader.fieldnames or []
        label = "intents" if "intents" in columns else "intent"
        if "text" not in columns or label not in columns:
            raise InvalidInput(f"{path}: columns text and intent (or intents) are needed")
        return [
            {"text": row["text"], "intents": row[label], "language": row.get("language") or ""}
            for row in reader if row["text"] and row[label]
        ]


def scores(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Return accuracy (all intents right), macro F1 and the figures of each intent."""
    right, wanted_of, predicted_of = Counter[str](), Counter[str](), Counter[str]()
    for wanted, predicted in pairs:
        wanted_of.update(wanted)
        predicted_of.update(predicted)
        right.update(wanted & predicted)
    per_intent = {}
    for name in sorted(wanted_of):
        precision = right[name] / predicted_of[name] if predicted_of[name] else 0.0
        recall = right[name] / wanted_of[name]
        total = precision + recall
        per_intent[name] = {
            "precision": round(precision, 4), "recall": round(recall, 4),
            "f1": round(2 * precision * recall / total, 4) if total else 0.0,
            "support": wanted_of[name],
        }
    count = len(pairs)
    return {
        "count": count,
        "accuracy": round(sum(w == p for w, p in pairs) / count, 4) if count else 0.0,
        "macro_f1": round(sum(i["f1"] for i in per_intent.values()) / len(per_intent), 4)
        if per_intent else 0.0,
        "per_intent": per_intent,
    }


def _predictions(texts: Iterable[str]) -> list[frozenset[str]]:
    """Return the intents that the live model finds in each text, loaded into this process."""
    import asyncio
    import os
    import warnings

    from bot import config, logs, training
    from bot.text import harmless

    data_dir = config.load().data_dir
    model = training.live_model(data_dir)
    os.environ.update(training.rasa_environment(data_dir))
    logs.configure("nlu", "ERROR")  # Rasa prints what it parses, to stdout, unless told otherwise
    with warnings.catch_warnings(record=True):  # what its libraries say of each other
        from rasa.core.agent import Agent

        agent = Agent.load(str(model))

        async def ask() -> list[frozenset[str]]:
            found = []
            for text in texts:
                result = await agent.parse_message(harmless(text))
                several = [wish["name"] for wish in result.get("intents") or []]
                found.append(frozenset(several or [result["intent"]["name"]]))
            return found

        return asyncio.run(ask())


def _evaluate(options: argparse.Namespace) -> int:
    rows = read(options.file)
    predictions = _predictions(row["text"] for row in rows)
    by_language: dict[str, list[Pair]] = defaultdict(list)
    pairs: list[Pair] = []
    for row, predicted in zip(rows, predictions, strict=True):
        wanted = frozenset(part.strip() for part in row["intents"].split("|") if part.strip())
        pairs.append((wanted, predicted))
        by_language[row["language"]].append((wanted, predicted))
    result = scores(pairs)
    result["languages"] = {
        name: {k: v for k, v in scores(found).items() if k != "per_intent"}
        for name, found in sorted(by_language.items()) if name
    }
    if options.json:
        print(json.dumps(result, ensure_ascii=False))
        return 0
    print(f"{result['count']} sentences: accuracy {result['accuracy']:.4f}, "
          f"macro F1 {result['macro_f1']:.4f}")
    for name, part in result["languages"].items():
        print(f"  {name}: {part['count']} sentences, accuracy {part['accuracy']:.4f}")
    for name, part in sorted(result["per_intent"].items(), key=lambda item: item[1]["f1"]):
        print(f"  {name:<32} F1 {part['f1']:.3f}  precision {part['precision']:.3f}  "
              f"recall {part['recall']:.3f}  n={part['support']}")
    return 0
