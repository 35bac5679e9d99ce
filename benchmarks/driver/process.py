"""The driver as a process of its own, told what to do over loopback."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SID, TOKEN, SENDER = "AC" + "0" * 32, "fake-token", "whatsapp:+14155238886"


class Driver:
    """A driver beside a product at `webhook`; use it as a context manager."""

    def __init__(self, webhook: str, public: str = "https://destek.example") -> None:
        self._command = [
            sys.executable, "-m", "benchmarks.driver", "--serve", "--until-eof", "--port", "0",
            "--webhook", webhook, "--public", public, "--sid", SID, "--token", TOKEN,
            "--from", SENDER,
        ]
        self._public = public
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def __enter__(self) -> Driver:
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.url = json.loads(self._process.stdout.readline())["url"]
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()

    def environment(self) -> dict[str, str]:
        """Return the settings that point the product at this driver."""
        return {
            "TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_WHATSAPP_FROM": SENDER,
            "TWILIO_API_BASE_URL": self.url, "PUBLIC_BASE_URL": self._public,
        }

    def wait_idle(self, quiet: float = 3.0, within: float = 180.0) -> bool:
        """Wait until the product has sent nothing for `quiet` seconds; tell whether it came to that."""
        last, since = -1, time.monotonic()
        deadline = since + within
        while time.monotonic() < deadline:
            with urllib.request.urlopen(f"{self.url}/state", timeout=10) as answer:
                now = json.loads(answer.read())
            if now["accepted"] != last or now["receipts_open"]:
                last, since = now["accepted"], time.monotonic()
            elif time.monotonic() - since >= quiet:
                return True
            time.sleep(0.2)
        return False

    def run(self, within: float = 600.0, **wanted: object) -> dict[str, Any]:
        """Do a run (see `runs.Run`) and return its figures; at most `within` seconds."""
        data = json.dumps(wanted).encode()
        with urllib.request.urlopen(f"{self.url}/run", data, timeout=within) as answer:
            found: dict[str, Any] = json.loads(answer.read())
        return found
