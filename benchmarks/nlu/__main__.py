"""`make bench-nlu`: what the understanding is worth, in one table.

    python -m benchmarks.nlu [--only PART ...] [--with-diet] [--quick] [--json FILE]

DATA=FOLDER in the environment adds the public sets (docs/benchmarks.md: layout, sources, licences).
`--with-diet` trains Rasa's default pipeline anew, which takes about an hour; without it the figures
of benchmarks/nlu/diet.json are shown. Nothing else should run beside the part `speed`. Pictures and
the list of errors are written to var/bench-nlu.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from benchmarks.nlu import causes, curve, pictures, public, sentences, shop, speed, table, versus
from benchmarks.nlu.answers import Answer
from benchmarks.nlu.asked import OUTPUT, Asked

PARTS: Final = ("tests", "cv", "versus", "public", "speed", "curve")

Figures = dict[str, Any]


def _say(text: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


class Bench:
    """One run; the parts share what they learn from."""

    def __init__(self, data: Path | None, quick: bool, with_diet: bool) -> None:
        self.data, self.quick, self.with_diet = data, quick, with_diet
        self.found: Figures = {}

    @cached_property
    def corpus(self) -> list[sentences.Sentence]:
        """The sentences of the product's model."""
        return sentences.corpus()

    @cached_property
    def sets(self) -> dict[str, list[sentences.Sentence]]:
        """The test sets."""
        return sentences.sets()

    @property
    def every(self) -> list[sentences.Sentence]:
        """All messages of the test sets."""
        return [one for part in self.sets.values() for one in part]

    def tests(self) -> None:
        """Measure on the test sets; draw and list what was mistaken."""
        _say(f"learning from {len(self.corpus)} sentences")
        model = Asked.trained(self.corpus, "corpus")
        _say("test sets")
        self.found["tests"], answers = shop.tested(model, self.sets)
        self.found["wishes"] = shop.wishes(model, sentences.doubles(), answers)
        self.found["languages"] = shop.languages(self.sets)
        plain = self.found["tests"][shop.ALL]["accuracy"]
        self.found["robustness"] = shop.robustness(model, self.every, plain, _say)
        self._written(answers)

    def _written(self, answers: Sequence[Answer]) -> None:
        OUTPUT.mkdir(parents=True, exist_ok=True)
        report = causes.report(answers, self.corpus)
        (OUTPUT / "errors.txt").write_text(report, encoding="utf-8")
        pictures.confusion(answers, OUTPUT / "confusion.png")
        _say(f"{OUTPUT}: confusion.png, errors.txt")

    def cv(self) -> None:
        """Cross-validate the corpus."""
        self.found["cross_validation"] = shop.cross_validated(self.corpus, _say)

    def versus(self) -> None:
        """Learn from 25 sentences an intent, as DIET did or does."""
        tasks = versus.tasks(self.sets, self.data)
        if self.with_diet:
            command = "python -m benchmarks.nlu --only versus --with-diet"
            self.found["diet"] = versus.repeated(tasks, command, _say)
            self.found["diet_is_new"] = True
        self.found["ours_25"] = {}
        for name, task in tasks.items():
            _say(f"learning {name}")
            self.found["ours_25"][name] = versus.ours(task, name)

    def public(self) -> None:
        """Measure on the public sets, when they are there."""
        if self.data is None:
            _say("DATA names no folder: the public sets are left out")
            return
        self.found["hint3"] = public.hint3(self.data, _say)
        self.found["banking77"] = public.banking77(self.data, _say, self.quick)

    def speed(self) -> None:
        """Train as the product does, and ask its server."""
        texts = [one.text for one in self.every][:: 4 if self.quick else 1]
        warm = [one.text for one in sentences.sampled(self.corpus, 2, seed=2)]
        with tempfile.TemporaryDirectory(prefix="destek-bench-nlu-") as name:
            model, seconds = speed.trained(Path(name), _say)
            _say("the server")
            served = speed.served(model, Path(name), texts, warm)
        self.found["speed"] = {"training": seconds, "server": served.speed}
        if self.with_diet or versus.KEPT_MODEL.is_file():
            theirs = versus.server_of_diet(sentences.sampled(self.corpus), texts, warm, _say)
            self.found["speed"]["diet"] = theirs.speed

    def curve(self) -> None:
        """Learn from ever more writers, and from ever more sentences."""
        found = {
            "writers": curve.by_writers(self.corpus, self.every, _say),
            "sentences": curve.by_sentences(self.corpus, self.every, _say),
        }
        self.found["curve"] = found
        OUTPUT.mkdir(parents=True, exist_ok=True)
        pictures.curves(found, OUTPUT / "learning-curve.png")
        _say(f"{OUTPUT}: learning-curve.png")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the parts, print the table, keep the figures where `--json` says."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.nlu", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--only", action="append", choices=PARTS, help="a part; may be repeated")
    parser.add_argument("--with-diet", action="store_true", help="train DIET again (an hour)")
    parser.add_argument("--quick", action="store_true", help="no curve, no full BANKING77")
    parser.add_argument("--json", type=Path, help="where to keep every figure")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    data = Path(os.environ["DATA"]) if os.environ.get("DATA") else None
    bench = Bench(data, options.quick, options.with_diet)
    bench.found["diet"] = versus.kept()
    bench.found["machine"] = {
        "cores": len(os.sched_getaffinity(0)), "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 1), "at": time.strftime("%Y-%m-%d %H:%M"),
    }  # fmt: skip
    parts: list[str] = options.only or [
        part for part in PARTS if not (options.quick and part in ("cv", "curve"))
    ]
    for part in parts:
        work: Callable[[], None] = getattr(bench, part)
        work()
    machine = bench.found["machine"]
    print(f"\n{machine['at']}, {machine['cores']} cores, load before {machine['load_before']}\n")
    print(table.table(bench.found))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(bench.found, indent=1, ensure_ascii=False)
        options.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
