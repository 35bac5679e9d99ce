"""Files of messages, for people at the desk only."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response, send_file
from flask_login import login_required
from werkzeug.exceptions import NotFound as PageNotFound
from werkzeug.security import safe_join

from bot import config, db
from bot.conversations.models import Attachment

blueprint = Blueprint("media", __name__, url_prefix="/console")

# What a browser may show by itself. Everything else, SVG and HTML above all, is only ever saved.
SHOWN = frozenset({
    "image/jpeg", "image/png", "image/gif", "image/webp", "audio/ogg", "audio/mpeg", "audio/mp4",
    "audio/aac", "audio/amr", "audio/webm", "audio/wav", "video/mp4", "video/3gpp", "video/webm",
})


def bare_type(content_type: str) -> str:
    """Return a content type without its parameters (`audio/ogg; codecs=opus`)."""
    return content_type.partition(";")[0].strip().lower()


def answer(path: str, content_type: str, name: str) -> Response:
    """Return a stored file: shown when its type is harmless, else to be saved."""
    kind = bare_type(content_type)
    shown = kind in SHOWN
    response = send_file(
        path, mimetype=kind if shown else "application/octet-stream", as_attachment=not shown,
        download_name=name or "dosya", conditional=True, max_age=3600,
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


@blueprint.get("/media/<uid>")
@login_required
def file(uid: str) -> Response:
    """Send the file of an attachment; 404 while it has not been fetched."""
    with db.read() as session:
        attachment = session.scalars(sa.select(Attachment).where(Attachment.uid == uid)).first()
    if attachment is None or not attachment.path:
        raise PageNotFound()
    path = safe_join(str((config.load().data_dir / "media").resolve()), attachment.path)
    if path is None:
        raise PageNotFound()
    try:
        return answer(path, attachment.content_type, attachment.file_name)
    except FileNotFoundError as error:
        raise PageNotFound() from error
