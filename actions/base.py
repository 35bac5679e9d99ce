"""What every action has in common: who speaks, in which turn, and how the answer goes out.

An action reads slots, calls a service of `bot`, and names a response of data/responses with its
variables; it holds no sentence. It never writes what is only said: promises travel as data with the
reply. What it changes, it changes with the id of the turn, so that a repeated turn changes nothing.
An error is not caught here: it reaches the action server as a failure, and the worker hears of it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.first_look import instead_of
from bot import clock, config, db, formatting
from bot.aftersales.policies.answers import Answer
from bot.aftersales.promises.service import PromiseDraft
from bot.conversations.models import Conversation, Customer, Message
from bot.errors import NotFound

CASE_FORM = "case_form"
MAX_TITLE = 20  # characters of a button, the narrowest limit among the channels
Events = list[dict[str, Any]]
_NOT_OURS = (CASE_FORM, "action_listen", "action_extract_slots", "action_session_start")
_NO_WISH = frozenset({"affirm", "deny", "provide_info", "survey_answer", "nlu_fallback"})


@dataclasses.dataclass(frozen=True)
class Choice:
    """A button: `title` is cut to the limit, `command` is what it stands for ("/intent{...}")."""

    title: str
    command: str

    def as_data(self) -> dict[str, str]:
        """Return the button as Rasa takes it."""
        title = self.title if len(self.title) <= MAX_TITLE else self.title[: MAX_TITLE - 1] + "…"
        return {"title": title, "payload": self.command}


class Context:
    """One call of an action: the customer's message, the conversation it came in, the reply."""

    def __init__(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]
    ) -> None:
        self.tracker = tracker
        self._dispatcher = dispatcher
        self._responses: Mapping[str, Any] = domain.get("responses", {})
        self.now: dt.datetime = clock.now()
        self.uid: str = tracker.sender_id
        with db.read() as session:
            found = session.execute(
                sa.select(Conversation, Customer)
                .join(Customer, Customer.id == Conversation.customer_id)
                .where(Conversation.uid == self.uid)
            ).first()
        if found is None:
            raise NotFound("there is no such conversation")
        self.conversation: Conversation = found[0]
        self.customer: Customer = found[1]
        self.conversation_id = int(self.conversation.id)

    # What the customer said

    @property
    def message(self) -> Mapping[str, Any]:
        """The latest user event, with its metadata."""
        return next((e for e in reversed(self.tracker.events) if e.get("event") == "user"), {})

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the worker sent along: turn_id, step, language, channel, attachments."""
        return self.message.get("metadata") or self.slot("session_started_metadata") or {}

    @property
    def turn_id(self) -> str:
        """The turn that this message belongs to; services take it as idempotency key."""
        turn_id = self.metadata.get("turn_id")
        if not turn_id:
            raise NotFound("the message carries no turn")
        return str(turn_id)

    @property
    def step(self) -> int:
        """Place of this message in its turn, from 0."""
        return int(self.metadata.get("step") or 0)

    def ordinal(self, place: int = 0) -> int:
        """Number of a change within its turn: `place` (0 to 9) counts those of one message."""
        return self.step * 10 + place

    @property
    def language(self) -> str:
        """The language of the answer, `tr` or `en`."""
        return "en" if self.slot("language") == "en" else "tr"

    @property
    def intent(self) -> str:
        """Name of the understood intent, empty when there is none."""
        return str((self.tracker.latest_message.get("intent") or {}).get("name") or "")

    @property
    def confidence(self) -> float:
        """How sure the understanding is of the intent, 0 to 1."""
        return float((self.tracker.latest_message.get("intent") or {}).get("confidence") or 0.0)

    @property
    def text(self) -> str:
        """The customer's words, empty when the message is a command of ours."""
        text = str(self.tracker.latest_message.get("text") or "")
        return "" if text.startswith("/") else text

    @property
    def words_of_turn(self) -> str:
        """The customer's words in this turn; a later step of it is a command without any."""
        turn_id = self.metadata.get("turn_id")
        for event in reversed(self.tracker.events):
            if event.get("event") != "user":
                continue
            if (event.get("metadata") or {}).get("turn_id") != turn_id:
                break
            text = str(event.get("text") or "")
            if text and not text.startswith("/"):
                return text
        return ""

    @property
    def received_at(self) -> dt.datetime:
        """When the message that is answered reached us: the first of its turn, or an earlier one
        that was not understood then and is taken up now. A notice bears this time.
        """
        unclear = self.slot("unclear_text")
        if not self.words_of_turn and unclear:
            for event in reversed(self.tracker.events):
                if event.get("event") == "user" and event.get("text") == unclear:
                    said = (event.get("metadata") or {}).get("shop_time")
                    return dt.datetime.fromisoformat(said) if said else self.now
        with db.read() as session:
            first = session.scalar(sa.select(sa.func.min(Message.created_at)).where(
                Message.turn_id == self.turn_id, Message.direction == "in"
            ))
        return min(first, self.now) if first else self.now

    @property
    def has_attachment(self) -> bool:
        """Whether a photo or file came with the message, or is all of it."""
        return bool(self.metadata.get("attachments") or self.entities("attachment"))

    def slot(self, name: str) -> Any:
        """Return a slot's value, or None."""
        return self.tracker.slots.get(name)

    def entities(self, name: str) -> list[str]:
        """Return the values of an entity in the latest message, each once, in order."""
        found = (str(value) for value in self.tracker.get_latest_entity_values(name))
        return list(dict.fromkeys(found))

    @property
    def in_form(self) -> bool:
        """Whether a form waits for an answer."""
        return bool((self.tracker.active_loop or {}).get("name"))

    @property
    def is_follow_up(self) -> bool:
        """Whether another action of ours has run since the customer's message."""
        for event in reversed(self.tracker.events):
            if event.get("event") == "user":
                return False
            if event.get("event") == "action" and event.get("name") not in _NOT_OURS:
                return True
        return False

    # What we answer

    def knows(self, response: str) -> bool:
        """Tell whether data/responses holds a response of this name."""
        return response in self._responses

    def label(self, response: str) -> str:
        """Return the text of a response as data (a title of a button), in the answer's language."""
        variants = self._responses.get(response) or []
        wanted = [v for v in variants if bool(v.get("condition")) == (self.language == "en")]
        return str((wanted or variants or [{"text": ""}])[0].get("text", ""))

    def intent_label(self, intent: str) -> str:
        """Return what people call an intent."""
        return self.label(f"utter_label_{intent}")

    def say(
        self,
        response: str,
        filled: Mapping[str, str] | None = None,
        *,
        choices: Sequence[Choice] = (),
        promises: Iterable[PromiseDraft] = (),
        sources: Iterable[Mapping[str, Any]] = (),
        **variables: str,
    ) -> None:
        """Answer with a response of data/responses, its choices, and the promises that it makes.

        Its variables come as a mapping, by name, or both. `sources` are the records that a rule or
        a figure in it is quoted from; like promises they travel as data with the reply.
        """
        data: dict[str, Any] = {
            "promises": [self.worded(draft).as_data() for draft in promises],
            "sources": [dict(source) for source in sources],
        }
        data = {name: value for name, value in data.items() if value}
        self._dispatcher.utter_message(
            response=response,
            buttons=[choice.as_data() for choice in choices],
            json_message={"destek": data} if data else None,
            **{n: _harmless(v) for n, v in {**(filled or {}), **variables}.items()},
        )

    def quote(self, answer: Answer) -> None:
        """Answer with what the shop's policies say, and name them."""
        self.say(
            answer.response, answer.variables, promises=answer.promises, sources=answer.sources
        )

    def done(self, action: str) -> None:
        """Mark the end of an action, so that one that failed is known by its missing mark."""
        self._dispatcher.utter_message(json_message={"destek": {"done": action}})

    def moment(self, at: dt.datetime) -> str:
        """Return an instant as the customer reads it: `bugün 17:00`, `Wed 25 Nov 17:00`."""
        return formatting.moment_label(at, self.language, config.load().shop_time_zone, self.now)

    def stamp(self, at: dt.datetime) -> str:
        """Return an instant with its date in full, as a record: `24 Kasım Salı 11:00`."""
        local = at.astimezone(ZoneInfo(config.load().shop_time_zone))
        day = formatting.date_label(local.date(), self.language)
        return f"{day} {formatting.time_label(local)}"

    def day(self, at: dt.datetime) -> str:
        """Return the day of an instant: `24 Aralık Perşembe`, `Thu 24 Dec`."""
        zone = ZoneInfo(config.load().shop_time_zone)
        today = self.now.astimezone(zone).date()
        return formatting.date_label(at.astimezone(zone).date(), self.language, today)

    def until(self, at: dt.datetime) -> str:
        """Return an instant as a limit: `bugün 17:00'ye kadar`, `by Wed 25 Nov 17:00`."""
        return formatting.till_label(at, self.language, config.load().shop_time_zone, self.now)

    def worded(self, draft: PromiseDraft) -> PromiseDraft:
        """Return a promise with the words in which the customer reads its time."""
        if draft.wording or draft.due_at is None:
            return draft
        return dataclasses.replace(draft, wording=self.moment(draft.due_at))


class DestekAction(Action, ABC):
    """An action of the product. Subclasses give a name and `perform`."""

    tidies = True  # false for the steps inside a form, which are not an answer of their own
    keeps_misses = False  # true for the action that counts what was not understood
    looks_first = True  # false where danger and the like were looked for before
    about_something = True  # whether its intent is a matter that a person taking over should see

    @abstractmethod
    def name(self) -> str:
        """Name as in domain.yml."""

    @abstractmethod
    def perform(self, ctx: Context) -> Events:
        """Answer; return slot events and the like."""

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Events:
        """Answer one message (called by the action server)."""
        ctx = Context(dispatcher, tracker, domain)
        instead = instead_of(ctx, self.name()) if self.looks_first else None
        events = [FollowupAction(instead)] if instead else [*self.perform(ctx)]
        if self.tidies and not instead:
            events += self._tidy(ctx, events)
            events += self._offer_saved_case(ctx, events)
            # An action that followed another one has no rule that says what comes after it.
            if not _goes_on(ctx, events):
                events.append(FollowupAction("action_listen"))
            elif ctx.is_follow_up and not any(e.get("event") == "followup" for e in events):
                events.append(FollowupAction(CASE_FORM))
        ctx.done(self.name())
        return events

    def _tidy(self, ctx: Context, events: Events) -> Events:
        """Forget an open question that was passed over, and misses that are mended."""
        tidy: Events = []
        if ctx.slot("open_question") and not _sets(events, "open_question"):
            tidy.append(SlotSet("open_question", None))
        if ctx.slot("misses") and not self.keeps_misses:
            tidy += [SlotSet("misses", None), SlotSet("unclear_text", None)]
        wish = ctx.slot("wish") or ctx.intent
        if self.about_something and wish not in _NO_WISH and not _sets(events, "last_wish"):
            tidy.append(SlotSet("last_wish", wish))
        return tidy

    def _offer_saved_case(self, ctx: Context, events: Events) -> Events:
        """Ask, after the answer, whether a case that was left half-way shall go on."""
        saved = ctx.slot("saved_case")
        for event in events:
            if event.get("event") == "slot" and event.get("name") == "saved_case":
                saved = event.get("value")
        asks = any(_sets([e], "open_question") and e.get("value") for e in events)
        if not saved or not saved.get("ask") or asks or _goes_on(ctx, events):
            return []
        topic = ctx.intent_label(saved["slots"].get("case_intent") or "")
        ctx.say("utter_offer_resume", topic=topic)
        return [
            SlotSet("saved_case", {**saved, "ask": False, "asked": saved.get("asked", 0) + 1}),
            SlotSet("open_question", "resume"),
        ]


def _goes_on(ctx: Context, events: Events) -> bool:
    """Tell whether more is said in this turn: a form asks again, or another action follows."""
    ends_form = any(e.get("event") == "active_loop" and not e.get("name") for e in events)
    return (ctx.in_form and not ends_form) or any(e.get("event") == "followup" for e in events)


def _sets(events: Events, slot: str) -> bool:
    return any(e.get("event") == "slot" and e.get("name") == slot for e in events)


def _harmless(value: str) -> str:
    """Return a value that the response templates take as plain text.

    Rasa formats a filled text a second time when it holds "0[", and braces are its variables: a
    customer's words could otherwise name one.
    """
    return value.replace("{", "(").replace("}", ")").replace("0[", "0 [")
