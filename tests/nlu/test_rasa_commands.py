"""Rasa's own commands in a plain project of somebody who uses our pipeline."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.encoder import SentenceEncoder
from tests.stack import free_port

ROOT = Path(__file__).parents[2]
BRAIN = Path(__file__).parent / "brain"
START_SECONDS = 40

# "ücret" is a fallback between two intents, of which shipping_info is the likelier.
ANNOTATED = """
version: "3.1"
nlu:
  - intent: track_order
    examples: |
      - siparişim nerede
      - [1024](order_number)'ü soruyorum, siparişim nerede
      - siparişim [yarın](date) gelir mi
      - takip no 77401928351, kargom nerede kaldı
  - intent: provide_info
    examples: |
      - telefonum [0532 111 22 33](phone)
      - mail adresim [deniz at ornek nokta com](email)
  - intent: shipping_info
    examples: |
      - ücret
  - intent: return_policy
    examples: |
      - kargo bedava mı
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a model that `rasa train nlu` made of its files."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "data").mkdir()
    shutil.copy(ROOT / "config.yml", folder)
    shutil.copy(BRAIN / "domain.yml", folder)
    shutil.copy(BRAIN / "nlu.yml", folder / "data")
    (folder / "annotated.yml").write_text(ANNOTATED, encoding="utf-8")
    rasa(folder, "train", "nlu")
    assert len(list((folder / "models").glob("nlu-*.tar.gz"))) == 1
    return folder


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "rasa", *arguments]


def environment(folder: Path) -> dict[str, str]:
    own = {
        "PYTHONPATH": str(ROOT),
        "RASA_CACHE_DIRECTORY": str(folder / "cache"),
        "RASA_TELEMETRY_ENABLED": "false",
    }
    return {**os.environ, **own}


def rasa(folder: Path, *arguments: str, typed: str = "") -> str:
    """Run a command to its end and return what it printed."""
    done = subprocess.run(
        command(*arguments), cwd=folder, env=environment(folder), input=typed,
        capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


def printed(output: str) -> list[dict[str, Any]]:
    """Return the parse results among the lines that a shell printed."""
    decoder, results, at = json.JSONDecoder(), [], output.find("\n{")
    while at >= 0:
        result, length = decoder.raw_decode(output[at + 1 :])
        results.append(result)
        at = output.find("\n{", at + length)
    return results


@pytest.fixture(scope="module")
def reports(project: Path) -> dict[str, Any]:
    """What `rasa test nlu` writes about the annotated file, by file."""
    rasa(project, "test", "nlu", "--nlu", "annotated.yml", "--no-plot", "--out", "results")
    return {path.stem: json.loads(path.read_text()) for path in project.glob("results/*.json")}


def test_the_report_scores_the_best_intent_of_a_fallback_too(reports: dict[str, Any]) -> None:
    [error] = reports["intent_errors"]
    assert error["text"] == "kargo bedava mı"  # annotated wrongly
    report = reports["intent_report"]
    assert report["accuracy"] == pytest.approx(7 / 8)
    assert report["track_order"]["recall"] == report["provide_info"]["recall"] == 1.0
    shipping = report["shipping_info"]
    assert (shipping["recall"], shipping["precision"]) == (1.0, 0.5)
    assert report["return_policy"]["recall"] == 0.0


def test_the_report_on_entities_measures_each_extractor_by_what_it_reads(
    reports: dict[str, Any],
) -> None:
    assert {name for name in reports if "Extractor" in name or "Detector" in name} == {
        "IdentifierExtractor_report", "IdentifierExtractor_errors", "ValueExtractor_report",
    }  # fmt: skip
    identifiers = reports["IdentifierExtractor_report"]
    number, phone, email = (identifiers[kind] for kind in ("order_number", "phone", "email"))
    # The tracking number, which may be an order's as well, was not annotated.
    assert (number["recall"], number["precision"], number["support"]) == (1.0, 0.5, 1)
    assert (phone["recall"], phone["precision"], phone["support"]) == (1.0, 1.0, 4)
    # A dictated address is found, but has no place.
    assert (email["recall"], email["support"]) == (0.0, 5)
    predicted = [e for error in reports["IdentifierExtractor_errors"]
                 for e in error["predicted_entities"] if e["entity"] == "email"]  # fmt: skip
    assert [(e["value"], "start" in e) for e in predicted] == [("deniz@ornek.com", False)]
    assert "date" not in identifiers
    values = reports["ValueExtractor_report"]
    assert values["date"]["recall"] == values["date"]["precision"] == 1.0
    assert "order_number" not in values and "phone" not in values


def test_the_shell_shows_what_a_message_is_taken_for(project: Path) -> None:
    results = printed(rasa(project, "shell", "nlu", typed="siparişim nerede\nücret\n/greet\n"))
    track, fee, greet = results
    assert track["intent"]["name"] == track["intents"][0]["name"] == "track_order"
    assert fee["intent"]["name"] == "nlu_fallback"
    assert fee["intent_ranking"][0]["name"] == "shipping_info"
    assert greet["intent"] == {"name": "greet", "confidence": 1.0}


@contextlib.contextmanager
def server(folder: Path) -> Iterator[str]:
    """Run `rasa run --enable-api` until it has a model; give its address."""
    port = free_port()
    with (folder / "server.log").open("wb") as log, subprocess.Popen(
        command("run", "--enable-api", "--interface", "127.0.0.1", "--port", str(port)),
        cwd=folder, env=environment(folder), stdout=log, stderr=log,
    ) as process:  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}"
            until = time.monotonic() + START_SECONDS
            while not answers(address):
                assert process.poll() is None and time.monotonic() < until, (
                    folder / "server.log"
                ).read_text()
                time.sleep(0.1)
            yield address
        finally:
            process.terminate()


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/status", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def post(address: str, body: bytes, kind: str) -> Any:
    request = urllib.request.Request(address, body, {"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def test_the_server_parses_and_judges(project: Path) -> None:
    with server(project) as address:
        body = json.dumps({"text": "1024 nolu siparişim nerede, telefonum 0532 111 22 33"})
        parsed = post(f"{address}/model/parse", body.encode(), "application/json")
        judged = post(f"{address}/model/test/intents", ANNOTATED.encode(), "application/x-yaml")
    assert set(parsed) == {"text", "intent", "entities", "intent_ranking", "intents"}
    assert parsed["intent"] == parsed["intent_ranking"][0]
    places = {e["entity"]: parsed["text"][e["start"] : e["end"]] for e in parsed["entities"][1:]}
    assert places["order_number"] == "1024" and places["phone"] == "0532 111 22 33"
    assert parsed["entities"][0]["entity"] == "language" and "start" not in parsed["entities"][0]
    assert judged["intent_evaluation"]["report"]["accuracy"] == pytest.approx(7 / 8)
    assert "LanguageDetector" not in judged["entity_evaluation"]


def test_a_copy_of_a_message_copies_no_encoder() -> None:
    class Costly(dict[str, str]):
        def __deepcopy__(self, memo: dict[int, Any]) -> Costly:
            raise AssertionError("spellings were copied")

    encoder = SentenceEncoder({}, None, None, Costly(a="b"))  # type: ignore[arg-type]
    [message] = encoder.process([Message({"text": "siparişim nerede"})])
    copied = copy.deepcopy(message.as_dict())
    assert copied == message.as_dict()
