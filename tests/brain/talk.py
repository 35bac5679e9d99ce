"""A customer who talks to the trained brain: Rasa's own processor with our actions, in one process.

    talk = Brain(model).customer("+905321234567")
    said = talk.say("siparişim nerede")
    assert "1024" in said.text

The worker (mailbox, outbox, wording of the first contact) is not here; what it hands over is:
the conversation of the database, a turn id per message, stored commands for choices.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rasa.core.agent import Agent
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa_sdk.executor import ActionExecutor

from bot import clock, db
from bot.aftersales.customers import service as customers
from bot.channels.events import InboundMessage, MessageKind, Sender
from bot.conversations import arrivals
from bot.conversations.handover.models import Handover
from bot.conversations.models import Conversation, Identity, new_uid
from bot.conversations.turns.memory import may_hold_left_case
from bot.nlu.endpoint import WatchedEndpoint
from bot.nlu.turns import TurnRequest, take_turn


class InProcess(WatchedEndpoint):
    """An action endpoint that runs the actions here instead of calling a server."""

    def __init__(self) -> None:
        super().__init__("http://actions.invalid")
        self.executor = ActionExecutor()
        self.executor.register_package("actions")
        self.errors: list[Exception] = []

    async def request(self, *_: Any, **kwargs: Any) -> Any:
        # As over the wire: what is not JSON would fail here too.
        call = json.loads(json.dumps(kwargs["json"]))
        try:
            return json.loads(json.dumps(await self.executor.run(call)))
        except Exception as error:
            self.errors.append(error)  # Rasa goes on as if nothing had happened
            raise


@dataclasses.dataclass(frozen=True)
class Said:
    """The answer to one message."""

    data: dict[str, Any]

    @property
    def text(self) -> str:
        """All bubbles, joined as the worker joins them."""
        return "\n\n".join(m["text"] for m in self.data["messages"] if m.get("text"))

    @property
    def responses(self) -> list[str]:
        """Names of the responses said, in order."""
        return [m["response"] for m in self.data["messages"] if m.get("response")]

    @property
    def choices(self) -> dict[str, str]:
        """Commands of the last choices offered, by title."""
        buttons = [m["buttons"] for m in self.data["messages"] if m.get("buttons")]
        return {b["title"]: b["payload"] for b in buttons[-1]} if buttons else {}

    @property
    def promises(self) -> list[dict[str, Any]]:
        """Promises that travel with the answer."""
        custom = [(m.get("custom") or {}).get("destek") or {} for m in self.data["messages"]]
        return [promise for part in custom for promise in part.get("promises") or ()]

    @property
    def slots(self) -> dict[str, Any]:
        """Slots after the turn."""
        slots: dict[str, Any] = self.data["slots"]
        return slots

    @property
    def form(self) -> str | None:
        """The open form."""
        form: str | None = self.data["active_loop"]
        return form


class Talk:
    """One customer on one channel."""

    def __init__(self, brain: Brain, phone: str | None, address: str, language: str) -> None:
        self.brain = brain
        self._language = language
        sender = Sender(address, phone=phone)
        message = InboundMessage(
            "simulator", "demo", new_uid(), sender, MessageKind.TEXT, text="-"
        )
        with db.write() as session:
            stored = arrivals.store(session, message)
            assert stored is not None
            self.conversation_id = stored.conversation_id
            row = session.get(Conversation, stored.conversation_id)
            self.uid = f"{row.uid}"
        self.new_session = True
        self.turn_id = ""

    def say(self, text: str, *, attachments: Sequence[str] = (), step: int = 0,
            same_turn: bool = False) -> Said:
        """Write a message, or take a choice by its command."""
        if not same_turn:
            self.turn_id = new_uid()
        request = TurnRequest(
            self.uid, text, self.new_session,
            {"turn_id": self.turn_id, "step": step, "language": self._language,
             "channel": "simulator", "attachments": list(attachments),
             "shop_time": clock.now().isoformat(),
             "left_case": may_hold_left_case(self.conversation().memory or {})},
        )
        self.new_session = False
        said = Said(self.brain.run(request))
        if self.brain.errors:
            raise self.brain.errors.pop(0)
        assert not said.data["failed_actions"], said.data["failed_actions"]
        # Rasa's own fallback would take the customer's message back out of its memory.
        assert "action_default_fallback" not in said.data["actions"]
        self._language = said.data["language"]
        self._remember(said)
        return said

    def say_twice(self, text: str) -> tuple[Said, Said]:
        """Write a message whose turn is asked again, because Rasa was killed before it saved it."""
        stored, memory = self.brain.store.get(self.uid), self.conversation().memory
        language, new_session = self._language, self.new_session
        first = self.say(text)
        if stored is None:
            self.brain.forget(self.uid)
        else:
            self.brain.store[self.uid] = stored
        self._language, self.new_session = language, new_session
        with db.write() as session:
            session.get(Conversation, self.conversation_id).memory = memory
        return first, self.say(text, same_turn=True)

    def take(self, said: Said, title: str) -> Said:
        """Take a choice that was offered."""
        return self.say(said.choices[title])

    def conversation(self) -> Conversation:
        """The row as it is now."""
        with db.read() as session:
            return session.scalars(
                sa.select(Conversation).where(Conversation.id == self.conversation_id)
            ).one()

    def handover(self) -> Handover:
        """The hand-over that the conversation is in."""
        with db.read() as session:
            return session.scalars(
                sa.select(Handover).where(
                    Handover.conversation_id == self.conversation_id, Handover.ended_at.is_(None)
                )
            ).one()

    def opted_out(self) -> bool:
        """Whether marketing was refused on this address."""
        with db.read() as session:
            identity = session.get(Identity, self.conversation().identity_id)
            return identity.opted_out_at is not None

    def may_market(self) -> bool:
        """Whether marketing was agreed to on this address."""
        with db.read() as session:
            return customers.may_market(session, self.conversation().identity_id)

    def _remember(self, said: Said) -> None:
        memory = {
            "active_loop": said.form, "requested_slot": said.data["requested_slot"],
            "slots": said.slots, "saved_at": clock.now().isoformat(),
        }
        with db.write() as session:
            session.get(Conversation, self.conversation_id).memory = memory


class Brain:
    """A trained model with the actions of this tree."""

    def __init__(self, model: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self.errors: list[Exception] = []
        self._agent = self._loop.run_until_complete(self._load(model))

    async def _load(self, model: Path) -> Agent:
        endpoint = InProcess()
        self.errors = endpoint.errors
        agent = Agent(action_endpoint=endpoint, lock_store=InMemoryLockStore())
        agent.load_model(str(model))
        agent.tracker_store = InMemoryTrackerStore(agent.domain)
        processor = agent.processor
        processor.tracker_store, processor.action_endpoint = agent.tracker_store, endpoint
        return agent

    def run(self, request: TurnRequest) -> dict[str, Any]:
        """Answer one turn."""
        return self._loop.run_until_complete(take_turn(self._agent, request))

    @property
    def store(self) -> dict[str, Any]:
        """The dialogue memory of each conversation, as Rasa has saved it."""
        return self._agent.tracker_store.store

    def forget(self, uid: str) -> None:
        """Lose the dialogue memory of a conversation."""
        self.store.pop(uid)

    def customer(
        self, phone: str | None, address: str = "", language: str = "tr"
    ) -> Talk:
        """Return somebody who writes from this phone (None: an address nobody vouches for)."""
        return Talk(self, phone, address or phone or new_uid(), language)
