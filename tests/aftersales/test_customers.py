"""Consent to marketing: none by itself, given with proof, taken back at once everywhere."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot import db
from bot.aftersales.customers import service
from bot.aftersales.customers.models import ConsentEntry
from bot.conversations.models import Customer, Identity
from bot.errors import NotFound
from tests.aftersales import factory


@pytest.fixture
def identity_id(database: str) -> int:
    with db.write() as session:
        return int(factory.talk(session).identity_id)


def test_silence_is_no_consent(identity_id: int) -> None:
    with db.read() as session:
        assert not service.may_market(session, identity_id)


def test_consent_holds_until_it_is_taken_back(identity_id: int) -> None:
    with db.write() as session:
        service.opt_in(session, identity_id, "message-1", "twilio_whatsapp")
    with db.read() as session:
        assert service.may_market(session, identity_id)
    with db.write() as session:
        assert service.opt_out(session, identity_id, "message-2", "twilio_whatsapp")
        assert not service.may_market(session, identity_id)
        assert not service.opt_out(session, identity_id, "message-3", "twilio_whatsapp")
    with db.write() as session:
        said = session.execute(
            sa.select(ConsentEntry.given, ConsentEntry.proof).order_by(ConsentEntry.id)
        ).all()
        assert [tuple(row) for row in said] == [
            (True, "message-1"), (False, "message-2"), (False, "message-3")
        ]
        service.opt_in(session, identity_id, "message-4", "desk")
        assert service.may_market(session, identity_id)


def test_who_says_stop_is_left_alone_on_every_channel(identity_id: int) -> None:
    with db.write() as session:
        person = session.get(Customer, session.get(Identity, identity_id).customer_id)
        mail = Identity(customer_id=person.id, channel="email", account="s", address="a@b.example")
        session.add(mail)
        session.flush()
        stranger = factory.talk(session, "+905009998877")
        for one in (identity_id, mail.id, stranger.identity_id):
            service.opt_in(session, one, "proof", "desk")
        service.opt_out(session, identity_id, "message", "twilio_whatsapp")
        assert not service.may_market(session, mail.id)
        assert service.may_market(session, stranger.identity_id)
        service.opt_in(session, identity_id, "message", "twilio_whatsapp")
        assert not service.may_market(session, mail.id)


def test_consent_needs_proof_and_an_address(identity_id: int) -> None:
    with db.write() as session:
        with pytest.raises(ValueError):
            service.opt_in(session, identity_id, "", "desk")
        with pytest.raises(NotFound):
            service.opt_out(session, 4711, "x", "desk")
