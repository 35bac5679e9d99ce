"""What web, worker, clock and actions set up alike: logging, the outbox's checks."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot import logs, models  # noqa: F401  (all tables must be known before the first query)
from bot.aftersales.customers import service as customers
from bot.conversations.models import Identity, Message
from bot.conversations.states import Purpose
from bot.gateway.outbox import checks


def _consent(session: Session, message: Message, identity: Identity) -> checks.Refusal | None:
    """Let offers and surveys pass only where the person agreed; answers need no consent."""
    if message.purpose not in (Purpose.MARKETING.value, Purpose.SURVEY.value):
        return None
    if customers.may_market(session, int(identity.id)):
        return None
    return checks.Refusal("no consent for this kind of message")


def wire(process: str) -> None:
    """Set a process up; call it once, before any work."""
    logs.configure(process)
    checks.register(_consent)
