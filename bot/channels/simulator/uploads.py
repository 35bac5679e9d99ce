"""Files that the simulator's page uploaded, under names that nobody chose."""

from __future__ import annotations

import mimetypes
import os
import re
import secrets
import stat
from pathlib import Path
from typing import BinaryIO

from bot.channels.errors import MediaError
from bot.config import Settings

_REFERENCE = re.compile(r"[A-Za-z0-9_-]{8,64}(\.[a-z0-9]{1,8})?")
_EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "video/mp4": ".mp4",
    "audio/ogg": ".ogg",
    "audio/mpeg": ".mp3",
    "audio/webm": ".weba",
    "application/pdf": ".pdf",
    "text/vcard": ".vcf",
}
_TYPES = {extension: content_type for content_type, extension in _EXTENSIONS.items()}


def folder(settings: Settings) -> Path:
    """Return where uploads lie."""
    return settings.data_dir / "media" / "simulator-uploads"


def is_reference(reference: str) -> bool:
    """Tell whether this can be the name of an upload: no path, no dots but the extension's."""
    return _REFERENCE.fullmatch(reference) is not None


def store_upload(settings: Settings, data: bytes, content_type: str) -> str:
    """Keep a file for `open_upload`; return its reference, a random name."""
    bare = content_type.partition(";")[0].strip().lower()
    extension = _EXTENSIONS.get(bare, mimetypes.guess_extension(bare) or "")
    name = secrets.token_hex(16) + (extension if len(extension) <= 9 else "")
    folder(settings).mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder(settings) / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    return name


def open_upload(settings: Settings, reference: str) -> tuple[str, BinaryIO]:
    """Return (content type, stream) of an upload; raise a permanent MediaError without one."""
    if not is_reference(reference):
        raise MediaError("not the name of an upload", permanent=True)
    try:
        descriptor = os.open(folder(settings) / reference, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise MediaError("the upload does not exist", permanent=True) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise MediaError("the upload is no file", permanent=True)
    extension = Path(reference).suffix
    guessed = _TYPES.get(extension) or mimetypes.guess_type(reference)[0]
    return guessed or "application/octet-stream", os.fdopen(descriptor, "rb")
