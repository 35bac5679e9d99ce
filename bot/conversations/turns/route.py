"""Who answers a turn: nobody, the worker by a rule, or the brain."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, config, db
from bot.aftersales.customers import service as customers
from bot.aftersales.promises import compute
from bot.aftersales.promises.service import PromiseDraft
from bot.conversations import transcription
from bot.conversations.handover import service as handover
from bot.conversations.models import Conversation, Identity, Message, OpenOption, Turn
from bot.conversations.states import Handling, Purpose, WaitReason
from bot.conversations.turns import gather, limits
from bot.formatting import moment_label
from bot.text import detect_language, fold, harmless, is_bare_cancel, is_opt_out, ordinal_choice
from bot.text.waiting import stops_waiting

_OPTION_LIFE = dt.timedelta(days=7)
_AUTOMATIC = re.compile(
    r"\b(?:bu (?:bir )?otomatik (?:bir )?(?:mesaj|yanit|cevap)|otomatik (?:yanit|cevap)(?:tir|dir)?\b|"
    r"this is an automat(?:ed|ic)|automat(?:ed|ic) (?:reply|response|message))"
)
_TEXT_LIMIT = 4000  # what the brain gets; the whole text is in the database


@dataclasses.dataclass
class Route:
    """What happens with a turn. Exactly one of `silent`, `say` and `commands` is filled."""

    language: str
    silent: str = ""  # why nobody answers
    say: str = ""  # name of a response of the worker's own
    variables: dict[str, str] = dataclasses.field(default_factory=dict)
    promises: list[PromiseDraft] = dataclasses.field(default_factory=list)
    commands: list[dict[str, Any]] = dataclasses.field(default_factory=list)


def decide(session: Session, conversation: Conversation, messages: Sequence[Message]) -> Route:
    """Decide about one turn; changes that a rule makes (opt-out, hand-over) happen in `session`."""
    text = gather.text_of(messages)
    language = detect_language(text, default=conversation.language)
    # Before every reason to be silent: a stop word counts whoever has the conversation.
    opted_out = _opt_out(session, conversation, messages)
    if conversation.state == Handling.AGENT.value:
        return Route(language, silent="agent")
    if all(_is_automatic(m) for m in messages):
        return Route(language, silent="automatic")
    if all(m.kind == "reaction" for m in messages):
        return Route(language, silent="reaction")
    if limits.repeated(session, conversation, messages, text):
        return Route(language, silent="repeated")
    loop = _loop(session, conversation, language)
    if loop is not None:
        return loop
    if opted_out:
        return Route(conversation.language, say="utter_opted_out")
    tapped = _command(session, conversation, messages, text)
    if tapped:
        return Route(language, commands=[{"text": tapped, "trusted": True}])
    return (
        _withdrawal(session, conversation, text, language)
        or _waiting_ping(session, conversation, text, language)
        or _without_words(conversation, messages, text, language)
        or _brain(session, conversation, text, language)
    )


def _is_automatic(message: Message) -> bool:
    """Tell whether a message says itself that a machine wrote it."""
    if (message.attributes or {}).get("automatic"):
        return True
    return bool(_AUTOMATIC.search(fold(message.text[:1000])))


def _loop(session: Session, conversation: Conversation, language: str) -> Route | None:
    """Stop answering a machine that answers us: one line, and a person."""
    if not limits.too_many_replies(session, conversation):
        return None
    if limits.was_told(session, conversation, "utter_loop_limit"):
        return Route(language, silent="loop")
    return to_a_person(session, conversation, language, WaitReason.RULE, "utter_loop_limit")


def to_a_person(
    session: Session, conversation: Conversation, language: str, reason: WaitReason, say: str
) -> Route:
    """Let the conversation wait for a person and say by when, computed now."""
    promise = compute.human_reply(session, clock.now(), conversation_id=conversation.id)
    moved = handover.request(
        session, conversation_id=conversation.id, reason=reason, promised_at=promise.due_at
    )
    session.refresh(conversation)
    known = conversation.promised_at
    if not moved and known is not None and known > clock.now():
        return Route(language, say=say, variables={"moment": moment(known, language)})
    _repromise(session, conversation, promise)
    return Route(
        language, say=say, variables={"moment": moment(promise.due_at, language)},
        promises=[promise],
    )


def _repromise(session: Session, conversation: Conversation, promise: PromiseDraft) -> None:
    """Let desk and customer see the same new time."""
    if promise.due_at is not None:
        handover.repromise(session, conversation.id, promise.due_at)


def moment(when: dt.datetime | None, language: str) -> str:
    """Word an instant in the shop's zone."""
    if when is None:
        return ""
    return moment_label(when, language, config.load().shop_time_zone, clock.now())


def _command(
    session: Session, conversation: Conversation, messages: Sequence[Message], text: str
) -> str:
    """Return the stored command of a tapped or numbered option; nothing else becomes a command."""
    payload = str((messages[-1].attributes or {}).get("payload", ""))
    query = sa.select(OpenOption).where(OpenOption.conversation_id == conversation.id)
    if payload:
        option = session.scalars(
            query.where(
                OpenOption.payload == payload[:40],
                OpenOption.created_at > clock.now() - _OPTION_LIFE,
            )
        ).first()
        return str(option.command) if option else ""
    options = limits.open_options(session, conversation)
    if not options or messages[-1].kind not in ("text", "tap"):
        return ""
    answer = messages[-1].text.strip()
    chosen = ordinal_choice(answer, len(options))
    if chosen is None:
        same = [o.number for o in options if fold(o.title) == fold(answer)]
        chosen = same[0] if same else None
    return str(options[chosen - 1].command) if chosen else ""


def _opt_out(
    session: Session, conversation: Conversation, messages: Sequence[Message]
) -> bool:
    """Record a stop word in any message of the turn; tell whether the turn holds nothing else."""
    found = [
        m for m in messages
        if is_opt_out(m.text) or (is_bare_cancel(m.text) and _after_campaign(session, conversation))
    ]
    found = [m for m in found if not _withdraws(conversation, m.text)]
    for message in found[:1]:
        customers.opt_out(session, message.identity_id, message.uid, "chat")
    return bool(found) and all(m in found or gather.is_opening(m.text) for m in messages)


def _withdraws(conversation: Conversation, text: str) -> bool:
    waiting = conversation.state == Handling.WAITING.value
    return waiting and stops_waiting(text)


def _withdrawal(
    session: Session, conversation: Conversation, text: str, language: str
) -> Route | None:
    """Take who no longer wants to wait out of the queue."""
    if not _withdraws(conversation, text) or not handover.withdraw(session, conversation.id):
        return None
    session.refresh(conversation)
    return Route(language, say="utter_wait_withdrawn")


def _after_campaign(session: Session, conversation: Conversation) -> bool:
    """ "İPTAL" right after a campaign message stops campaigns; after an order it is about that."""
    purpose = session.scalar(
        sa.select(Message.purpose)
        .where(Message.conversation_id == conversation.id, Message.direction == "out")
        .order_by(Message.id.desc())
        .limit(1)
    )
    return purpose == Purpose.MARKETING.value


def _waiting_ping(
    session: Session, conversation: Conversation, text: str, language: str
) -> Route | None:
    """Tell who waits and asks "?" their place and the time; a new time when the old one passed."""
    if conversation.state != Handling.WAITING.value or not gather.is_ping(text):
        return None
    promised, now = conversation.promised_at, clock.now()
    if promised is None or promised <= now:
        promise = compute.human_reply(session, now, conversation_id=conversation.id)
        _repromise(session, conversation, promise)
        return Route(
            language, say="utter_queue_still_waiting",
            variables={"moment": moment(promise.due_at, language)}, promises=[promise],
        )
    before = session.scalar(
        sa.select(sa.func.count())
        .select_from(Conversation)
        .where(
            Conversation.state == Handling.WAITING.value,
            Conversation.waiting_since < conversation.waiting_since,
        )
    )
    return Route(
        language, say="utter_waiting_place",
        variables={"moment": moment(promised, language), "place": str(int(before or 0) + 1)},
    )


def _kinds(messages: Sequence[Message]) -> list[str]:
    return [str(a.kind) for m in messages for a in m.attachments]


def _without_words(
    conversation: Conversation, messages: Sequence[Message], text: str, language: str
) -> Route | None:
    """Answer what came without words: voice, photo, place, card, or a kind we can not read."""
    if text:
        return None
    kinds = _kinds(messages)
    in_form = bool((conversation.memory or {}).get("active_loop"))
    if "voice" in kinds:
        notes = [a for m in messages for a in m.attachments if a.kind == "voice"]
        heard = harmless("\n".join(transcription.words(a) for a in notes))[:_TEXT_LIMIT].strip(" -\n")
        if heard:
            return Route(language, commands=[{"text": heard, "trusted": False}])
        return Route(language, say="utter_voice_note")
    if kinds and "contact" not in kinds:
        if in_form:
            return Route(language, commands=[_attachment_command(kinds)])
        return Route(language, say="utter_photo_question")
    if messages[-1].kind == "location":
        return Route(language, say="utter_location_received")
    if messages[-1].kind == "contact" or "contact" in kinds:
        return Route(language, say="utter_contact_received")
    if messages[-1].kind == "unsupported":
        return Route(language, say="utter_unsupported")
    return Route(language, say="utter_nothing_open")


_TURN_BEFORE = db.prepared(
    lambda conversation, turn: sa.select(Turn.__table__)
    .where(Turn.conversation_id == conversation, Turn.id != turn)
    .order_by(Turn.created_at.desc())
    .limit(1)
)


def asked_about_files(session: Session, conversation: Conversation, turn_id: str) -> list[str]:
    """Return the kinds of files of the turn before, when we asked what they are about."""
    before = _TURN_BEFORE(session, conversation=conversation.id, turn=turn_id).first()
    if before is None or before.reason != "utter_photo_question":
        return []
    return _kinds(limits.messages_of(session, before))


def _attachment_command(kinds: Sequence[str]) -> dict[str, Any]:
    kind = "image" if "image" in kinds else kinds[0]
    return {"text": f'/provide_info{{"attachment": "{kind}"}}', "trusted": True}


def _brain(
    session: Session, conversation: Conversation, text: str, language: str
) -> Route:
    if gather.is_ping(text) and conversation.memory and not limits.asked(session, conversation):
        # A lone "?" asks for the state of what is open, not for a greeting.
        last = str(conversation.memory.get("last_intent") or "")
        about_order = last in ("track_order", "delivery_delayed", "")
        command = "/track_order" if about_order else "/ticket_status"
        return Route(language, commands=[{"text": command, "trusted": True}])
    safe = harmless(text)[:_TEXT_LIMIT].strip()
    if not safe:
        return Route(language, say="utter_nothing_open")
    return Route(language, commands=[{"text": safe, "trusted": False}])


def identity_of(session: Session, messages: Sequence[Message]) -> Identity:
    """Return the address that the last message of a turn came from."""
    identity = db.load(session, Identity, messages[-1].identity_id)
    assert identity is not None
    return identity  # type: ignore[no-any-return]
