"""Fetching attachments: a job of its own, so that a failing provider never loses a message."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from pathlib import Path

import sqlalchemy as sa
import structlog

from bot import clock, config, db, live
from bot.channels import registry
from bot.channels.errors import MediaError
from bot.conversations.models import Attachment, DeadLetter, Message

log = structlog.get_logger("media")
_PAUSES = (5, 30, 120, 600, 1800, 3600)  # shop seconds between tries; the last one repeats
_GIVE_UP = dt.timedelta(days=7)  # providers keep media at least this long
_CLAIM = dt.timedelta(minutes=2)
_CHUNK = 64 * 1024


def folder() -> Path:
    """Return the directory that holds fetched files."""
    return config.load().data_dir / "media"


def fetch(attachment_id: int) -> None:
    """Fetch one attachment if it is due; a failure is written down and tried again later."""
    now = clock.now()
    with db.write() as session:
        claimed = db.conditional_update(
            session,
            sa.update(Attachment)
            .where(
                Attachment.id == attachment_id, Attachment.state == "pending",
                sa.or_(Attachment.next_attempt_at.is_(None), Attachment.next_attempt_at <= now),
            )
            .values(attempts=Attachment.attempts + 1, next_attempt_at=now + _CLAIM),
        )
        if not claimed:
            return
        attachment = session.get(Attachment, attachment_id)
        assert attachment is not None
        message = session.get(Message, attachment.message_id)
        assert message is not None
        conversation_id = int(message.conversation_id)
        uid, reference, channel_name = attachment.uid, attachment.reference, message.channel
        limit = registry.CHANNELS[channel_name].limits.media_bytes
    try:
        channel = registry.get(channel_name)
        content_type, stream = channel.open_media(reference)
        with stream:
            path, size = _store(uid, stream, limit)
    except Exception as error:  # whatever an adapter raises: written down, tried again
        _failed(attachment_id, error)
        live.changed(conversation_id)
        return
    with db.write() as session:
        session.execute(
            sa.update(Attachment)
            .where(Attachment.id == attachment_id)
            .values(
                state="stored", path=path, size=size, error=None,
                content_type=(content_type[:100] or Attachment.content_type),
            )
            .execution_options(synchronize_session=False)
        )
    live.changed(conversation_id)


def _store(uid: str, stream: object, limit: int) -> tuple[str, int]:
    """Write a stream below the media folder under an opaque name; return (path, bytes)."""
    relative = Path(uid[:2]) / uid
    target = folder() / relative
    target.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    handle, temporary = tempfile.mkstemp(dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            while chunk := stream.read(_CHUNK):  # type: ignore[attr-defined]
                size += len(chunk)
                if size > limit:
                    raise MediaError("the file is larger than the channel allows", permanent=True)
                file.write(chunk)
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return str(relative), size


def _failed(attachment_id: int, error: Exception) -> None:
    permanent = isinstance(error, MediaError) and error.permanent
    with db.write() as session:
        attachment = session.get(Attachment, attachment_id)
        assert attachment is not None
        message = session.get(Message, attachment.message_id)
        assert message is not None
        old = clock.now() - message.created_at > _GIVE_UP
        attachment.error = str(error)[:200]
        if permanent or old:
            attachment.state = "failed"
            session.add(
                DeadLetter(
                    direction="in", channel=message.channel, kind="media_failed",
                    message_id=message.id, reason=str(error)[:300],
                    payload={"attachment": attachment.id},
                )
            )
        else:
            pause = _PAUSES[min(int(attachment.attempts) - 1, len(_PAUSES) - 1)]
            attachment.next_attempt_at = clock.now() + dt.timedelta(seconds=pause)
    log.info("media_failed", attachment=attachment_id, permanent=permanent)
