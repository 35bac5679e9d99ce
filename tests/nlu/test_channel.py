"""The channel over HTTP: one lock on the whole server, honest statuses, and no words in the log."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from rasa.core.agent import Agent
from rasa.core.channels.channel import register
from rasa.core.tracker_store import InMemoryTrackerStore, TrackerStore
from rasa.server import create_app
from rasa.shared.core.domain import Domain
from rasa.utils.endpoints import EndpointConfig
from sanic import Sanic
from sanic.touchup import TouchUp

from bot.nlu.channel import DestekInput
from bot.nlu.tracker_store import DestekTrackerStore
from tests.nlu.actions import FakeActions

SECRET = {"X-Destek-Secret": "geheim"}
TURN = "/webhooks/destek/turn"
_ports = itertools.count(25431)


class Server:
    """Rasa's whole server with our channel, on loopback, and a client for it."""

    def __init__(self, base: str, session: aiohttp.ClientSession, app: Sanic) -> None:
        self.base, self.session, self.app = base, session, app

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        headers = more.pop("headers", SECRET)
        data = {"data": body} if isinstance(body, (str, bytes)) else {"json": body}
        async with self.session.request(
            method, self.base + path, headers=headers, **(data if body is not None else {})
        ) as response:
            kind = response.content_type
            found = await (response.json() if kind == "application/json" else response.text())
            return response.status, found

    async def turn(self, text: str, turn_id: str = "t1", **more: Any) -> tuple[int, Any]:
        body = {"sender": "c1", "text": text, "metadata": {"turn_id": turn_id, "step": 0}, **more}
        return await self.call("POST", TURN, body)


@pytest.fixture(scope="module")
def rewritten_once() -> Iterator[None]:
    """Let several servers start: Sanic rewrites its own methods at a start, once in a process."""
    original = TouchUp.run
    apps: list[Sanic] = []

    def run(app: Sanic) -> None:
        if not apps:
            original(app)
        apps.append(app)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TouchUp, "run", run)
        yield


@pytest.fixture
def serve(
    model_path: str, actions: FakeActions, tmp_path: Path, rewritten_once: None
) -> Callable[..., Any]:
    """Return a context with a running server; `secret` and the store may be chosen."""

    @contextlib.asynccontextmanager
    async def opened(
        secret: str = "geheim", store: TrackerStore | None = None, loaded: bool = True
    ) -> AsyncIterator[Server]:
        store = store or DestekTrackerStore(Domain.empty(), db=str(tmp_path / "t.sqlite3"))
        Sanic._app_registry.clear()
        async with actions.served() as url:
            app = create_app()
            register([DestekInput.from_credentials({"secret": secret})], app, "/webhooks/")
            app.ctx.agent = None
            if loaded:
                app.ctx.agent = Agent.load(
                    model_path, tracker_store=store, action_endpoint=EndpointConfig(url)
                )
            port = next(_ports)
            server = await app.create_server("127.0.0.1", port, return_asyncio_server=True)
            await server.startup()
            async with aiohttp.ClientSession() as session:
                yield Server(f"http://127.0.0.1:{port}", session, app)
            server.close()
            await server.wait_closed()

    return opened


ROUTES = [
    ("GET", "/"), ("GET", "/version"), ("GET", "/status"), ("POST", "/model/parse"),
    ("PUT", "/model"), ("GET", "/conversations/c1/tracker"), ("GET", "/domain"),
    ("POST", "/conversations/c1/tracker/events"), ("GET", "/webhooks/destek/health"),
    ("POST", TURN), ("POST", "/webhooks/destek/events"), ("POST", "/webhooks/destek/parse"),
    ("GET", "/no/such/route"), ("OPTIONS", "/status"),
]  # fmt: skip


def test_nothing_is_open_without_the_secret(serve: Callable[..., Any]) -> None:
    async def work() -> None:
        async with serve() as server:
            for method, path in ROUTES:
                for headers in ({}, {"X-Destek-Secret": "falsch"}, {"X-Destek-Secret": ""}):
                    answer = await server.call(method, path, headers=headers)
                    assert answer == (401, {"error": "unauthorized"}), (method, path)
            for path in ("/", "/version", "/status", "/webhooks/destek/health"):
                assert (await server.call("GET", path))[0] == 200

    asyncio.run(work())


@pytest.mark.parametrize("secret", ["", None])
def test_without_a_configured_secret_everything_is_refused(
    serve: Callable[..., Any], secret: str
) -> None:
    async def work() -> None:
        async with serve(secret=secret) as server:
            for headers in ({}, {"X-Destek-Secret": ""}, {"X-Destek-Secret": "None"}):
                answer = await server.call("GET", "/webhooks/destek/health", headers=headers)
                assert answer[0] == 401

    asyncio.run(work())


def test_a_turn_and_its_repetition(serve: Callable[..., Any], actions: FakeActions) -> None:
    async def work() -> None:
        async with serve() as server:
            status, first = await server.turn("siparişim nerede", new_session=True)
            assert (status, first["repeated"]) == (200, False)
            assert first["actions"] == ["action_session_start", "action_track"]
            status, again = await server.turn("siparişim nerede", new_session=True)
            assert (status, again["repeated"]) == (200, True)
            assert again["messages"] == first["messages"]
        assert actions.calls == ["action_session_start", "action_track"]

    asyncio.run(work())


def test_events_are_appended(serve: Callable[..., Any]) -> None:
    async def work() -> None:
        async with serve() as server:
            await server.turn("şikayetim var")
            events = [
                {"event": "active_loop", "name": None},
                {"event": "slot", "name": "requested_slot", "value": None},
                {"event": "slot", "name": "topic", "value": "erledigt"},
            ]
            body = {"sender": "c1", "events": events}
            status, answer = await server.call("POST", "/webhooks/destek/events", body)
            assert (status, answer["active_loop"], answer["appended"]) == (200, None, 3)
            status, answer = await server.turn("kargo ücreti ne kadar", "t2")
            assert answer["slots"]["topic"] == "erledigt"
            assert answer["actions"] == ["utter_price"]

    asyncio.run(work())


def test_a_parse_leaves_no_trace(serve: Callable[..., Any]) -> None:
    async def work() -> None:
        async with serve() as server:
            body = {"text": "1024 siparişim nerede", "language": "en"}
            status, result = await server.call("POST", "/webhooks/destek/parse", body)
            assert (status, result["intent"]["name"]) == (200, "track_order")
            assert [i["name"] for i in result["intents"]] == ["track_order"]
            status, result = await server.call("POST", "/model/parse", {"text": "/greet"})
            assert (status, result["intents"]) == (200, [{"name": "greet", "confidence": 1.0}])

    asyncio.run(work())


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (TURN, "no json"), (TURN, b"\xff\xfe"), (TURN, "[]"), (TURN, {}),
        (TURN, {"sender": "c1"}), (TURN, {"sender": "", "text": "a"}),
        (TURN, {"sender": "x" * 256, "text": "a"}), (TURN, {"sender": 7, "text": "a"}),
        (TURN, {"sender": "c1", "text": None}),
        (TURN, {"sender": "c1", "text": "a", "metadata": []}),
        (TURN, {"sender": "c1", "text": "/restart"}), (TURN, {"sender": "c1", "text": " /back"}),
        ("/webhooks/destek/parse", {"text": 1}),
        ("/webhooks/destek/events", {"sender": "c1", "events": "x"}),
        ("/webhooks/destek/events", {"sender": "c1", "events": [{"event": "unheard"}]}),
        ("/webhooks/destek/events", {"sender": "c1", "events": [{"event": "slot"}]}),
    ],
)  # fmt: skip
def test_what_is_not_in_the_contract_is_a_400(
    serve: Callable[..., Any], path: str, body: Any
) -> None:
    async def work() -> None:
        async with serve() as server:
            status, answer = await server.call("POST", path, body)
            assert (status, answer["error"]) == (400, "bad request")

    asyncio.run(work())


def test_health_tells_when_nothing_can_be_answered(serve: Callable[..., Any]) -> None:
    async def work() -> None:
        async with serve(loaded=False) as server:
            assert (await server.call("GET", "/webhooks/destek/health"))[0] == 503
            assert (await server.turn("merhaba"))[0] == 503
        async with serve(store=InMemoryTrackerStore(Domain.empty())) as server:
            status, answer = await server.call("GET", "/webhooks/destek/health")
            assert (status, answer["error"]) == (503, "dialogue memory is not durable")

    asyncio.run(work())


def test_a_broken_memory_is_a_500_and_nothing_is_half_done(
    serve: Callable[..., Any], actions: FakeActions
) -> None:
    async def work() -> None:
        async with serve() as server:
            engine = server.app.ctx.agent.tracker_store.engine
            with engine.begin() as connection:
                connection.exec_driver_sql("ALTER TABLE dialogue_event RENAME TO gone")
            status, answer = await server.turn("siparişim nerede")
            assert (status, answer) == (500, {"error": "OperationalError"})
            with engine.begin() as connection:
                connection.exec_driver_sql("ALTER TABLE gone RENAME TO dialogue_event")
            status, answer = await server.turn("siparişim nerede")
            assert (status, answer["repeated"]) == (200, False)
        assert actions.calls.count("action_track") == 1

    asyncio.run(work())


@pytest.mark.usefixtures("loud_logging")
def test_no_words_are_logged_whatever_happens(
    serve: Callable[..., Any],
    actions: FakeActions,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    actions.replies["action_track"] = lambda _: 500
    words = "siparişim nerede gizlisözcük"

    async def work() -> None:
        async with serve() as server:
            assert (await server.turn("merhaba gizlisözcük", "t0"))[0] == 200
            _, answer = await server.turn(words)
            assert answer["failed_actions"] == ["action_track"]
            await server.turn('/track_order{"order_number": gizlisözcük', "t2")
            engine = server.app.ctx.agent.tracker_store.engine
            with engine.begin() as connection:
                connection.exec_driver_sql("DROP TABLE dialogue_event")
            assert (await server.turn(words, "t3"))[0] == 500

    asyncio.run(work())
    printed = capfd.readouterr()
    logged = caplog.text + printed.out + printed.err
    assert "failed: OperationalError" in logged
    assert "gizlis" not in logged
    assert "customer text" not in logged
