"""When a model is trained, and which one is live. A small program stands in for `rasa train`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot import config, setup_steps, training
from bot.errors import NotFound

RASA = """
import pathlib, sys
words = sys.argv
assert words[1] == "train", words
if pathlib.Path("broken").exists():
    print("the domain is broken"); sys.exit(1)
out = pathlib.Path(words[words.index("--out") + 1])
print("Training NLU")
(out / (words[words.index("--fixed-model-name") + 1] + ".tar.gz")).write_text("a model")
"""
SOURCES = ("data/nlu/orders.yml", "data/rules/orders.yml", "domain.yml", "config.yml",
           "bot/nlu/features.py", "bot/text/normal.py")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for name in (*SOURCES, "actions/orders.py", "bot/app.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "rasa").mkdir()
    (root / "rasa" / "__init__.py").touch()
    (root / "rasa" / "__main__.py").write_text(RASA)
    return root


class Set:
    """The setting-up of one `DATA_DIR`, with what it said."""

    def __init__(self, root: Path, data_dir: Path) -> None:
        self.root, self.said, self.shown = root, list[str](), list[str]()
        self.settings = config.Settings(data_dir=data_dir, secret_key="-", internal_secret="-")

    def up(self) -> Path:
        self.shown.clear()
        return setup_steps.ensure_model(
            self.root, self.settings, self.said.append, self.shown.append
        )

    @property
    def models(self) -> list[Path]:
        return sorted((self.settings.data_dir / "models").glob("*.tar.gz"))


@pytest.fixture
def setting(root: Path, tmp_path: Path) -> Set:
    return Set(root, tmp_path / "var")


@pytest.mark.parametrize("name", SOURCES)
def test_the_hash_covers_everything_that_shapes_a_model(root: Path, name: str) -> None:
    before = training.content_hash(root)
    (root / name).write_text("changed")
    changed = training.content_hash(root)
    (root / name).rename((root / name).with_name("other" + Path(name).suffix))
    assert len({before, changed, training.content_hash(root)}) == 3


def test_the_hash_covers_labels(root: Path) -> None:
    assert training.content_hash(root) != training.content_hash(root, labels="a row more")


def test_the_hash_covers_nothing_else(root: Path) -> None:
    before = training.content_hash(root)
    (root / "actions/orders.py").write_text("changed")
    (root / "bot/app.py").write_text("changed")
    (root / "bot/nlu/__pycache__").mkdir()
    (root / "bot/nlu/__pycache__/features.cpython-310.pyc").write_text("compiled")
    (root / "data/.orders.yml.swp").write_text("an editor's")
    assert training.content_hash(root) == before


def test_training_happens_once_for_each_content(setting: Set) -> None:
    first = setting.up()
    assert setting.shown == ["Training NLU"]
    assert first == setting.models[0]
    assert setting.up() == first
    assert setting.shown == []

    (setting.root / "config.yml").write_text("another pipeline")
    second = setting.up()
    assert second != first
    assert setting.shown == ["Training NLU"]

    (setting.root / "config.yml").write_text("config.yml")
    assert setting.up() == first
    assert setting.shown == []


def test_new_labels_ask_for_a_training(setting: Set) -> None:
    setting.up()
    (setting.settings.data_dir / "labels.yml").write_text("- {text: kargom, intent: track_order}\n")
    setting.up()
    assert setting.shown == ["Training NLU"]


def test_a_model_that_was_rolled_back_to_stays_live(setting: Set) -> None:
    older = setting.up()
    (setting.root / "domain.yml").write_text("worse")
    setting.up()
    content = training.content_hash(setting.root)
    training.make_live(setting.settings.data_dir, older.name.removesuffix(".tar.gz"), content)
    assert setting.up() == older
    assert setting.shown == []


def test_a_model_file_that_is_gone_is_trained_again(setting: Set) -> None:
    setting.up().unlink()
    with pytest.raises(NotFound, match="make train"):
        training.live_model(setting.settings.data_dir)
    assert setting.up().exists()


def test_the_note_beside_a_model_tells_its_content(setting: Set) -> None:
    model = setting.up()
    note = json.loads(model.with_name(model.name.replace(".tar.gz", ".json")).read_text())
    assert note["hash"] == training.content_hash(setting.root)
    live = (setting.settings.data_dir / "models" / "live").read_text().strip()
    assert live == note["name"] == model.name.removesuffix(".tar.gz")


def test_a_failed_training_leaves_the_live_model(setting: Set) -> None:
    live = setting.up()
    (setting.root / "broken").touch()
    (setting.root / "domain.yml").write_text("broken")
    with pytest.raises(training.TrainingFailed):
        setting.up()
    assert "the domain is broken" in setting.shown
    assert training.live_model(setting.settings.data_dir) == live
    assert setting.models == [live]
    assert list((setting.settings.data_dir / "models").glob(".training*")) == []
