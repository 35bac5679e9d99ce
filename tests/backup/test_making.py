"""The file that a backup becomes: under its name once it is whole, and never in place of another."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from bot.backup import making
from bot.backup.archive import Writer
from bot.errors import Conflict
from tests.backup.shops import New, fill

KILLED = """
import os, sys
from pathlib import Path
from bot import config
from bot.backup import making, picture

class View:
    def __init__(self, view):
        self._view = view

    def backup(self, target):
        self._view.backup(target)
        print("there", flush=True)
        sys.stdin.read()

views = picture._views
picture._views = lambda paths: [View(v) for v in views(paths)]
making.make(config.from_environment(os.environ), Path(sys.argv[1]), True, print)
"""


def test_what_a_killed_backup_left_goes_with_the_next_one_and_no_other(new: New) -> None:
    """Customers' words would lie there under a name that nobody looks for."""
    shop = new("sqlite")
    fill(shop)
    folder = shop.settings.data_dir.parent / "backups"
    folder.mkdir()
    foreign = folder / ".destek-copy-of-ours"
    foreign.write_text("not a backup's")
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder / "killed.tar.gz")], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, env={**os.environ, "DATA_DIR": str(shop.settings.data_dir)},
    )
    assert process.stdout is not None and process.stdout.readline() == b"there\n"
    written = set(folder.iterdir()) - {foreign}
    try:
        assert len(written) == 2 and all(p.stat().st_mode & 0o777 == 0o600 for p in written)
        making.make(shop.settings, folder / "one.tar.gz", True, lambda _: None)
        assert written <= set(folder.iterdir()), "its process still writes them"
    finally:
        process.kill()
        process.communicate()
    assert written <= set(folder.iterdir())
    making.make(shop.settings, folder / "two.tar.gz", True, lambda _: None)
    assert {p.name for p in folder.iterdir()} == {"one.tar.gz", "two.tar.gz", foreign.name}


def _no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be on a file system that has one name a file."""

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)


@pytest.mark.parametrize("links", [True, False])
def test_a_backup_made_meanwhile_is_not_replaced(
    new: New, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = new("sqlite")
    fill(shop)
    target = shop.settings.data_dir.parent / "backup.tar.gz"
    if not links:
        _no_links(monkeypatch)
    with pytest.raises(Conflict, match="never replaces another one"):
        making.make(shop.settings, target, True, lambda _: target.write_text("another") and None)
    assert target.read_text() == "another"
    target.unlink()
    made = making.make(shop.settings, target, True, lambda _: None)
    assert made.path.stat().st_mode & 0o777 == 0o600 and tarfile.is_tarfile(made.path)
    assert {p.name for p in target.parent.iterdir()} == {"var", "backup.tar.gz"}, "left-overs"


def test_a_file_that_gets_another_content_meanwhile_is_saved_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, later = tmp_path / "live", tmp_path / "later"
    path.write_text("m1")
    later.write_text("m2, which is longer")
    plain = Path.open

    def opened(file: Path, mode: str) -> io.BufferedReader:
        stream: io.BufferedReader = plain(file, mode)  # type: ignore[assignment]
        later.rename(file)
        return stream

    out = io.BytesIO()
    writer = Writer(out, {})
    monkeypatch.setattr(Path, "open", opened)
    assert writer.add_file("files/live", path)
    writer.finish()
    monkeypatch.undo()
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as tar:
        assert tar.extractfile("files/live").read() == b"m1"  # type: ignore[union-attr]
