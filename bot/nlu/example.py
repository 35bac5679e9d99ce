"""A training example that is cheap to compare and to copy.

Rasa merges and fingerprints training data several times in one training, and copies and hashes
every example each time. With some ten thousand examples that is a third of a training's time.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from rasa.shared.nlu.training_data.message import Message


class Example(Message):
    """Rasa's message, with a fingerprint by one hash and copies that share what nobody changes."""

    _cached_fingerprint: str | None

    @classmethod
    def of(cls, message: Message) -> Example:
        """Return a message as an example; nothing of it is copied but its dictionary."""
        return cls(message.data, set(message.output_properties), message.time, message.features)

    def fingerprint(self) -> str:
        """Return a hash over the data and the features, 32 hexadecimal digits."""
        kept: str | None = self._cached_fingerprint
        if kept is None:
            text = json.dumps(self.data, sort_keys=True, default=str)
            total = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16)
            for feature in self.features:
                total.update(f"{feature.type} {feature.attribute} {feature.origin}".encode())
                values = feature.features
                dense = values.tobytes() if feature.is_dense() else repr(values.todok()).encode()
                total.update(dense)
            kept = self._cached_fingerprint = total.hexdigest()
        return kept

    def __hash__(self) -> int:
        return int(self.fingerprint(), 16)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Message) and self.fingerprint() == other.fingerprint()

    def __deepcopy__(self, memo: dict[int, Any]) -> Example:
        # Values are replaced by `set`, never changed in place; the containers are copied.
        copied = Example(self.data, set(self.output_properties), self.time, list(self.features))
        copied._cached_fingerprint = self._cached_fingerprint
        return copied
