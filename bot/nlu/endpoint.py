"""The way from Rasa to the action server, with a short limit and a memory of what failed.

Rasa waits 300 s for a silent action server and swallows every failure: the turn goes on as if the
action had nothing to say. Names that failed during a turn are kept here for the turn's answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any

import aiohttp
from jsonschema.validators import validator_for  # type: ignore[import-untyped]
from rasa.core.actions.action import RemoteAction
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

LIMIT_SECONDS = 6.0
"""Longer than the action server's own limit of five seconds, shorter than the worker's patience."""

_SCHEMA = RemoteAction.action_response_format_spec()
_answers = validator_for(_SCHEMA)(_SCHEMA)
_check = RemoteAction._validate_action_result
_failed: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("failed", default=None)


class ActionsUnreachable(aiohttp.ClientError):
    """The action server did not answer, or not well. Holds no text of the answer."""


class WatchedEndpoint(EndpointConfig):
    """An action endpoint that gives up early and notes the names of actions that failed."""

    @classmethod
    def around(cls, endpoint: EndpointConfig) -> WatchedEndpoint:
        """Return a watched endpoint with the settings of another one."""
        watched = cls.__new__(cls)
        watched.__dict__.update(endpoint.__dict__)
        return watched

    async def request(self, *args: Any, **kwargs: Any) -> Any:
        """Call the action server; raise ActionsUnreachable for anything but an answer."""
        kwargs["timeout"] = aiohttp.ClientTimeout(total=LIMIT_SECONDS)
        try:
            answer = await super().request(*args, **kwargs)
        except ClientResponseError as error:
            if error.status == 400:
                raise  # an action that declines to run; Rasa knows what to do
            self._note(kwargs)
            raise ActionsUnreachable(f"status {error.status}") from None
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
            self._note(kwargs)
            raise ActionsUnreachable(type(error).__name__) from None
        if not _answers.is_valid(answer):
            self._note(kwargs)
            raise ActionsUnreachable("not what an action answers")
        return answer

    @staticmethod
    def _note(kwargs: dict[str, Any]) -> None:
        failed = _failed.get()
        if failed is not None:
            failed.append(str((kwargs.get("json") or {}).get("next_action", "")))


def _checked(action: RemoteAction, answer: dict[str, Any]) -> bool:
    return isinstance(action.action_endpoint, WatchedEndpoint) or _check(action, answer)


def spare_second_check() -> None:
    """Keep Rasa from checking again what a watched endpoint has checked; twice is harmless.

    Rasa's check goes through the whole schema of all events anew, which is most of a turn's time.
    """
    RemoteAction._validate_action_result = _checked


@contextlib.contextmanager
def watch() -> Iterator[list[str]]:
    """Give the list in which failures of this task's actions are noted meanwhile."""
    names: list[str] = []
    token = _failed.set(names)
    try:
        yield names
    finally:
        _failed.reset(token)
