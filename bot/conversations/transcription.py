"""Hearing voice notes: an interface, and the honest default that can not.

A shop that has a speech service registers its own `Transcriber`; then the words of a voice note go the
way of typed ones. Without one the customer is told that the assistant can not hear it.
"""

from __future__ import annotations

from typing import Protocol

from bot.conversations.models import Attachment


class Transcriber(Protocol):
    """Turns a voice note into words."""

    def transcribe(self, note: Attachment) -> str | None:
        """Return what is said in a note, or None when that can not be found out.

        Called within a database transaction: a service elsewhere is asked by the job that fetches
        the note, and only what it said is looked up here.
        """


class NoTranscriber:
    """The default: hears nothing."""

    def transcribe(self, note: Attachment) -> str | None:
        """Return None."""
        return None


_current: Transcriber = NoTranscriber()


def register(transcriber: Transcriber) -> None:
    """Let a transcriber hear from now on (called from `wiring`)."""
    global _current
    _current = transcriber


def words(note: Attachment) -> str:
    """Return the words of a note, empty when nobody can hear it."""
    return (_current.transcribe(note) or "").strip()
