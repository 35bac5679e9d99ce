"""`make bench`: the message path beside its baseline, in one run on this machine.

Prints turns per second and first replies at 1, 20 and 100 parallel chats, acknowledgements per second
beside bare Flask with one SQLite insert, and processor time and memory per process.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

from benchmarks.load import cpu_seconds, drive, memory_mb, percentile
from tests.processes import tree
from tests.stack import ROOT, Stack, free_port

QUESTIONS = (
    "kargo ücreti ne kadar?", "iade süresi kaç gün?", "kapıda ödeme var mı?",
    "çalışma saatleriniz nedir?",
)


def turns(stack: Stack, parallel: int, count: int, block: int) -> None:
    """Measure whole turns: webhook in, first reply at the fake."""

    def one(i: int) -> float:
        phone = f"+9053{block}{i:07d}"
        began = time.monotonic()
        stack.fake.inbound(QUESTIONS[i % len(QUESTIONS)], phone, timeout=60)
        return stack.fake.wait_for(phone, 1, 120)[0].accepted_at - began

    rate, replies = drive(one, count, parallel)
    print(
        f"turns, {parallel:3d} parallel: {rate:6.1f}/s   first reply p50 "
        f"{percentile(replies, 0.5):.2f} s  p95 {percentile(replies, 0.95):.2f} s  "
        f"p99 {percentile(replies, 0.99):.2f} s"
    )


def acknowledgements(stack: Stack, count: int) -> float:
    """Measure webhook answers alone: receipts of a message that is not known."""

    def one(i: int) -> float:
        began = time.monotonic()
        params = {
            "MessageSid": f"SMbench{i}", "MessageStatus": "delivered", "AccountSid": stack.fake.sid,
            "From": stack.fake.from_, "To": "whatsapp:+905300000000",
        }
        assert stack.fake.post("/webhooks/twilio/status", params, timeout=60).status_code == 200
        return time.monotonic() - began

    rate, answers = drive(one, count, 16)
    print(f"acknowledgements:      {rate:6.1f}/s   p99 {percentile(answers, 0.99) * 1000:.0f} ms")
    return rate


def bare_flask(folder: Path, count: int) -> float:
    """Measure the baseline with the same client, gunicorn, workers and threads."""
    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", "benchmarks.baseline:app", "--workers", "2", "--threads",
        "50", "--bind", f"127.0.0.1:{port}", "--log-level", "error",
    ]
    environment = {**os.environ, "BASELINE_FILE": str(folder / "baseline.sqlite3")}
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    url = f"http://127.0.0.1:{port}/webhook"
    session = requests.Session()
    session.trust_env = False
    try:
        for _ in range(100):
            try:
                session.post(url, data=b"x", timeout=2)
                break
            except requests.RequestException:
                time.sleep(0.1)

        def one(_: int) -> float:
            began = time.monotonic()
            session.post(url, data=b"Body=merhaba", timeout=60)
            return time.monotonic() - began

        rate, answers = drive(one, count, 16)
    finally:
        process.terminate()
        process.wait(timeout=10)
    print(f"bare Flask + 1 insert: {rate:6.1f}/s   p99 {percentile(answers, 0.99) * 1000:.0f} ms")
    return rate


def main() -> None:
    """Run it all; nothing is sent beyond loopback."""
    folder = Path(tempfile.mkdtemp(prefix="destek-bench-"))
    with Stack(folder) as stack:
        for i in range(8):
            stack.ask(QUESTIONS[i % 4], f"+905300{i:06d}")
        pids = tree(stack.pid)
        before = {pid: cpu_seconds(pid) for pid in pids}
        counts = ((1, 40), (20, 200), (100, 400))
        for block, (parallel, count) in enumerate(counts, start=5):
            turns(stack, parallel, count, block)
        total = sum(count for _, count in counts)
        for pid, name in sorted(pids.items(), key=lambda item: item[1]):
            used = (cpu_seconds(pid) - before[pid]) / total * 1000
            print(f"  {name:10s} {used:6.1f} ms of a core per turn  {memory_mb(pid):7.1f} MB")
        print(f"  whole stack {sum(memory_mb(pid) for pid in pids):.0f} MB")
        ours = acknowledgements(stack, 1000)
    bare = bare_flask(folder, 1000)
    print(f"share of the baseline: {ours / bare:.2f}")


if __name__ == "__main__":
    main()
