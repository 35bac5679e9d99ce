"""Dialogue memory: bounded reads that lose no state, honest errors, nothing stored twice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from rasa.core.agent import Agent
from rasa.core.tracker_store import FailSafeTrackerStore, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    ConversationPaused,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.nlu.tracker_store import MAX_EVENTS, DestekTrackerStore

DOMAIN = Domain.load(str(Path(__file__).parent / "brain" / "domain.yml"))
LISTEN = "action_listen"


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def opened(address: str) -> DestekTrackerStore:
    if "://" in address:
        return DestekTrackerStore(DOMAIN, host=address)
    return DestekTrackerStore(DOMAIN, db=address)


def turn(number: int, *events: Event, text: str = "bir şey") -> list[Event]:
    said = UserUttered(f"{text} {number}", {"name": "greet", "confidence": 1.0}, metadata={})
    return [said, *events, BotUttered(f"cevap {number}"), ActionExecuted(LISTEN)]


def take(store: DestekTrackerStore, sender: str, events: list[Event]) -> DialogueStateTracker:
    """Do as the processor does: read, add, save."""

    async def work() -> DialogueStateTracker:
        tracker = await store.get_or_create_tracker(sender, append_action_listen=False)
        tracker.update_with_events(events, DOMAIN)
        await store.save(tracker)
        return tracker

    tracker: DialogueStateTracker = run(work())
    return tracker


def read(store: DestekTrackerStore, sender: str, full: bool = False) -> DialogueStateTracker:
    work = store.retrieve_full_tracker(sender) if full else store.retrieve(sender)
    tracker: DialogueStateTracker = run(work)
    assert tracker is not None
    return tracker


def state(tracker: DialogueStateTracker) -> dict[str, Any]:
    return {
        "slots": tracker.current_slot_values(),
        "loop": tracker.active_loop_name,
        "rejected": tracker.is_active_loop_rejected,
        "paused": tracker.is_paused(),
        "latest_action": tracker.latest_action_name,
        "followup": tracker.followup_action,
        "said": tracker.latest_message.text if tracker.latest_message else None,
        "answered": tracker.latest_bot_utterance.text if tracker.latest_bot_utterance else None,
    }


def start() -> list[Event]:
    return [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted(LISTEN)]


def long_dialogue(turns: int) -> list[list[Event]]:
    """Give a form that opens early and stays open, slots set early, once, and again."""
    dialogue = [
        start(),
        turn(0, SlotSet("order_number", "1024"), SlotSet("language", "en")),
        turn(1, ActionExecuted("case_form"), ActiveLoop("case_form"),
             SlotSet("requested_slot", "topic")),
    ]  # fmt: skip
    for number in range(2, turns):
        extra: list[Event] = [ActionExecuted("utter_price")]
        if number == 7:
            extra = [ActionExecutionRejected("case_form"), ActionExecuted("utter_price")]
        if number == 50:
            extra = [ActionExecuted("case_form"), SlotSet("topic", "kırık"),
                     SlotSet("requested_slot", "detail")]  # fmt: skip
        dialogue.append(turn(number, *extra))
    return dialogue


def test_after_300_messages_the_state_is_that_of_all_events(address: str) -> None:
    store = opened(address)
    whole = DialogueStateTracker("c1", DOMAIN.slots)
    most = 0
    for number, events in enumerate(long_dialogue(320)):
        take(store, "c1", events)
        whole.update_with_events(events, DOMAIN)
        if number % 10 == 0 or number > 300:
            tracker = read(store, "c1")
            assert state(tracker) == state(whole), number
            most = max(most, sum(1 for e in tracker.events if isinstance(e, UserUttered)))
            assert len(tracker.events) <= MAX_EVENTS + 8  # the condensed ones come on top
    assert state(read(store, "c1", full=True)) == state(whole)
    assert whole.active_loop_name == "case_form"
    assert len(whole.events) > 1000
    assert 15 <= most <= 25
    store.engine.dispose()


def test_the_form_goes_on_where_it_was_after_the_cut(address: str) -> None:
    store = opened(address)
    for events in long_dialogue(60):
        take(store, "c1", events)
    closing: list[Event] = [
        ActionExecuted("case_form"), SlotSet("detail", "köşesi"), ActiveLoop(None),
        SlotSet("requested_slot", None), SlotSet("order_number", None),
    ]  # fmt: skip
    take(store, "c1", turn(999, *closing))
    for number in range(35):
        take(store, "c1", turn(number))
    slots = read(store, "c1").current_slot_values()
    assert read(store, "c1").active_loop_name is None
    assert (slots["topic"], slots["detail"], slots["order_number"]) == ("kırık", "köşesi", None)
    store.engine.dispose()


def test_a_new_session_forgets_the_old_one(address: str) -> None:
    store = opened(address)
    for events in long_dialogue(30):
        take(store, "c1", events)
    take(store, "c1", [*start(), *turn(1)])
    tracker = read(store, "c1")
    assert tracker.active_loop_name is None
    assert tracker.get_slot("order_number") is None
    assert [e.text for e in tracker.events if isinstance(e, UserUttered)] == ["bir şey 1"]
    texts = [e.text for e in read(store, "c1", full=True).events if isinstance(e, UserUttered)]
    assert len(texts) > 10  # the events of earlier sessions are still there to look into
    for number in range(35):
        take(store, "c1", turn(number))
    assert read(store, "c1").get_slot("order_number") is None
    store.engine.dispose()


def test_a_paused_conversation_stays_paused(address: str) -> None:
    store = opened(address)
    take(store, "c1", [*start(), *turn(0, ConversationPaused())])
    for number in range(35):
        take(store, "c1", turn(number))
    assert read(store, "c1").is_paused()
    store.engine.dispose()


def test_turns_that_never_listen_are_read_whole_rather_than_cut_blind(address: str) -> None:
    store = opened(address)
    take(store, "c1", [*start(), *turn(0, SlotSet("order_number", "1024"))])
    for number in range(40):
        take(store, "c1", turn(number)[:-1])
    assert read(store, "c1").get_slot("order_number") == "1024"
    store.engine.dispose()


def test_events_are_stored_once_and_in_order(address: str) -> None:
    store = opened(address)
    take(store, "c1", start())
    tracker = take(store, "c1", turn(1))
    run(store.save(tracker))
    run(store.save(read(store, "c1")))
    with store.engine.connect() as connection:
        kinds = connection.execute(
            sa.text("SELECT type_name FROM dialogue_event WHERE sender_id = 'c1' ORDER BY id")
        ).scalars()
        expected = ["action", "session_started", "action", "user", "bot", "action"]
        assert list(kinds) == expected
    assert set(run(store.keys())) == {"c1"}
    assert run(store.retrieve("nobody")) is None
    store.engine.dispose()


def test_a_second_process_sees_what_the_first_wrote(address: str) -> None:
    first, second = opened(address), opened(address)
    take(first, "c1", [*start(), *turn(1, SlotSet("order_number", "7"))])
    assert read(second, "c1").get_slot("order_number") == "7"
    first.engine.dispose()
    second.engine.dispose()


def test_an_agent_does_not_hide_the_errors_of_the_store(address: str) -> None:
    store = opened(address)
    agent = Agent(domain=DOMAIN, tracker_store=store)
    assert agent.tracker_store is store
    assert isinstance(Agent(domain=DOMAIN).tracker_store, FailSafeTrackerStore)
    tracker = take(store, "c1", start())
    with store.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE dialogue_event"))
    with pytest.raises(sa.exc.DatabaseError):
        run(agent.tracker_store.retrieve("c1"))
    tracker.update_with_events(turn(1), DOMAIN)
    with pytest.raises(sa.exc.DatabaseError):
        run(agent.tracker_store.save(tracker))
    store.engine.dispose()


def test_a_failed_save_is_made_up_for_by_the_next(address: str) -> None:
    store = opened(address)
    tracker = take(store, "c1", start())
    tracker.update_with_events(turn(1), DOMAIN)
    with store.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE dialogue_snapshot RENAME TO gone"))
    with pytest.raises(sa.exc.DatabaseError):
        run(store.save(tracker))
    with store.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE gone RENAME TO dialogue_snapshot"))
    assert not [e for e in read(store, "c1").events if isinstance(e, UserUttered)]
    run(store.save(tracker))
    assert len([e for e in read(store, "c1").events if isinstance(e, UserUttered)]) == 1
    store.engine.dispose()


def test_the_endpoints_file_makes_this_store(address: str) -> None:
    where = {"url": address} if "://" in address else {"db": address}
    config = EndpointConfig(**where, type="bot.nlu.tracker_store.DestekTrackerStore")
    store = TrackerStore.create(config, DOMAIN)
    assert isinstance(store, DestekTrackerStore)
    take(store, "c1", start())
    assert isinstance(opened(address), DestekTrackerStore)
    assert read(opened(address), "c1").events
    store.engine.dispose()


def test_a_database_that_can_not_be_opened_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder, and not a database")
    with pytest.raises((OSError, sa.exc.DatabaseError)):
        DestekTrackerStore(DOMAIN, db=str(tmp_path / "file"))


def test_sqlite_waits_for_another_writer(tmp_path: Path) -> None:
    store = opened(str(tmp_path / "t.sqlite3"))
    with store.engine.connect() as connection:
        settings = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "busy_timeout", "synchronous")
        ]
    assert settings == ["wal", 10000, 1]

    async def work() -> None:
        trackers = [await store.get_or_create_tracker(f"c{n}") for n in range(8)]
        for tracker in trackers:
            tracker.update_with_events(turn(1), DOMAIN)
        await asyncio.gather(*(store.save(tracker) for tracker in trackers))

    run(work())
    assert len(set(run(store.keys()))) == 8
    store.engine.dispose()


def test_no_words_of_customers_are_logged(address: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    store = opened(address)
    take(store, "c1", [*start(), *turn(1, text="gizli sözler")])
    read(store, "c1")
    assert "gizli" not in caplog.text
    store.engine.dispose()
