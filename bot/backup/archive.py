"""The archive: a compressed tar with a digest of every member, written and read in one pass.

Its first member, `backup.json`, says what follows; its last one, `manifest.json`, repeats that with
the SHA-256 of each member, so that an archive that was cut off or altered is known as such.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import os
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

from bot.errors import InvalidInput

FORMAT = 1
FIRST, LAST = "backup.json", "manifest.json"
_LEVEL = 1  # rows shrink to a fifth at the speed of a disk; a higher level costs more than it saves
_PIECE = 1024 * 1024
_DAMAGE = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile)


class Hashing:
    """A stream that is read once and knows the SHA-256 of what was read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._sum = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, or the rest; raise InvalidInput when the archive is damaged."""
        try:
            data = self._stream.read(size)
        except _DAMAGE as error:
            raise damaged(error) from error
        self._sum.update(data)
        return data

    @property
    def digest(self) -> str:
        """SHA-256 of what was read so far."""
        return self._sum.hexdigest()

    def finish(self) -> str:
        """Read what is left and return the digest of all of it."""
        while self.read(_PIECE):
            pass
        return self.digest


def damaged(why: object) -> InvalidInput:
    """Return the error for an archive that is not what was written."""
    return InvalidInput(f"the archive is damaged or cut off ({why}); nothing was changed")


class Writer:
    """Writes members to an open binary file, in order."""

    def __init__(self, file: IO[bytes], about: dict[str, Any]) -> None:
        """`about` is what `backup.json` says; it gets the format's number."""
        self._about = {"format": FORMAT, **about}
        self._digests: dict[str, str] = {}
        self._gzip = gzip.GzipFile(
            filename="", mode="wb", compresslevel=_LEVEL, fileobj=file, mtime=0
        )
        self._tar = tarfile.TarFile.open(
            fileobj=self._gzip, mode="w|", format=tarfile.PAX_FORMAT
        )
        self.add(FIRST, _as_json(self._about))

    def add(self, name: str, data: bytes) -> None:
        """Add a member from memory."""
        self._put(name, io.BytesIO(data), len(data), 0o600)

    def add_file(self, name: str, path: Path) -> bool:
        """Add a file as it is now; tell whether it was still there."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return False  # erased since the folder was listed
        with file:
            status = os.fstat(file.fileno())  # of what is read, whatever has its name by now
            self._put(name, file, status.st_size, status.st_mode & 0o700)
        return True

    def finish(self) -> None:
        """Add the manifest and end the archive; the file itself stays open."""
        about = {**self._about, "members": dict(self._digests)}
        self.add(LAST, _as_json(about))
        self._tar.close()
        self._gzip.close()

    def _put(self, name: str, stream: IO[bytes], size: int, mode: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, mode
        hashing = Hashing(stream)
        self._tar.addfile(entry, hashing)  # type: ignore[arg-type]
        self._digests[name] = hashing.digest


class Reader:
    """Reads members in order and compares each with the manifest, once that has come."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._digests: dict[str, str] = {}
        self._members = self._walk()
        name, stream, _ = next(self._members, ("", None, 0))
        if name != FIRST or stream is None:
            raise InvalidInput("this is no backup of Destek")
        self.about: dict[str, Any] = _from_json(stream.read())
        if self.about.get("format") != FORMAT:
            raise InvalidInput(
                f"the archive has format {self.about.get('format')}, this version reads {FORMAT}: "
                "restore it with the version that made it, or a later one"
            )

    def members(self) -> Iterator[tuple[str, Hashing, int]]:
        """Yield (name, stream, mode) of everything between the first member and the manifest.

        Raises InvalidInput at the end unless all of it is there and is what was written.
        """
        for name, stream, mode in self._members:
            if name == LAST:
                self._compare(_from_json(stream.read()))
                return
            yield name, stream, mode
        raise damaged("its end is missing")

    def _compare(self, manifest: dict[str, Any]) -> None:
        if next(self._members, None) is not None:
            raise damaged("something follows its end")
        found = {name: digest for name, digest in self._digests.items() if name != LAST}
        wanted: dict[str, str] = manifest.pop("members", {})
        for name in sorted(found.keys() | wanted.keys()):
            if found.get(name) != wanted.get(name):
                raise damaged(f"{name} is not what was written")
        if manifest != self.about:
            raise damaged("its manifest belongs to another one")

    def _walk(self) -> Iterator[tuple[str, Hashing, int]]:
        while True:
            try:
                entry = self._tar.next()
                stream = self._tar.extractfile(entry) if entry is not None else None
            except _DAMAGE as error:
                raise damaged(error) from error
            if entry is None:
                return
            if stream is None or not _is_safe(entry.name):
                raise InvalidInput(f"the archive holds {entry.name!r}, which no backup does")
            hashing = Hashing(stream)
            yield entry.name, hashing, entry.mode
            self._digests[entry.name] = hashing.finish()


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Reader]:
    """Open an archive to be read once, from its beginning to its end."""
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        try:
            tar = stack.enter_context(tarfile.open(fileobj=file, mode="r|gz"))
        except _DAMAGE as error:
            raise InvalidInput(f"{path} is no backup of Destek") from error
        yield Reader(tar)


def _is_safe(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name


def _as_json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def _from_json(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError as error:
        raise damaged(error) from error
    if not isinstance(found, dict):
        raise damaged("its description is none")
    return found
