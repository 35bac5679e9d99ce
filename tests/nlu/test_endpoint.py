"""The way to the action server: what goes along, what counts as an answer, kept connections."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import validate  # type: ignore[import-untyped]
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)

from bot.nlu import action_calls
from bot.nlu.action_calls import DomainData, is_answer, told
from bot.nlu.endpoint import ActionsUnreachable, WatchedEndpoint, watch
from tests.nlu.actions import FakeActions, done

OTHERS = ({"event": "session_started"}, {"event": "reset_slots", "timestamp": None})


def domain(name: str) -> DomainData:
    data = DomainData({"responses": {name: [{"text": name}]}})
    data.digest = f"digest of {name}"
    return data


def ask(endpoint: WatchedEndpoint, data: DomainData | None = None, name: str = "action_x") -> Any:
    body = {"next_action": name, "tracker": {}, **({"domain": data} if data is not None else {})}
    return endpoint.request(json=body, method="post", timeout=300, compress=False)


class Forgetful(FakeActions):
    """Wants to see a domain once, as our action server does, and can forget it."""

    def __init__(self) -> None:
        super().__init__()
        self.known: set[str] = set()
        self.replies["action_x"] = self._needs_domain

    def _needs_domain(self, body: dict[str, Any]) -> Any:
        if "domain" in body:
            self.known.add(body["domain_digest"])
        return done("action_x") if body["domain_digest"] in self.known else 428


def test_the_domain_is_sent_to_who_does_not_know_it() -> None:
    server = Forgetful()

    async def work() -> None:
        async with server.served() as url:
            endpoint, one, other = WatchedEndpoint(url), domain("one"), domain("other")
            with watch() as failed:
                for data in (one, one, other, one):
                    assert await ask(endpoint, data) == done("action_x")
                server.known.clear()  # a new process
                assert await ask(endpoint, one) == done("action_x")
            await endpoint.close()
        assert failed == []
        sent = [(b.get("domain") or {}).get("responses") for b in server.bodies]
        assert [s and next(iter(s)) for s in sent] == [
            None, "one", None, None, "other", None, None, "one",
        ]
        assert all(b["domain_digest"] for b in server.bodies)

    asyncio.run(work())


def test_a_changed_domain_has_another_digest() -> None:
    first, second = Domain.from_dict({"intents": ["a"]}), Domain.from_dict({"intents": ["b"]})
    digests = [action_calls.domain_data(d).digest for d in (first, second, first)]
    assert len(digests[0]) == 64
    assert digests[0] == digests[2] != digests[1]
    assert action_calls.domain_data(first)["intents"] == first.as_dict()["intents"]


class Raw:
    """A server that answers as many calls of a connection as it is told, and then hangs up."""

    def __init__(self, calls: Callable[[int], int]) -> None:
        self._calls = calls
        self.connections = 0
        self.heard = 0

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/webhook"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        left = self._calls(self.connections)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1]) for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                )
                await reader.readexactly(length)
                self.heard += 1
                if left <= 0:
                    break
                left -= 1
                body = b'{"events": [], "responses": []}'
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                    + str(len(body)).encode() + b"\r\n\r\n" + body
                )
                await writer.drain()
        writer.close()


def talk(server: Raw, times: int) -> list[str]:
    """Call so often; return the names of actions that failed."""

    async def work() -> list[str]:
        async with server.served() as url:
            endpoint = WatchedEndpoint(url)
            with watch() as failed:
                for _ in range(times):
                    with contextlib.suppress(ActionsUnreachable):
                        await ask(endpoint)
            await endpoint.close()
        return failed

    return asyncio.run(asyncio.wait_for(work(), 20))


def test_one_connection_serves_many_calls() -> None:
    server = Raw(lambda _: 1000)
    assert talk(server, 20) == []
    assert (server.connections, server.heard) == (1, 20)


def test_a_kept_connection_that_is_closed_meanwhile_fails_no_call() -> None:
    server = Raw(lambda _: 3)  # each connection hangs up on the fourth call, unanswered
    assert talk(server, 10) == []
    assert server.connections == 4


def test_a_server_that_always_hangs_up_is_not_asked_for_ever() -> None:
    server = Raw(lambda _: 0)
    assert talk(server, 1) == ["action_x"]
    assert server.heard == 2


def test_nobody_there_is_an_error_and_a_restart_is_none() -> None:
    async def work() -> None:
        actions = FakeActions()
        async with actions.served() as url:
            endpoint = WatchedEndpoint(url)
            await ask(endpoint)
            port = int(url.split(":")[2].split("/")[0])
        with watch() as failed, pytest.raises(ActionsUnreachable):
            await ask(endpoint)
        assert failed == ["action_x"]
        server = await asyncio.start_server(Raw(lambda _: 9)._serve, "127.0.0.1", port)
        async with server:
            assert await ask(endpoint) == {"events": [], "responses": []}
        await endpoint.close()

    asyncio.run(asyncio.wait_for(work(), 20))


GARBAGE: tuple[Any, ...] = (
    None, [], "text", 7, {}, {"events": []}, {"responses": []},
    {"events": {}, "responses": []}, {"events": [], "responses": {}},
    {"events": [], "responses": ["text"]}, {"events": [], "responses": [None]},
    {"events": ["slot"], "responses": []}, {"events": [{}], "responses": []},
    {"events": [{"event": None}], "responses": []},
    {"events": [{"event": []}], "responses": []},
    {"events": [{"event": "no_such_event"}], "responses": []},
    {"events": [{"event": "slot"}], "responses": []},
    {"events": [{"event": "slot", "name": "x"}], "responses": []},
    {"events": [{"event": "slot", "name": 1, "value": 1}], "responses": []},
    {"events": [{"event": "slot", "name": "x", "value": 1, "timestamp": "now"}], "responses": []},
    {"events": [{"event": "slot", "name": "x", "value": 1, "metadata": 3}], "responses": []},
    {"events": [{"event": "followup", "name": 3}], "responses": []},
    {"events": [{"event": "active_loop", "name": {}}], "responses": []},
    {"events": [{"event": "action", "name": 3}], "responses": []},
    {"events": [{"event": "user", "text": 3}], "responses": []},
    {"events": [{"event": "entities"}], "responses": []},
)  # fmt: skip


@pytest.mark.parametrize("garbage", GARBAGE, ids=repr)
def test_garbage_is_no_answer(garbage: Any) -> None:
    actions = FakeActions()
    actions.replies["action_x"] = lambda _: garbage

    async def work() -> None:
        async with actions.served() as url:
            endpoint = WatchedEndpoint(url)
            with watch() as failed, pytest.raises(ActionsUnreachable):
                await ask(endpoint)
            await endpoint.close()
        assert failed == ["action_x"]

    asyncio.run(work())


_values = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3),
                    st.just([]), st.just({}))  # fmt: skip
_kinds = ["slot", "followup", "active_loop", "action", "session_started", "user", "bot", "pause",
          "action_execution_rejected", "entities", "nothing"]  # fmt: skip
_events = st.fixed_dictionaries(
    {"event": st.one_of(st.sampled_from(_kinds), _values)},
    optional=dict.fromkeys(("name", "value", "timestamp", "metadata", "text", "policy"), _values),
)


@given(st.lists(_events, max_size=3))
@example([{"event": "user"}])
@settings(max_examples=300)
def test_what_is_taken_for_an_answer_is_one_by_rasas_own_schema(events: list[Any]) -> None:
    answer = {"events": events, "responses": [{"text": "x"}]}
    if is_answer(answer):
        validate(answer, RemoteAction.action_response_format_spec())
        for event in events:
            Event.from_parameters(event)


@pytest.mark.parametrize(
    "event",
    [{"event": "slot", "timestamp": 1.5, "name": "x", "value": {"deep": [1]}},
     {"event": "slot", "timestamp": None, "name": "x", "value": None},
     {"event": "slot", "name": "x", "value": None, "metadata": {"a": 1}},
     {"event": "followup", "timestamp": None, "name": "action_listen"},
     {"event": "active_loop", "name": None, "timestamp": None},
     {"event": "action", "name": "action_listen", "policy": None, "confidence": None,
      "timestamp": None, "hide_rule_turn": False},
     {"event": "bot", "text": "x", "data": {}, "metadata": {}, "timestamp": 3},
     *OTHERS],
    ids=repr,
)  # fmt: skip
def test_what_the_sdk_sends_is_an_answer(event: dict[str, Any]) -> None:
    assert is_answer({"events": [event], "responses": []})


def said(text: str, **metadata: Any) -> UserUttered:
    entities = [{"entity": "order_number", "value": "1024"}]
    ranking = [{"name": f"intent_{n}", "confidence": 0.1} for n in range(10)]
    parsed: Any = {"intent": {"name": "greet"}, "entities": entities, "intent_ranking": ranking}
    return UserUttered(text, parsed["intent"], entities, parsed, metadata=metadata)


def test_an_action_is_told_of_the_present_in_full_and_of_the_past_what_was_said() -> None:
    dialogue: list[Event] = [
        SessionStarted(), ActionExecuted("action_listen"),
        said("birinci", turn_id="t1"), SlotSet("order_number", "1024"), ActionExecuted("action_x"),
        BotUttered("cevap"), ActionExecuted("action_listen"),
        said("ikinci", turn_id="t2", shop_time="2026-11-24T08:00:00+00:00"),
        SlotSet("case_details", "kırık"), ActionExecuted("case_form"),
        SlotSet("case_details", "kırık geldi"),
    ]  # fmt: skip
    events = told(dialogue)
    assert [e["event"] for e in events] == [
        "session_started", "user", "user", "slot", "action", "slot",
    ]
    first, second = events[1], events[2]
    assert (first["text"], first["metadata"]) == ("birinci", {"turn_id": "t1"})
    # Whether the customer named an order in this talk decides about a cancellation.
    assert first["parse_data"]["entities"][0]["value"] == "1024"
    assert second == dialogue[7].as_dict()
    assert len(second["parse_data"]["intent_ranking"]) == 10
    assert events[-1]["value"] == "kırık geldi"
    assert told([]) == []
    assert [e["event"] for e in told(dialogue[:2])] == ["session_started", "action"]
