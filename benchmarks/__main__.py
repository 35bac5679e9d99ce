"""`make bench`: the product under load beside stock Rasa and bare Flask, in one run on this machine.

    python -m benchmarks [--json FILE] [--without-stock] [--share 0.2]

Nothing else should run beside it, and nothing is sent beyond loopback. The first run trains stock
Rasa (hours of waiting are spared by `BENCH_EPOCHS=5`: what a turn costs does not depend on it), later
ones find the model in `var/bench-models`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import bare, product, report, stock, streams
from benchmarks.driver.process import Driver

_NOBODY = "http://127.0.0.1:9"  # a driver that drives no product of ours


def _say(text: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


def _loops(share: float) -> tuple[tuple[int, int], ...]:
    return tuple((n, max(n, round(count * share))) for n, count in product.LOOPS)


def _bare(folder: Path) -> dict[str, Any]:
    target = bare.served(folder, product.WEB_WORKERS, product.WEB_THREADS)
    with Driver(_NOBODY) as driver, target as url:
        driver.run(kind="post", target=url, parallel=product.DOOR_PARALLEL, count=300)
        return driver.run(kind="post", target=url, parallel=product.DOOR_PARALLEL, count=4000)


def _product(folder: Path, share: float) -> dict[str, Any]:
    loops = _loops(share)
    with product.running(folder / "one") as (stack, driver):
        found: dict[str, Any] = {"turns": product.turns(stack, driver, loops)}
        found["turns_known"] = product.turns(stack, driver, loops[-1:], people="same")
        found["memory"] = product.memory(stack)
        _say("the product's door")
        found["door"] = product.door(stack, driver)
    _say("the product with two Rasa")
    with product.running(folder / "two", RASA_COUNT="2") as (stack, driver):
        found["two_rasa"] = {
            "turns": product.turns(stack, driver, loops[-1:]), "memory": product.memory(stack),
        }
    return found


def _streams(folder: Path, share: float) -> dict[str, Any]:
    found = {}
    for name, halted in (("idle", True), ("chats", False)):
        count = max(80, round(streams.COUNT * share))
        (folder / f"streams-{name}").mkdir()
        found[name] = streams.on_its_own(folder / f"streams-{name}", halted=halted, count=count)
    return found


def _stock(folder: Path, share: float, answers: dict[str, str]) -> dict[str, Any]:
    model, epochs, seconds = stock.trained(_say)
    if seconds:
        _say(f"that took {seconds:.0f} s")
    (folder / "stock").mkdir()
    with stock.Stock(folder / "stock", model) as running, Driver(_NOBODY) as driver:
        driver.run(kind="rest", target=running.url, parallel=4, count=40)
        runs = [
            driver.run(
                kind="rest", target=running.url, parallel=parallel, count=count,
                watch=running.pids, timeout=120,
            )
            for parallel, count in _loops(share)
        ]
        same = sum(
            stock.is_same_response(answers.get(text, ""), said)
            for text, said in runs[-1].get("answers", {}).items()
        )
        return {
            "turns": runs, "epochs": epochs, "pipeline": stock.PIPELINE,
            "memory": running.memory(), "questions": len(answers), "same_answers": same,
        }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run it all, print the table, keep the figures where `--json` says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", type=Path, help="where to keep every figure")
    parser.add_argument("--without-stock", action="store_true", help="leave stock Rasa out")
    parser.add_argument("--share", type=float, default=1.0, help="of the messages, for a quick look")
    options = parser.parse_args(arguments)
    found: dict[str, Any] = {
        "machine": {
            "cores": len(os.sched_getaffinity(0)), "python": platform.python_version(),
            "load_before": os.getloadavg()[0], "at": time.strftime("%Y-%m-%d %H:%M"),
        }
    }
    with tempfile.TemporaryDirectory(prefix="destek-bench-") as name:
        folder = Path(name)
        _say("bare Flask")
        found["bare"] = _bare(folder)
        _say("the product")
        found |= _product(folder, options.share)
        _say("acknowledgements while pages listen")
        found["streams"] = _streams(folder, options.share)
        found["bare_again"] = _bare(folder)
        if found["bare_again"]["per_second"] > found["bare"]["per_second"]:
            found["bare"] = found["bare_again"]  # the machine was at its best then
        if not options.without_stock:
            _say("stock Rasa")
            found["stock"] = _stock(folder, options.share, found["turns"][-1]["answers"])
    machine = found["machine"]
    print(f"\n{machine['cores']} cores, load before {machine['load_before']:.1f}\n")
    print(report.table(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
