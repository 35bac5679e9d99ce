"""Reviewed labels join the files' examples; none at all is no failure."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from rasa.shared.importers.importer import TrainingDataImporter

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
