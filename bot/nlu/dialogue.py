"""The tables of the dialogue memory; apart from the store, so that they are known without Rasa."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import declarative_base

Base: Any = declarative_base()


class DialogueEvent(Base):
    """One event of a conversation; the order is that of `id`."""

    __tablename__ = "dialogue_event"
    __table_args__ = (sa.Index("ix_dialogue_event_sender_id", "sender_id", "id"),)

    id = sa.Column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
    sender_id = sa.Column(sa.String(255), nullable=False)
    type_name = sa.Column(sa.String(255), nullable=False)
    timestamp = sa.Column(sa.Float)
    data = sa.Column(sa.Text, nullable=False)


class DialogueSnapshot(Base):
    """What all events up to `event_id` left behind, as a list of events that restore it."""

    __tablename__ = "dialogue_snapshot"

    sender_id = sa.Column(sa.String(255), primary_key=True)
    event_id = sa.Column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
    data = sa.Column(sa.Text, nullable=False)
