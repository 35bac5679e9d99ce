"""The way from Rasa to the action server, with a short limit and a memory of what failed.

Rasa waits 300 s for a silent action server and swallows every failure: the turn goes on as if the
action had nothing to say. Names that failed during a turn are kept here for the turn's answer.
Connections are kept, and the domain is sent only to a server that does not know it yet.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from bot.nlu import action_calls

LIMIT_SECONDS = 6.0
"""Longer than the action server's own limit of five seconds, shorter than the worker's patience."""

KEPT_SECONDS = 30.0
"""An idle connection is given up after this; the action server keeps it longer than that."""

DOMAIN_IS_UNKNOWN = 428
"""Status by which the action server asks for the domain; nothing has run then."""

_whole_call = RemoteAction._action_call_format
_check = RemoteAction._validate_action_result
_failed: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("failed", default=None)


class ActionsUnreachable(aiohttp.ClientError):
    """The action server did not answer, or not well. Holds no text of the answer."""


class WatchedEndpoint(EndpointConfig):
    """An action endpoint that gives up early and notes the names of actions that failed."""

    _kept: tuple[asyncio.AbstractEventLoop, aiohttp.ClientSession] | None = None

    @classmethod
    def around(cls, endpoint: EndpointConfig) -> WatchedEndpoint:
        """Return a watched endpoint with the settings of another one."""
        watched = cls.__new__(cls)
        watched.__dict__.update(endpoint.__dict__)
        return watched

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[aiohttp.ClientSession]:  # type: ignore[override]
        """Give the session whose connections are kept, one for each event loop."""
        loop = asyncio.get_running_loop()
        if self._kept is None or self._kept[0] is not loop or self._kept[1].closed:
            self._kept = loop, aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                auth=aiohttp.BasicAuth(**self.basic_auth) if self.basic_auth else None,
            )
        yield self._kept[1]

    async def close(self) -> None:
        """Close the connections that are kept."""
        if self._kept is not None:
            await self._kept[1].close()

    async def request(self, *args: Any, **kwargs: Any) -> Any:
        """Call the action server; raise ActionsUnreachable for anything but an answer."""
        name = str((kwargs.get("json") or {}).get("next_action", ""))
        until = asyncio.get_running_loop().time() + LIMIT_SECONDS
        try:
            answer = await self._ask(until, *args, **kwargs)
        except ClientResponseError as error:
            if error.status == 400:
                raise  # an action that declines to run; Rasa knows what to do
            _note(name)
            raise ActionsUnreachable(f"status {error.status}") from None
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
            _note(name)
            raise ActionsUnreachable(type(error).__name__) from None
        if not action_calls.is_answer(answer):
            _note(name)
            raise ActionsUnreachable("not what an action answers")
        return answer

    async def _ask(self, until: float, *args: Any, **kwargs: Any) -> Any:
        """Call without the domain, and with it when the server asks for it."""
        body = kwargs.get("json") or {}
        domain = body.get("domain")
        if not isinstance(domain, action_calls.DomainData):
            return await self._send(until, *args, **kwargs)
        named = {**body, "domain_digest": domain.digest}
        kwargs["json"] = {key: value for key, value in named.items() if key != "domain"}
        try:
            return await self._send(until, *args, **kwargs)
        except ClientResponseError as error:
            if error.status != DOMAIN_IS_UNKNOWN:
                raise
        kwargs["json"] = named
        return await self._send(until, *args, **kwargs)

    async def _send(self, until: float, *args: Any, **kwargs: Any) -> Any:
        """Send a call; once more when a connection that was kept turns out to be closed.

        Whether the server had begun with it can not be known. It may begin again: whatever an
        action changes is kept from happening twice by the turn's id, as when the worker asks again.
        """
        kwargs["timeout"] = _left(until)
        try:
            return await super().request(*args, **kwargs)
        except aiohttp.ClientConnectorError:
            raise  # no connection could be made
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            kwargs["timeout"] = _left(until)
            return await super().request(*args, **kwargs)


def _left(until: float) -> aiohttp.ClientTimeout:
    """Return what is left of a call's time; nothing at all would mean without a limit."""
    left = until - asyncio.get_running_loop().time()
    return aiohttp.ClientTimeout(total=max(left, 0.001))


def _note(name: str) -> None:
    failed = _failed.get()
    if failed is not None:
        failed.append(name)


def _call(
    action: RemoteAction, tracker: DialogueStateTracker, domain: Domain
) -> dict[str, Any]:
    if isinstance(action.action_endpoint, WatchedEndpoint):
        return action_calls.call(action.name(), tracker, domain)
    return _whole_call(action, tracker, domain)


def _checked(action: RemoteAction, answer: dict[str, Any]) -> bool:
    return isinstance(action.action_endpoint, WatchedEndpoint) or _check(action, answer)


def install() -> None:
    """Have calls through a watched endpoint put together and checked here; twice is harmless.

    Rasa's own way sends the domain and all events, and goes through the schema of all events anew
    for each answer, which is most of a turn's time.
    """
    RemoteAction._action_call_format = _call
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
