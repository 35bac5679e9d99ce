"""The words of a message as Rasa's tokens, told apart only when somebody looks.

Nothing of ours needs them; Rasa's report on entities counts by them. They are those of Rasa's
tokenizer, so that reports on several pipelines compare the same words.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any, overload

from rasa.nlu.tokenizers.tokenizer import Token
from rasa.nlu.tokenizers.whitespace_tokenizer import WhitespaceTokenizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message


class Tokens(Sequence[Token]):
    """The tokens of a text."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _found(self) -> list[Token]:
        return _tokenizer().tokenize(Message({TEXT: self._text}), TEXT) if self._text else []

    def __len__(self) -> int:
        return len(self._found)

    @overload
    def __getitem__(self, place: int) -> Token: ...

    @overload
    def __getitem__(self, place: slice) -> list[Token]: ...

    def __getitem__(self, place: Any) -> Any:
        return self._found[place]


@lru_cache(maxsize=1)
def _tokenizer() -> WhitespaceTokenizer:
    return WhitespaceTokenizer(WhitespaceTokenizer.get_default_config())
