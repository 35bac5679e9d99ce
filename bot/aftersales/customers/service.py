"""Consent to be written to: taken back at once, given only with proof; nothing is overwritten."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import clock
from bot.aftersales.customers.models import ConsentEntry
from bot.conversations.models import Identity
from bot.errors import NotFound

_MARKETING = "marketing"


def opt_out(session: Session, identity_id: int, proof: str, source: str) -> bool:
    """Stop marketing to a person from now on; tell whether the address was not stopped before.

    Who says stop on one channel does not want it on the others: every address of the customer is
    stopped. `proof` is the uid of the message that said so (or another reference), `source` where
    it was said (a channel, the desk). Each statement is kept, also a repeated one.
    """
    said_on = _identity(session, identity_id)
    changed = said_on.opted_out_at is None
    for identity in session.scalars(
        sa.select(Identity).where(Identity.customer_id == said_on.customer_id)
    ):
        identity.opted_out_at = identity.opted_out_at or clock.now()
        _enter(session, identity, False, proof, source)
    return changed


def opt_in(session: Session, identity_id: int, proof: str, source: str) -> None:
    """Allow marketing to this one address. `proof` as for `opt_out`; it must not be empty."""
    if not proof:
        raise ValueError("consent without proof is none")
    identity = _identity(session, identity_id)
    identity.opted_out_at = None
    _enter(session, identity, True, proof, source)


def may_market(session: Session, identity_id: int) -> bool:
    """Tell whether an address has agreed to marketing and not taken it back since."""
    identity = _identity(session, identity_id)
    if identity.opted_out_at is not None:
        return False
    last = session.scalar(
        sa.select(ConsentEntry.given)
        .where(ConsentEntry.purpose == _MARKETING, ConsentEntry.identity_id == identity_id)
        .order_by(ConsentEntry.id.desc()).limit(1)
    )
    return bool(last)


def _identity(session: Session, identity_id: int) -> Identity:
    identity = session.get(Identity, identity_id)
    if identity is None:
        raise NotFound("there is no such address")
    return identity


def _enter(session: Session, identity: Identity, given: bool, proof: str, source: str) -> None:
    session.add(ConsentEntry(
        customer_id=identity.customer_id, identity_id=identity.id, channel=identity.channel,
        purpose=_MARKETING, given=given, source=source[:64], proof=proof[:255],
        created_at=clock.now(),
    ))
    session.flush()
