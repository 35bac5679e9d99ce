"""The action server: the SDK's executor behind a secret, on loopback, with a limit for each call.

The SDK's own server listens on every address without authentication, and runs actions inside its
event loop, so that one that hangs stops all others; Rasa then waits 300 s for it. Here each action
runs in a thread, at most `LIMIT` seconds; when the time is over Rasa hears 500 and goes on. A
thread can not be killed: an action that hangs keeps its thread, but no name may hold more than
`PER_ACTION` of them, so that the rest stay for the others. Nothing that a customer wrote is logged.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextvars
import hmac
import inspect
import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException
from sanic import Sanic, response
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse

from bot import config, garbage, logs, wiring

THREADS, PER_ACTION = 32, 24
LIMIT = 5.0  # seconds, waiting for a thread included
DOMAINS = 4  # kept, of the latest models
KEPT_SECONDS = 75  # an idle connection; longer than Rasa keeps it, so that Rasa closes it first
DOMAIN_IS_UNKNOWN = 428
HEADER = "X-Destek-Secret"
log = logs.get("bot.actions_server")
Run = Callable[..., Any]


class ThreadedExecutor(ActionExecutor):  # type: ignore[misc]
    """Registers each action wrapped, so that it runs in a thread within the limit."""

    def __init__(self, limit: float = LIMIT) -> None:
        super().__init__()
        self._limit = limit
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="action")
        self._places: dict[str, asyncio.Semaphore] = {}

    def register_function(self, name: str, f: Run) -> None:
        """Register `f` (three parameters, plain or async) under an action's name."""
        super().register_function(name, f)

        async def bounded(dispatcher: Any, tracker: Any, domain: Any) -> Any:
            return await asyncio.wait_for(
                self._in_thread(name, f, dispatcher, tracker, domain), self._limit
            )

        self.actions[name] = bounded

    async def _in_thread(self, name: str, f: Run, *arguments: Any) -> Any:
        loop = asyncio.get_running_loop()
        place = self._places.setdefault(name, asyncio.Semaphore(PER_ACTION))
        await place.acquire()

        def give_back(_future: Future[Any]) -> None:
            loop.call_soon_threadsafe(place.release)

        # The place is given back when the thread is done, not when we stop waiting for it.
        future = self._pool.submit(contextvars.copy_context().run, _call, f, arguments)
        future.add_done_callback(give_back)
        return await asyncio.wrap_future(future)


class Domains:
    """The domains of the models that call us, by digest; Rasa sends one when we ask for it."""

    def __init__(self) -> None:
        self._known: collections.OrderedDict[str, Any] = collections.OrderedDict()

    def complete(self, call: dict[str, Any]) -> bool:
        """Put the domain into a call that only names it; False when it is not known here."""
        digest = call.get("domain_digest")
        if not isinstance(digest, str):
            return True  # a caller that sends it each time, or none
        if isinstance(call.get("domain"), dict):
            self._known[digest] = call["domain"]
            if len(self._known) > DOMAINS:
                self._known.popitem(last=False)
        if digest in self._known:
            call["domain"] = self._known[digest]
        return "domain" in call


def _call(f: Run, arguments: tuple[Any, ...]) -> Any:
    result = f(*arguments)
    if inspect.isawaitable(result):  # a form's validation is async but calls our services
        async def finish() -> Any:
            return await result

        return asyncio.run(finish())
    return result


def create_app(package: str, secret: str, limit: float = LIMIT) -> Sanic:
    """Return the server for the actions of a package; every route asks for the secret."""
    app = Sanic("destek_actions", configure_logging=False)
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = 1.0  # Rasa's idle connection is no reason to wait
    app.config.KEEP_ALIVE_TIMEOUT = KEPT_SECONDS
    executor, domains = ThreadedExecutor(limit), Domains()
    executor.register_package(package)
    expected = secret.encode()

    @app.middleware("request")
    async def check_secret(request: Request) -> HTTPResponse | None:
        given = request.headers.get(HEADER, "").encode(errors="replace")
        if hmac.compare_digest(given, expected):
            return None
        return response.json({"error": "unauthorized"}, status=401)

    @app.get("/health")
    async def health(_request: Request) -> HTTPResponse:
        return response.json({"status": "ok"})

    @app.get("/actions")
    async def actions(_request: Request) -> HTTPResponse:
        return response.json([{"name": name} for name in executor.actions])

    @app.post("/webhook")
    async def webhook(request: Request) -> HTTPResponse:
        call = request.json
        if not isinstance(call, dict) or not isinstance(call.get("tracker"), dict):
            return response.json({"error": "a tracker and next_action are needed"}, status=400)
        if not domains.complete(call):
            return response.json({"error": "domain"}, status=DOMAIN_IS_UNKNOWN)
        name = str(call.get("next_action"))
        with logs.context(conversation_id=call["tracker"].get("sender_id")):
            return await _run(executor, name, call)

    @app.exception(Exception)
    async def failed(_request: Request, error: Exception) -> HTTPResponse:
        if isinstance(error, SanicException):
            return response.json({"error": type(error).__name__}, status=error.status_code)
        log.error("request failed", exc_info=error)
        return response.json({"error": type(error).__name__}, status=500)

    return app


async def _run(executor: ThreadedExecutor, name: str, call: dict[str, Any]) -> HTTPResponse:
    try:
        return response.json(await executor.run(call))
    except ActionExecutionRejection as error:
        return response.json({"error": error.message, "action_name": error.action_name}, status=400)
    except ActionNotFoundException as error:
        log.error("action is not known", action=name)
        return response.json({"error": error.message, "action_name": name}, status=404)
    except asyncio.TimeoutError:
        log.error("action took too long", action=name)
        return response.json({"error": "time limit", "action_name": name}, status=500)
    except Exception as error:
        log.error("action failed", action=name, exc_info=error)
        return response.json({"error": type(error).__name__, "action_name": name}, status=500)


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m bot.actions_server", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    parser.add_argument("--actions", default="actions", help="package to load (default: actions)")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds an action may take")
    options = parser.parse_args(arguments)
    settings = config.load()
    wiring.wire("actions")
    app = create_app(options.actions, settings.internal_secret, options.limit)
    log.info("action server is ready", port=options.port)
    garbage.settle()
    app.run("127.0.0.1", options.port, access_log=False, motd=False, workers=1)
    # Threads of actions that hang would keep the process from ending.
    os._exit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    main()
