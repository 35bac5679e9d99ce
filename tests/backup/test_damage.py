"""An archive that is not what was written: it is known as such, and nothing is changed by it."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.backup import migrating, restoring
from bot.backup.on_sqlite import Files
from bot.errors import InvalidInput
from tests.backup.shops import New, Shop, fill


def _cut(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0x10]) + data[middle + 1 :]


def _rewritten(change: Callable[[str, bytes], bytes | None]) -> Callable[[bytes], bytes]:
    """Return a function that writes a sound tar anew, with other content."""

    def rewrite(data: bytes) -> bytes:
        out = io.BytesIO()
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as old:
            with tarfile.open(fileobj=out, mode="w:gz") as made:
                for entry in old:
                    content = change(entry.name, old.extractfile(entry).read())  # type: ignore[union-attr]
                    if content is not None:
                        entry.size = len(content)
                        made.addfile(entry, io.BytesIO(content))
        return out.getvalue()

    return rewrite


SPOILED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut off": (_cut, "damaged"),
    "a bit turned": (_flipped, "damaged"),
    "no archive": (lambda _: b"once upon a time", "no backup"),
    "another tar": (_rewritten(lambda n, d: None if n == "backup.json" else d), "no backup"),
    "a name altered": (
        _rewritten(lambda n, d: d.replace(b"ordinary", b"another1") if "customer" in n else d),
        "customer.*not what was written",
    ),
    "a file altered": (
        _rewritten(lambda n, d: d + b"!" if n.endswith("ab01") else d), "ab01 is not what",
    ),
    "a table left out": (
        _rewritten(lambda n, d: None if "/lease/" in n else d), "lease.*not what was written"),
    "no manifest": (_rewritten(lambda n, d: None if n == "manifest.json" else d), "end is missing"),
    "a later format": (
        _rewritten(lambda n, d: d.replace(b'"format": 1', b'"format": 2')), "format 2",
    ),
    "a later migration": (
        _rewritten(lambda n, d: d.replace(migrating.head().encode(), b"ffffffffffff")),
        "this version does not have",
    ),
}


@pytest.mark.parametrize(
    ("kind", "how"), [*(("sqlite", how) for how in SPOILED), ("postgresql", "a table left out")]
)
def test_what_is_not_sound_changes_nothing(
    saved: Callable[[str], tuple[Shop, Path]], tmp_path: Path, kind: str, how: str
) -> None:
    (spoil, says), (shop, archive) = SPOILED[how], saved(kind)
    spoiled = tmp_path / "spoiled.tar.gz"
    spoiled.write_bytes(spoil(archive.read_bytes()))
    before, files = shop.rows(), shop.files()
    with pytest.raises(InvalidInput, match=says):
        shop.restore(spoiled, replace=True)
    assert shop.rows() == before and shop.files() == files
    with pytest.raises(InvalidInput, match=says):
        restoring.check(spoiled, lambda _: None)
    assert restoring.check(archive, lambda _: None).rows == sum(map(len, before.values()))


def test_a_name_can_not_lead_out_of_the_folder(new: New) -> None:
    shop = new("sqlite")
    fill(shop)
    archive = shop.backup()
    out = io.BytesIO()
    with gzip.open(archive) as raw, tarfile.open(fileobj=io.BytesIO(raw.read())) as old:
        with tarfile.open(fileobj=out, mode="w:gz") as made:
            for entry in old:
                content = old.extractfile(entry)
                entry.name = entry.name.replace("files/media/ab", "files/media/../../../evil")
                made.addfile(entry, content)
    archive.write_bytes(out.getvalue())
    with pytest.raises(InvalidInput, match="which no backup does"):
        new("sqlite").restore(archive)
    assert not list(archive.parent.parent.rglob("evil*"))


def test_files_on_sqlite_are_private_before_they_are_whole(tmp_path: Path) -> None:
    place = Files(tmp_path / "a.sqlite3", tmp_path / "b.sqlite3", tmp_path / "aside")
    place.open()
    assert {p.stat().st_mode & 0o777 for p in tmp_path.iterdir()} == {0o600}
    place.close()
    assert not list(tmp_path.iterdir())
