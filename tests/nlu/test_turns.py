"""A turn inside Rasa: taken once, whole or not at all."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.shared.core.domain import Domain
from rasa.utils.endpoints import EndpointConfig

from bot.nlu import endpoint
from bot.nlu.tracker_store import DestekTrackerStore
from bot.nlu.turns import NotReady, TurnRequest, take_turn
from tests.nlu.actions import FakeActions, done

Ask = Callable[..., Coroutine[Any, Any, dict[str, Any]]]
Brain = Callable[[], "contextlib.AbstractAsyncContextManager[Ask]"]


@pytest.fixture
def brain(model_path: str, actions: FakeActions, tmp_path: Path) -> Brain:
    """Return a context in which turns can be taken, as after a start of Rasa."""

    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[Ask]:
        store = DestekTrackerStore(Domain.empty(), db=str(tmp_path / "t.sqlite3"))
        async with actions.served() as url:
            agent = Agent.load(model_path, tracker_store=store, action_endpoint=EndpointConfig(url))

            async def ask(text: str, turn: str, step: int = 0, **more: Any) -> dict[str, Any]:
                metadata = {"turn_id": turn, "step": step, "language": "tr"}
                metadata.update(more.pop("metadata", {}))
                request = TurnRequest(
                    more.pop("sender", "c1"), text, more.pop("new_session", False), metadata
                )
                return await take_turn(agent, request)

            yield ask
            await agent.processor.action_endpoint.close()
        store.engine.dispose()

    return opened


def said(answer: dict[str, Any]) -> list[str]:
    return [m["text"] for m in answer["messages"] if m.get("text")]


def test_an_answer_names_everything(brain: Brain) -> None:
    async def work() -> None:
        async with brain() as ask:
            answer = await ask("selam 1024 siparişim nerede", "t1", metadata={"language": "en"})
        assert said(answer) == ["said by action_track"]
        assert {"custom": {"destek": {"done": "action_track"}}} in answer["messages"]
        assert answer["intent"]["name"] == "track_order"
        assert [i["name"] for i in answer["intents"]] == ["track_order"]
        assert len(answer["intent_ranking"]) == 10
        assert answer["language"] == "tr"
        assert answer["slots"] == {"language": "tr", "order_number": "1024"}
        assert answer["actions"] == ["action_session_start", "action_track"]
        assert answer["failed_actions"] == []
        assert (answer["active_loop"], answer["requested_slot"]) == (None, None)
        assert answer["repeated"] is False

    asyncio.run(work())


def test_a_message_stays_whole_with_its_choices(brain: Brain) -> None:
    async def work() -> None:
        async with brain() as ask:
            answer = await ask("merhaba", "t1")
        [message] = [m for m in answer["messages"] if m.get("text")]
        assert message["text"] == "Merhaba, buradayım.\n\nNasıl yardımcı olayım?"
        assert message["buttons"] == [{"title": "Sipariş", "payload": "/track_order"}]
        assert message["response"] == "utter_hello"

    asyncio.run(work())


def test_the_same_turn_is_answered_once(brain: Brain, actions: FakeActions) -> None:
    async def work() -> None:
        async with brain() as ask:
            first = await ask("siparişim nerede", "t1")
            again = await ask("siparişim nerede", "t1")
        assert actions.calls.count("action_track") == 1
        assert again.pop("repeated") is True
        assert first.pop("repeated") is False
        assert again == first

    asyncio.run(work())


def test_repetitions_at_once_run_once(brain: Brain, actions: FakeActions) -> None:
    async def slow(_: Any) -> dict[str, Any]:
        await asyncio.sleep(0.2)
        return done("action_track", {"text": "burada"})

    actions.replies["action_track"] = slow

    async def work() -> None:
        async with brain() as ask:
            answers = await asyncio.gather(*(ask("kargom nerede kaldı", "t1") for _ in range(4)))
        assert actions.calls.count("action_track") == 1
        assert sorted(a["repeated"] for a in answers) == [False, True, True, True]
        assert all(said(a) == ["burada"] for a in answers)

    asyncio.run(work())


def test_a_repetition_is_known_after_a_restart_and_later_turns(
    brain: Brain, actions: FakeActions
) -> None:
    async def work() -> None:
        async with brain() as ask:
            await ask("siparişim nerede", "t1")
            await ask("kargo ücreti ne kadar", "t2")
        async with brain() as ask:
            assert said(await ask("siparişim nerede", "t1")) == ["said by action_track"]
            assert said(await ask("kargo ücreti ne kadar", "t2")) == ["Kargo 49 TL."]
            other = await ask("siparişim nerede", "t3")
        assert other["repeated"] is False
        assert actions.calls.count("action_track") == 2

    asyncio.run(work())


def test_steps_of_a_turn_are_told_apart(brain: Brain, actions: FakeActions) -> None:
    async def work() -> None:
        async with brain() as ask:
            first = await ask("siparişim nerede", "t1", 0)
            second = await ask("/shipping_info", "t1", 1)
            assert said(second) == ["Kargo 49 TL."]
            assert second["intents"] == [{"name": "shipping_info", "confidence": 1.0}]
            again = await ask("siparişim nerede", "t1", 0)
        assert said(again) == said(first) == ["said by action_track"]

    asyncio.run(work())


def test_a_repeated_step_knows_nothing_of_the_steps_after_it(brain: Brain) -> None:
    """Else the worker would take the form that the next step opened for one of this step."""

    async def work() -> None:
        async with brain() as ask:
            first = await ask("kargo ücreti ne kadar", "t1", 0)
            form = await ask("/complaint", "t1", 1)
            again = await ask("kargo ücreti ne kadar", "t1", 0)
            form_again = await ask("/complaint", "t1", 1)
        assert (first["active_loop"], form["active_loop"]) == (None, "case_form")
        assert again == {**first, "repeated": True}
        assert form_again == {**form, "repeated": True}

    asyncio.run(work())


def test_a_message_without_turn_is_never_a_repetition(brain: Brain) -> None:
    async def work() -> None:
        async with brain() as ask:
            await ask("kargo ücreti ne kadar", "")
            assert (await ask("kargo ücreti ne kadar", ""))["repeated"] is False

    asyncio.run(work())


def test_a_failed_action_is_named_and_the_turn_can_be_tried_again(
    brain: Brain, actions: FakeActions
) -> None:
    async def work() -> None:
        async with brain() as ask:
            await ask("merhaba", "t0")
            broken = {**done("action_track"), "events": [{"event": "slot"}]}
            for reply in (500, {"events": [], "responses": []}, broken):
                actions.replies["action_track"] = lambda _, reply=reply: reply
                answer = await ask("siparişim nerede 1024", "t1")
                assert answer["failed_actions"] == ["action_track"]
                assert answer["repeated"] is False
            del actions.replies["action_track"]
            answer = await ask("siparişim nerede 1024", "t1")
            assert answer["failed_actions"] == []
            assert said(answer) == ["said by action_track"]
            # What failed has left nothing behind.
            texts = [
                e["text"] for e in actions.bodies[-1]["tracker"]["events"] if e["event"] == "user"
            ]
            assert texts == ["merhaba", "siparişim nerede 1024"]

    asyncio.run(work())


def test_a_silent_action_server_is_not_waited_for(
    brain: Brain, actions: FakeActions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "LIMIT_SECONDS", 0.2)

    async def never(_: Any) -> dict[str, Any]:
        await asyncio.sleep(30)
        return {}

    actions.replies["action_slow"] = never

    async def work() -> None:
        async with brain() as ask:
            begun = asyncio.get_running_loop().time()
            slow, quick = await asyncio.gather(
                ask("temsilciye bağlanmak istiyorum", "t1"),
                ask("kargo ücreti ne kadar", "t2", sender="c2"),
            )
            assert asyncio.get_running_loop().time() - begun < 3
            assert slow["failed_actions"] == ["action_slow"]
            assert said(quick) == ["Kargo 49 TL."]

    # Not asyncio.run: the server's own shutdown would wait for the action that hangs.
    asyncio.run(asyncio.wait_for(work(), 20))


def test_a_new_session_starts_once_and_forgets(brain: Brain, actions: FakeActions) -> None:
    actions.replies["action_session_start"] = lambda _: done(
        "action_session_start",
        {"text": "Kaldığımız yerden devam edelim mi?"},
        events=[{"event": "session_started"}, {"event": "action", "name": "action_listen"}],
    )

    async def work() -> None:
        async with brain() as ask:
            await ask("şikayetim var 1024", "t1")
            answer = await ask("kargo ücreti ne kadar", "t2", new_session=True)
            assert said(answer) == ["Kaldığımız yerden devam edelim mi?", "Kargo 49 TL."]
            assert answer["active_loop"] is None
            assert "order_number" not in answer["slots"]
            again = await ask("kargo ücreti ne kadar", "t2", new_session=True)
        assert said(again) == said(answer)
        assert again["repeated"] is True
        assert actions.calls == ["action_session_start"] * 2
        started = actions.bodies[-1]["tracker"]["slots"]["session_started_metadata"]
        assert (started["turn_id"], started["language"]) == ("t2", "tr")

    asyncio.run(work())


def test_a_failed_session_start_does_not_carry_the_old_session_on(
    brain: Brain, actions: FakeActions
) -> None:
    async def work() -> None:
        async with brain() as ask:
            await ask("şikayetim var 1024", "t1")
            working = actions.replies.pop("action_session_start")
            actions.replies["action_session_start"] = lambda _: 500
            answer = await ask("kargo ücreti ne kadar", "t2", new_session=True)
            assert answer["failed_actions"] == ["action_session_start"]
            assert "order_number" not in answer["slots"]
            assert answer["active_loop"] is None
            actions.replies["action_session_start"] = working
            answer = await ask("kargo ücreti ne kadar", "t2", new_session=True)
            assert (answer["failed_actions"], answer["active_loop"]) == ([], None)

    asyncio.run(work())


def test_a_session_without_a_left_case_starts_without_asking(
    brain: Brain, actions: FakeActions
) -> None:
    fresh = {"left_case": False, "language": "en"}

    async def work() -> None:
        async with brain() as ask:
            await ask("şikayetim var 1024", "t1", metadata=fresh)
            assert "action_session_start" not in actions.calls
            answer = await ask("siparişim nerede", "t2", new_session=True, metadata=fresh)
            again = await ask("siparişim nerede", "t2", new_session=True, metadata=fresh)
            assert "action_session_start" not in actions.calls
            # Who may have left one is asked about, and so is who speaks an unknown language.
            await ask("siparişim nerede", "t3", new_session=True, metadata={"left_case": True})
            await ask("siparişim nerede", "t4", new_session=True)
            await ask("siparişim nerede", "t5", new_session=True, metadata={**fresh, "language": ""})
            assert actions.calls.count("action_session_start") == 3
        assert answer["actions"] == ["action_session_start", "action_track"]
        assert answer["failed_actions"] == []
        assert (answer["active_loop"], answer["slots"]) == (None, {"language": "tr"})
        assert again == {**answer, "repeated": True}

    asyncio.run(work())


def test_a_plain_start_leaves_what_the_action_would_leave(
    brain: Brain, actions: FakeActions
) -> None:
    actions.replies["action_session_start"] = lambda _: done(
        "action_session_start",
        events=[
            {"event": "session_started"}, {"event": "slot", "name": "language", "value": "en"},
            {"event": "action", "name": "action_listen"},
        ],
    )  # fmt: skip

    async def work() -> None:
        async with brain() as ask:
            plain = {"left_case": False, "language": "en"}
            asked = await ask("1024", "t1", sender="c1", metadata={"language": "en"})
            spared = await ask("1024", "t1", sender="c2", metadata=plain)
            assert spared == {**asked, "messages": asked["messages"][1:]}  # the mark of its end
            for sender in ("c1", "c2"):
                await ask("siparişim nerede", "t2", sender=sender)
            first, second = (body["tracker"] for body in actions.bodies[-2:])
            for tracker in (first, second):
                for name in ("sender_id", "latest_event_time", "latest_message", "events"):
                    del tracker[name]
            assert first == second

    asyncio.run(work())


def test_a_form_stays_open_over_a_long_dialogue(brain: Brain) -> None:
    async def work() -> None:
        async with brain() as ask:
            answer = await ask("şikayetim var", "t0")
            assert (answer["active_loop"], answer["requested_slot"]) == ("case_form", "topic")
            answer = await ask("kırık geldi bardak", "t1")
            assert answer["requested_slot"] == "detail"
            for number in range(40):
                text = "/shipping_info{}" if number % 2 else "/greet"
                await ask(text, f"u{number}")
            answer = await ask("kenarı çatlamıştı gördüm", "t2")
        assert said(answer)[-1] == "Aldım: kırık geldi bardak"
        assert answer["active_loop"] is None

    asyncio.run(work())


def test_a_response_may_be_worded_for_the_channel(brain: Brain) -> None:
    async def work() -> None:
        async with brain() as ask:
            plain = await ask("teşekkürler", "t1")
            other = await ask("teşekkürler", "t2", metadata={"channel": "email"})
        assert (said(plain), said(other)) == (["Rica ederim."], ["Saygılarımızla."])

    asyncio.run(work())


def test_without_a_model_nothing_is_answered() -> None:
    with pytest.raises(NotReady):
        asyncio.run(take_turn(Agent(), TurnRequest("c1", "merhaba", False, {})))
