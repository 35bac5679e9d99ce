"""Stock Rasa on our own corpus: what `rasa init` would give somebody with our sentences and rules.

It learns `PER_INTENT` sentences of each intent, a drawn sample: all of them would take it most of a day.
What a turn costs hardly depends on how many they were. The pipeline and policies are those that Rasa
writes into a project without any (read from the
installed package), with our language. The sentences, rules, responses and domain are ours, copied. The
actions are a stock user's: `rasa run actions` with a file that answers from the same responses with
fixed values, without a database. TED and UnexpecTED learn from stories only, and we have none: each
rule that answers an intent at once becomes a story that ends with thanks. ResponseSelector finds no
retrieval intents and stays untrained, as it does in `rasa init`'s own project.

    python -m benchmarks.stock            trains, if it was not yet, and says where the model lies
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import rasa
import yaml

from benchmarks.driver import figures
from benchmarks.nlu import sentences
from tests.stack import ROOT, free_port

MODELS = ROOT / "var" / "bench-models"
PER_INTENT = 40
EPOCHS = 100  # what Rasa's default says; BENCH_EPOCHS trains less (what a turn costs stays the same)
_DEFAULT = Path(str(rasa.__file__)).parent / "engine/recipes/config_files/default_config.yml"
PIPELINE = "default pipeline (DIET) and policies (TED, UnexpecTED), REST, `rasa run actions`"
_ENDS = "thanks_goodbye"
_ACTIONS = '''\
from rasa_sdk import Action

SAID = {said!r}


def _action(named, response, values):
    class Said(Action):
        def name(self):
            return named

        def run(self, dispatcher, tracker, domain):
            dispatcher.utter_message(response=response, **values)
            return []

    return Said


for _name, (_response, _values) in SAID.items():
    globals()[_name] = _action(_name, _response, _values)
'''
# The demo shop's figures, which our own actions read from the database.
_SAID: dict[str, tuple[str, dict[str, str]]] = {
    "action_shipping_info": ("utter_shipping_info", {
        "free_from": "750,00 TL", "fee": "49,90 TL", "carriers": "Yurtiçi Kargo, Aras Kargo",
        "cutoff": "16:00",
    }),
    "action_return_policy": ("utter_return_policy", {
        "days": "14", "refund_days": "14", "carrier": "Yurtiçi Kargo",
    }),
    "action_payment_options": ("utter_payment_options", {
        "methods": "kredi kartı, havale, kapıda ödeme",
    }),
    "action_contact_and_hours": ("utter_contact_and_hours_open", {
        "hours": "hafta içi 09:00–18:00", "closes": "18:00", "phone": "+90 850 000 00 00",
        "email": "destek@example.com", "url": "https://example.com",
    }),
    "action_greet": ("utter_greet", {}),
    "action_thanks_goodbye": ("utter_welcome", {}),
}
_UNSURE: tuple[str, dict[str, str]] = ("utter_clarify", {})  # what the other actions say


def epochs() -> int:
    """Return how many epochs the model is trained for."""
    return int(os.environ.get("BENCH_EPOCHS") or EPOCHS)


def project(folder: Path) -> None:
    """Write a project as a stock user would have it."""
    (folder / "data").mkdir()
    _write(folder / "data" / "nlu.yml", _sentences())
    shutil.copytree(ROOT / "data" / "rules", folder / "data" / "rules")
    shutil.copytree(ROOT / "data" / "responses", folder / "domain" / "responses")
    domain = yaml.safe_load((ROOT / "domain.yml").read_text())
    domain["actions"].remove("action_session_start")  # ours; Rasa has one of its own
    domain["session_config"] = {
        "session_expiration_time": 60, "carry_over_slots_to_new_session": True,
    }
    _write(folder / "domain" / "domain.yml", domain)
    config: dict[str, Any] = yaml.safe_load(_DEFAULT.read_text())
    config |= {"language": "tr", "assistant_id": "stock"}
    for part in (*config["pipeline"], *config["policies"]):
        if "epochs" in part:
            part["epochs"] = epochs()
    _write(folder / "config.yml", config)
    _write(folder / "data" / "stories.yml", {"version": "3.1", "stories": _stories()})
    _write(folder / "credentials.yml", {"rest": None})
    said = {name: _UNSURE for name in domain["actions"] if name.startswith("action_")} | _SAID
    (folder / "actions.py").write_text(_ACTIONS.format(said=said))


def _sentences() -> dict[str, Any]:
    examples: dict[str, list[str]] = {}
    for one in sentences.sampled(sentences.corpus(), PER_INTENT):
        examples.setdefault(one.intent, []).append(f"- {one.text}\n")
    blocks = [{"intent": name, "examples": "".join(lines)} for name, lines in examples.items()]
    return {"version": "3.1", "nlu": blocks}


def _write(path: Path, data: object) -> None:
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False))


def _stories() -> list[dict[str, Any]]:
    ending = [{"intent": _ENDS}, {"action": f"action_{_ENDS}"}]
    found = []
    for path in sorted((ROOT / "data" / "rules").glob("*.yml")):
        for rule in yaml.safe_load(path.read_text())["rules"]:
            steps = rule["steps"]
            intent, action = steps[0].get("intent"), steps[-1].get("action")
            simple = set(rule) == {"rule", "steps"} and len(steps) == 2 and intent and action
            if simple and action not in ("action_open_case", "action_clarify") and intent != _ENDS:
                found.append({"story": f"{intent} and thanks", "steps": [*steps, *ending]})
    return found


def is_same_response(ours: str, theirs: str) -> bool:
    """Tell whether two replies come from the same response, whatever the figures in it.

    What we say before it to somebody who writes for the first time ends with an empty line.
    """
    answer = ours.rpartition("\n\n")[2]
    return difflib.SequenceMatcher(None, answer, theirs, autojunk=False).ratio() > 0.6


def _hash(folder: Path) -> str:
    total = hashlib.sha256(f"rasa {rasa.__version__}".encode())
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "actions.py"):
        total.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return total.hexdigest()[:16]


def _environment(folder: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items()
            if k in ("PATH", "HOME", "LANG", "TMPDIR") or k.startswith(("OPENBLAS", "TF_", "OMP_"))}
    return {
        **kept, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1", "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "PYTHONWARNINGS": "ignore", "RASA_CACHE_DIRECTORY": str(folder / ".cache"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def trained(say: Callable[[str], None]) -> tuple[Path, int, float]:
    """Return a model of the present content, its epochs, and the seconds its training took (0: kept).

    `say` hears when one must be trained. Raises RuntimeError with the end of Rasa's output when it
    can not be.
    """
    MODELS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="destek-stock-") as name:
        folder = Path(name)
        project(folder)
        model = MODELS / f"{_hash(folder)}-{epochs()}.tar.gz"
        if model.exists():
            return model, epochs(), 0.0
        say(f"training stock Rasa for {epochs()} epochs; it is kept in {MODELS} for later runs")
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "rasa", "train", "--domain", "domain", "--out", "made",
             "--fixed-model-name", "stock"],
            cwd=folder, env=_environment(folder), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
        )
        made = folder / "made" / "stock.tar.gz"
        if done.returncode != 0 or not made.exists():
            raise RuntimeError("rasa train failed:\n" + done.stdout[-3000:])
        part = model.with_suffix(".part")
        shutil.copy(made, part)
        os.replace(part, model)
        return model, epochs(), time.monotonic() - began


class Stock:
    """`rasa run` with the REST channel and `rasa run actions`, as two processes on free ports."""

    def __init__(self, folder: Path, model: Path) -> None:
        self._folder = folder
        self._model = model
        self._port, self._actions_port = free_port(), free_port()
        self._processes: list[subprocess.Popen[bytes]] = []
        self.url = f"http://127.0.0.1:{self._port}/webhooks/rest/webhook"
        self.output = folder / "output.txt"

    @property
    def pids(self) -> list[int]:
        """Ids of both processes."""
        return [process.pid for process in self._processes]

    def memory(self) -> dict[str, dict[str, float]]:
        """Return megabytes by process, as `product.memory` does."""
        return {
            "pss": figures.memory(self.pids), "rss": figures.memory(self.pids, figures.resident_mb),
        }

    def __enter__(self) -> Stock:
        project(self._folder)
        actions = f"http://127.0.0.1:{self._actions_port}"
        _write(self._folder / "endpoints.yml", {"action_endpoint": {"url": f"{actions}/webhook"}})
        try:
            self._start("run", "actions", "--port", str(self._actions_port))
            self._start(
                "run", "--model", str(self._model), "--port", str(self._port), "--interface",
                "127.0.0.1", "--endpoints", "endpoints.yml", "--credentials", "credentials.yml",
            )
            self._wait(f"{actions}/health", 60)
            self._wait(self.url.removesuffix("webhook"), 240)
        except BaseException:
            self.stop()
            raise
        return self

    def _start(self, *arguments: str) -> None:
        with self.output.open("ab") as output:
            self._processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "rasa", *arguments], cwd=self._folder,
                    env=_environment(self._folder), stdout=output, stderr=subprocess.STDOUT,
                )
            )

    def _wait(self, url: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and all(p.poll() is None for p in self._processes):
            with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
                return
            time.sleep(0.3)
        raise RuntimeError("stock Rasa did not start:\n" + self.output.read_text()[-3000:])

    def stop(self) -> None:
        """Stop both."""
        for process in self._processes:
            process.send_signal(signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes = []

    def __exit__(self, *_: object) -> None:
        self.stop()


if __name__ == "__main__":
    path, count, took = trained(print)
    print(f"{path} ({count} epochs, {took:.0f} s)" if took else f"{path} ({count} epochs, kept)")
