"""`make soak`: the fault journeys again and again, to find what goes wrong only sometimes.

Runs `pytest tests/journeys/test_faults.py` `SOAK_RUNS` times in a row (environment, default 10), each
with a whole stack of its own, prints how each run ended and how long it took, and stops at the first
failure with that run's exit status.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMAND = (
    sys.executable, "-m", "pytest", "tests/journeys/test_faults.py", "-q", "-p", "no:cacheprovider",
)


def main() -> int:
    """Run the journeys; return 0 when every run passed, else the status of the one that failed."""
    runs = int(os.environ.get("SOAK_RUNS") or 10)
    if runs < 1:
        print("SOAK_RUNS must be at least 1", file=sys.stderr)
        return 2
    for number in range(1, runs + 1):
        began = time.monotonic()
        status = subprocess.run(COMMAND, cwd=ROOT, check=False).returncode
        outcome = "passed" if status == 0 else f"FAILED with status {status}"
        print(f"run {number} of {runs}: {outcome} after {time.monotonic() - began:.0f} s", flush=True)
        if status != 0:
            return abs(status)
    return 0


if __name__ == "__main__":
    sys.exit(main())
