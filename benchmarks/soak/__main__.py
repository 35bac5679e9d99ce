"""`make soak`: 500 messages over 50 conversations while everything is killed; then the verdict.

Environment: SOAK_MESSAGES (500), SOAK_CONVERSATIONS (a tenth of the messages, at most 2,000),
SOAK_RATE (messages a second: 6, above 1,000 messages 15), SOAK_SEED (a random one, which is told at
the beginning: with the same other settings it makes the same customers write the same again, and the
killer draw the same lots, though the moments differ) and PAIRS (1: two web, worker, rasa and clock
processes). Exit status 1 with the list of violations; the folder of the run is then kept.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.soak.killing import Habits
from benchmarks.soak.run import Outcome, Soak, new_seed, run

_SHOWN = 200  # violations


def wanted(environment: Any = os.environ) -> Soak:
    """Return the run that the environment asks for; ValueError when it can not be."""
    messages = int(environment.get("SOAK_MESSAGES") or 500)
    large = messages > 1000
    conversations = int(environment.get("SOAK_CONVERSATIONS") or max(1, min(2000, messages // 10)))
    rate = float(environment.get("SOAK_RATE") or (15 if large else 6))
    seed = int(environment.get("SOAK_SEED") or new_seed())
    habits = Habits(gap=(2.0, 5.0), supervisor_after=75.0, supervisor_every=600.0)
    pairs = environment.get("PAIRS") == "1"
    soak = Soak(messages, conversations, rate, seed, habits, settle=120.0, pairs=pairs)
    soak.check()
    return soak


def report(outcome: Outcome) -> str:
    """Return the final report as text."""
    lines = ["", f"soak, seed {outcome.soak.seed}: {len(outcome.violations)} violations", ""]
    for name, value in outcome.figures.items():
        if isinstance(value, dict):
            value = ", ".join(f"{k} {v}" for k, v in value.items())
        lines.append(f"  {name}: {value}")
    return "\n".join(lines)


def main() -> int:
    """Run; return the exit status."""
    try:
        soak = wanted()
    except ValueError as error:
        print(f"soak: {error}", file=sys.stderr)
        return 2
    folder = Path(tempfile.mkdtemp(prefix="destek-soak-"))

    def say(text: str) -> None:
        print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # nothing is left running
    say(f"everything of this run is in {folder}")
    try:
        outcome = run(soak, folder, say)
    except KeyboardInterrupt:
        print(f"soak: stopped; kept: {folder}", file=sys.stderr)
        return 130
    print(report(outcome), flush=True)
    if not outcome.violations:
        shutil.rmtree(folder)
        return 0
    print("\nviolations:")
    for violation in outcome.violations[:_SHOWN]:
        print(f"  {violation}")
    if len(outcome.violations) > _SHOWN:
        print(f"  ... and {len(outcome.violations) - _SHOWN} more")
    print(f"kept: {folder}", flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
