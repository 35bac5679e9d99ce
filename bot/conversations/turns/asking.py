"""Asking Rasa for the answer to a turn, step by step, so that it can be asked again."""

from __future__ import annotations

import dataclasses
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock, db
from bot.conversations import rasa
from bot.conversations.models import Turn
from bot.conversations.turns import memory
from bot.conversations.turns.lease import hold


@dataclasses.dataclass(frozen=True)
class OpenTurn:
    """A turn that the brain must answer, as it stands in the database."""

    turn_id: str
    uid: str
    channel: str
    language: str
    memory: dict[str, Any]
    attachments: tuple[str, ...]
    commands: tuple[dict[str, Any], ...]
    attempts: int = 0
    was_outage: bool = False  # the customer was told that the brain is away


def ask(
    conversation_id: int, owner: str, found: OpenTurn
) -> tuple[list[rasa.Answer], list[str]]:
    """Ask Rasa step by step; the steps after the first are written down before they are asked."""
    events = memory.reset_events(found.memory)
    if events:
        rasa.append_events(found.uid, events)
        # Once only: a second try must not end what the first one has begun.
        db.together(lambda s: _noted_reset(s, conversation_id, owner))
    commands = list(found.commands)
    pending = [str(w) for w in found.memory.get("pending_wishes") or ()]
    answers: list[rasa.Answer] = []
    step = 0
    while step < len(commands):
        got = rasa.ask(
            found.uid, str(commands[step]["text"]), turn_id=found.turn_id, step=step,
            language=found.language, channel=found.channel, attachments=found.attachments,
            new_session=step == 0 and memory.is_new_session(found.memory),
            shop_time=clock.now().isoformat(), left_case=memory.may_hold_left_case(found.memory),
        )
        answers.append(got)
        if step == 0:
            more, pending = memory.further(answers[0], got, found.memory)
            commands = [commands[0], *({"text": m, "trusted": True} for m in more)]
            if more:
                _note_commands(conversation_id, owner, found.turn_id, commands)
        step += 1
        if got.active_loop and step < len(commands):
            # The wish opened a form: what is left waits until the form ends.
            pending += [c["text"].lstrip("/").split("{")[0] for c in commands[step:]]
            break
    return answers, pending


def _noted_reset(session: Session, conversation_id: int, owner: str) -> None:
    conversation = hold(session, conversation_id, owner)
    conversation.memory = {k: v for k, v in (conversation.memory or {}).items() if k != "reset"}


def _note_commands(
    conversation_id: int, owner: str, turn_id: str, commands: list[dict[str, Any]]
) -> None:
    def note(session: Session) -> None:
        hold(session, conversation_id, owner)
        session.execute(sa.update(Turn).where(Turn.id == turn_id).values(commands=commands))

    db.together(note)
