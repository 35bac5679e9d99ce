"""Rasa's door for our worker: four routes and one lock on the whole server.

Rasa listens without authentication unless told otherwise, and its token does not guard channels.
Registered here is a check of `X-Destek-Secret` that comes before every route of the process,
Rasa's own ones included. Bodies and answers are described in docs/architecture.md.

`credentials.yml`: `bot.nlu.channel.DestekInput: {secret: ...}`.
"""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from jsonschema.validators import validator_for  # type: ignore[import-untyped]
from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.core.tracker_store import FailSafeTrackerStore
from rasa.shared.core.events import Event
from rasa.shared.utils.schemas.events import EVENTS_SCHEMA
from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot import garbage
from bot.nlu import quiet
from bot.nlu.endpoint import WatchedEndpoint
from bot.nlu.tracker_store import DestekTrackerStore
from bot.nlu.turns import LOCK_POLL_SECONDS, NotReady, TurnRequest, ready_processor, take_turn

logger = logging.getLogger(__name__)

SECRET_HEADER = "X-Destek-Secret"  # noqa: S105  its name, not a secret
MAX_SENDER = 255
_SESSION_COMMAND = re.compile(r"\s*/(?:restart|back|session_start)\b")
_event_lists = validator_for(EVENTS_SCHEMA)(EVENTS_SCHEMA)

Handler = Callable[[Request], Coroutine[Any, Any, HTTPResponse]]
Guard = Callable[[Request], Coroutine[Any, Any, "HTTPResponse | None"]]


class BadRequest(Exception):
    """The worker sent something that is not in the contract. The message names the field."""


class GuardedBlueprint(Blueprint):
    """A blueprint that brings a check for the whole application along."""

    def __init__(self, name: str, guard: Guard) -> None:
        super().__init__(name)
        self.ctx.guard = guard

    def register(self, app: Sanic, options: dict[str, Any]) -> Any:
        """Register the routes, and the check before every route of the application."""
        app.register_middleware(self.ctx.guard, "request")
        return super().register(app, options)  # type: ignore[no-untyped-call]


class DestekInput(InputChannel):
    """The input channel `destek`. Without a secret it refuses everything."""

    def __init__(self, secret: str = "") -> None:
        self._secret = secret.encode()

    @classmethod
    def name(cls) -> str:
        return "destek"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> DestekInput:
        """Make the channel from its part of credentials.yml."""
        return cls(str((credentials or {}).get("secret") or ""))

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Return the routes; `on_new_message` is unused, it tells nothing of what happened."""
        quiet.install()
        blueprint = GuardedBlueprint("destek_webhook", self._check_secret)
        blueprint.add_route(_guarded(_health), "/health", methods=["GET"], name="health")
        blueprint.add_route(_guarded(_turn), "/turn", methods=["POST"], name="turn")
        blueprint.add_route(_guarded(_events), "/events", methods=["POST"], name="events")
        blueprint.add_route(_guarded(_parse), "/parse", methods=["POST"], name="parse")
        blueprint.listener("after_server_start")(_set_aside)
        blueprint.listener("after_server_stop")(_close_connections)
        return blueprint

    async def _check_secret(self, request: Request) -> HTTPResponse | None:
        given = str(request.headers.get(SECRET_HEADER) or "").encode()
        if self._secret and hmac.compare_digest(given, self._secret):
            return None
        return json({"error": "unauthorized"}, status=401)


def _guarded(handler: Handler) -> Handler:
    """Turn every exception into an honest status, without a word of its message."""

    async def answer(request: Request) -> HTTPResponse:
        try:
            return await handler(request)
        except BadRequest as error:
            return json({"error": "bad request", "detail": str(error)}, status=400)
        except NotReady:
            return json({"error": "not ready"}, status=503)
        except Exception as error:
            logger.error("%s failed: %s", request.path, quiet.place(error))
            return json({"error": type(error).__name__}, status=500)

    return answer


async def _set_aside(_app: Sanic, _loop: Any) -> None:
    """Keep the garbage collector from going through all of Rasa and the model again and again."""
    garbage.settle()


async def _close_connections(app: Sanic, _loop: Any) -> None:
    endpoint = getattr(getattr(app.ctx, "agent", None), "action_endpoint", None)
    if isinstance(endpoint, WatchedEndpoint):
        await endpoint.close()


async def _health(request: Request) -> HTTPResponse:
    agent = _agent(request)
    ready_processor(agent)
    store = agent.tracker_store
    if isinstance(store, FailSafeTrackerStore) or not isinstance(store, DestekTrackerStore):
        # A misspelt store makes Rasa remember in memory only, with no more than a warning.
        return json({"error": "dialogue memory is not durable"}, status=503)
    return json({"status": "ok", "model": agent.model_name, "model_id": agent.model_id})


async def _turn(request: Request) -> HTTPResponse:
    body = _body(request)
    metadata = {} if body.get("metadata") is None else body["metadata"]
    if not isinstance(metadata, dict):
        raise BadRequest("metadata must be an object")
    text = _text(body)
    if _SESSION_COMMAND.match(text):
        # Never stored for a button; a session starts by `new_session` only.
        raise BadRequest("text must not be a command about the session")
    turn = TurnRequest(
        sender=_sender(body),
        text=text,
        new_session=body.get("new_session") is True,
        metadata=metadata,
    )
    return json(await take_turn(_agent(request), turn))


async def _events(request: Request) -> HTTPResponse:
    body = _body(request)
    sender = _sender(body)
    given = body.get("events")
    try:
        _event_lists.validate(given)
        events = [Event.from_parameters(item) for item in given or ()]
    except Exception as error:
        raise BadRequest(f"events: {type(error).__name__}") from None
    agent = _agent(request)
    processor = ready_processor(agent)
    async with agent.lock_store.lock(sender, wait_time_in_seconds=LOCK_POLL_SECONDS):
        tracker = await processor.get_tracker(sender)
        tracker.update_with_events(events, processor.domain)
        await processor.save_tracker(tracker)
    slots = {k: v for k, v in tracker.current_slot_values().items() if v is not None}
    return json({"appended": len(events), "active_loop": tracker.active_loop_name, "slots": slots})


async def _parse(request: Request) -> HTTPResponse:
    body = _body(request)
    processor = ready_processor(_agent(request))
    metadata = {"language": str(body.get("language") or "")}
    return json(await processor.parse_message(UserMessage(_text(body), metadata=metadata)))


def _agent(request: Request) -> Agent:
    agent = getattr(request.app.ctx, "agent", None)
    if agent is None:
        raise NotReady("the agent is not loaded yet")
    return agent


def _body(request: Request) -> dict[str, Any]:
    try:
        body = request.json
    except Exception:
        raise BadRequest("the body is not JSON") from None
    if not isinstance(body, dict):
        raise BadRequest("the body must be an object")
    return body


def _sender(body: dict[str, Any]) -> str:
    sender = body.get("sender")
    if not isinstance(sender, str) or not sender or len(sender) > MAX_SENDER:
        raise BadRequest("sender must be a short text")
    return sender


def _text(body: dict[str, Any]) -> str:
    text = body.get("text")
    if not isinstance(text, str):
        raise BadRequest("text must be a text")
    return text
