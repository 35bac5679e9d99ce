"""Twilio's form-encoded bodies, read once as bytes (for the signature) and once as text."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from urllib.parse import unquote_to_bytes

Pairs = list[tuple[bytes, bytes]]


def pairs(encoded: bytes) -> Pairs:
    """Return names and values in the order they came, as bytes, blank values kept.

    The standard library's `parse_qs` drops blank values and replaces bytes that are not UTF-8;
    either would make a genuine signature look forged.
    """
    found: Pairs = []
    for part in encoded.split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            found.append((_unquote(name), _unquote(value)))
    return found


def _unquote(part: bytes) -> bytes:
    return unquote_to_bytes(part.replace(b"+", b" "))


def clean(value: bytes) -> str:
    """Return text that every database takes: UTF-8 or replacement characters, no null bytes."""
    return value.decode("utf-8", "replace").replace("\x00", "")


@dataclasses.dataclass(frozen=True)
class Form:
    """Names and values as text. A name that came twice gives its first value."""

    fields: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, raw: Iterable[tuple[bytes, bytes]]) -> Form:
        """Decode what `pairs` returned."""
        fields: dict[str, list[str]] = {}
        for name, value in raw:
            fields.setdefault(clean(name), []).append(clean(value))
        return cls({name: tuple(values) for name, values in fields.items()})

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def get(self, *names: str) -> str:
        """Return the first value that is not blank among these names, or an empty string."""
        for name in names:
            for value in self.fields.get(name, ()):
                if value:
                    return value
        return ""

    def raw(self) -> dict[str, object]:
        """Return the payload to keep: plain values, lists where a name came more than once."""
        return {k: v[0] if len(v) == 1 else list(v) for k, v in self.fields.items()}
