"""The moment in which a backup takes the place of what is there: whole, or not at all."""

from __future__ import annotations

import dataclasses
import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.backup import on_postgresql, swapping
from bot.errors import Conflict
from tests import databases
from tests.backup.shops import New, Shop, fill

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _grown(new: New, kind: str) -> tuple[Shop, Path]:
    """Return an installation that has gone on since its backup, and that."""
    shop = new(kind)
    fill(shop)
    archive = shop.backup()
    with shop.connected() as connection:
        connection.execute(sa.text("UPDATE customer SET name = 'since'"))
    (shop.settings.data_dir / "secrets" / "secret_key").write_text("another")
    return shop, archive


def _before_renames(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[Path, Path], None]
) -> None:
    rename = os.rename

    def acting(source: Any, target: Any) -> None:
        act(Path(source), Path(target))
        rename(source, target)

    monkeypatch.setattr(os, "rename", acting)


@pytest.mark.parametrize("kind", databases.KINDS)
def test_nobody_interrupts_it_and_it_is_said_before_where_the_old_data_goes(
    new: New, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, archive = _grown(new, kind)
    said: list[str] = []
    known: list[str] = []

    def interrupt(*_: Path) -> None:
        known.append("\n".join(said))
        for number in SIGNALS:
            signal.raise_signal(number)

    def heard(number: int, _: object) -> None:
        raise AssertionError(f"interrupted by {signal.Signals(number).name}")

    _before_renames(monkeypatch, interrupt)
    before = {number: signal.signal(number, heard) for number in SIGNALS}
    try:
        done = shop.restore(archive, replace=True, say=said.append)
        assert all(signal.getsignal(number) is heard for number in SIGNALS)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert len(known) > 5
    assert "since" not in {c["name"] for c in shop.rows()["customer"]}
    assert done.kept and all(f"what is there now goes to {place}" in known[0] for place in done.kept)


@pytest.mark.parametrize(
    ("kind", "fails"),
    [("sqlite", "destek.sqlite3"), ("sqlite", "demo-logins"), ("postgresql", "demo-logins"),
     ("postgresql", "commit")],
)
def test_what_fails_in_it_is_taken_back(
    new: New, kind: str, fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, archive = _grown(new, kind)
    before, files = shop.rows(), shop.files()

    def fail(*_: object) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy", fails)

    def busy(source: Path, target: Path) -> None:
        if target == shop.settings.data_dir.resolve() / fails and ".restoring" in str(source):
            fail()

    _before_renames(monkeypatch, busy)
    if fails == "commit":
        monkeypatch.setattr(on_postgresql.Server, "commit", fail)
    with pytest.raises(OSError, match="busy"):
        shop.restore(archive, replace=True)
    monkeypatch.undo()
    assert shop.rows() == before and shop.files() == files
    left = {p.name for p in shop.settings.data_dir.iterdir()}
    assert not [name for name in left if "restor" in name], left
    assert shop.restore(archive, replace=True).kept, "nor is anything in the way of another try"


def _mounted(monkeypatch: pytest.MonkeyPatch, table: Path, *points: Path) -> None:
    """Let the kernel name mount points besides its own, in its own words."""
    lines = [
        f"{900 + i} 1 0:{i} / {str(point).replace(' ', chr(92) + '040')} rw - ext4 /dev/x rw\n"
        for i, point in enumerate(points)
    ]
    table.write_text(Path("/proc/self/mountinfo").read_text() + "".join(lines))
    monkeypatch.setattr(swapping, "MOUNTS", table)


@pytest.mark.parametrize(
    ("kind", "mount"),
    [("sqlite", "media"), ("sqlite", "destek.sqlite3"), ("postgresql", "secrets")],
)
def test_a_mount_in_the_way_is_known_before_anything_is_changed(
    new: New, kind: str, mount: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, archive = _grown(new, kind)
    before, files = shop.rows(), shop.files()
    data_dir = shop.settings.data_dir.resolve()
    _mounted(monkeypatch, tmp_path / "mountinfo", data_dir, data_dir / mount)
    with pytest.raises(Conflict, match=f"{mount} is a mount"):
        shop.restore(archive, replace=True)
    assert shop.rows() == before and shop.files() == files


def test_a_database_on_another_disk_is_moved_aside_there(
    new: New, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, archive = _grown(new, "sqlite")
    disk = tmp_path / "fast disk"
    disk.mkdir()
    url = f"sqlite:///{disk}/shop.sqlite3"
    shop = Shop(dataclasses.replace(first.settings, database_url=url))
    (first.settings.data_dir / "destek.sqlite3").rename(disk / "shop.sqlite3")
    before = shop.rows()
    _mounted(monkeypatch, tmp_path / "mountinfo", disk)
    done = shop.restore(archive, replace=True)
    [aside], [here] = disk.glob("before-restore-*"), shop.settings.data_dir.glob("before-restore-*")
    assert sorted(done.kept) == sorted([str(aside), str(here)])
    assert (here / "tracker.sqlite3").exists() and (here / "secrets").exists()
    assert shop.rows() != before
    (aside / "shop.sqlite3").rename(disk / "shop.sqlite3")
    assert shop.rows() == before
