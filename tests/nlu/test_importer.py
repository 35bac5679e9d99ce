"""Reviewed labels join the files' examples; none at all is no failure."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from rasa.shared.exceptions import YamlException
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.nlu.training_data.loading import load_data

from bot.nlu.reader import training_data

NLU = "tests/nlu/brain/nlu.yml"


def intents(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> dict[str, str]:
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    importer = TrainingDataImporter.load_from_config(
        "config.yml", "tests/nlu/brain/domain.yml", [NLU]
    )
    examples = importer.get_nlu_data().intent_examples
    return {str(e.get("text")): str(e.get("intent")) for e in examples}


def test_without_labels_the_files_stand_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = intents(monkeypatch, tmp_path / "missing")
    assert len(found) == 80
    assert found["siparişim nerede"] == "track_order"


def test_labels_are_added_and_win(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    labels = [
        {"text": "koli ne alemde", "intent": "track_order"},
        {"text": "SIPARIS DURUMU NEDİR", "intent": "complaint"},
        {"text": "yeni", "intent": "no_such_intent"},
        {"text": "", "intent": "greet"},
        "scrap",
    ]
    (tmp_path / "labels.yml").write_text(yaml.safe_dump(labels, allow_unicode=True))
    found = intents(monkeypatch, tmp_path)
    assert found["koli ne alemde"] == "track_order"
    assert found["SIPARIS DURUMU NEDİR"] == "complaint"
    assert "sipariş durumu nedir" not in found
    assert "yeni" not in found
    assert len(found) == 81


@pytest.mark.parametrize("content", [b"- text: [", b"\xff\xfe\x00", b"", b"just words"])
def test_a_broken_file_is_no_labels(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "labels.yml").write_bytes(content)
    assert len(intents(monkeypatch, tmp_path)) == 80


SENTENCES = """
version: "3.1"
nlu:
- intent: track_order
  metadata: {writer: w1, language: tr}
  examples: |
    - [1024](order_number) nerede
    - where's my parcel? 📦
    - [yarın]{"entity": "date", "value": "tomorrow"} gelir mi
"""
SYNONYM = """- synonym: kargo
  examples: |
    - koli
"""


@pytest.mark.parametrize(
    "content",
    [
        SENTENCES,
        SENTENCES + SYNONYM,
        SENTENCES + "- intent: greet\n  examples:\n  - text: |\n      selam\n",
        SENTENCES.replace('version: "3.1"\n', ""),
        "nlu:\n- intent: yes\n  examples: |\n    - evet\n",
    ],
)
def test_files_hold_for_us_what_they_hold_for_rasa(tmp_path: Path, content: str) -> None:
    (tmp_path / "nlu.yml").write_text(content, encoding="utf-8")
    path = str(tmp_path / "nlu.yml")
    ours, theirs = training_data([path]), load_data(path)
    assert ours.training_examples
    assert [e.data for e in ours.training_examples] == [e.data for e in theirs.training_examples]
    assert ours.entity_synonyms == theirs.entity_synonyms


def test_a_sentence_that_stands_in_two_files_counts_once(tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in ("a.yml", "b.yml")]
    for path in paths:
        Path(path).write_text(SENTENCES, encoding="utf-8")
    assert len(training_data(paths).training_examples) == 3


@pytest.mark.parametrize("content", ["nlu:\n- intent: greet\n  examples: 3\n", "nlu: [\n"])
def test_what_is_no_training_data_is_an_error_of_rasas(tmp_path: Path, content: str) -> None:
    (tmp_path / "nlu.yml").write_text(content, encoding="utf-8")
    with pytest.raises(YamlException):
        training_data([str(tmp_path / "nlu.yml")])
