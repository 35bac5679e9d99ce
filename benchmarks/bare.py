"""Bare Flask with one SQLite insert, served as the product is: what the door can cost at the least."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.stack import ROOT, free_port


@contextlib.contextmanager
def served(folder: Path, workers: int, threads: int) -> Iterator[str]:
    """Serve it with the product's gunicorn, workers and threads; give its URL."""
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "gunicorn", "benchmarks.baseline:app", "--worker-class", "gthread",
            "--workers", str(workers), "--threads", str(threads), "--bind", f"127.0.0.1:{port}",
            "--log-level", "warning", "--no-control-socket",
        ],
        cwd=ROOT, env={**os.environ, "BASELINE_FILE": str(folder / "baseline.sqlite3")},
    )
    url = f"http://127.0.0.1:{port}/webhook"
    try:
        for _ in range(100):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(url, b"Body=merhaba", timeout=2).close()
                break
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)
