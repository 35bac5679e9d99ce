"""The stream that tells an open page what changed, so that it need not ask every two seconds.

`GET /console/api/events?topic=inbox&topic=conversation:<uid>` (`last`, or the header Last-Event-ID:
the mark that the page has). Who gets no stream is answered 204, with which a browser's EventSource
stops asking; the page polls and asks again after `Retry-After` seconds.
"""

from __future__ import annotations

import functools
import random
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import sqlalchemy as sa
from flask import Blueprint, Flask, Response, current_app, request
from flask.blueprints import BlueprintSetupState
from flask_login import current_user, login_required
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest
from werkzeug.exceptions import NotFound as PageNotFound

from bot import config, db
from bot.accounts.models import AuditEntry, User
from bot.console import fragments
from bot.conversations.handover.models import Handover
from bot.conversations.models import Attachment, Conversation, DeliveryReceipt, Message
from bot.conversations.states import Handling, Outbound
from bot.conversations.tickets.models import Ticket
from bot.live.hub import Hub
from bot.live.news import LISTS
from bot.live.stream import Watcher

blueprint = Blueprint("events", __name__, url_prefix="/console")
PATH = "/console/api/events"
_EXTENSION = "destek.live"
_CONVERSATION = "conversation:"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}")  # as everywhere (`bot.app`)
_MOST_TOPICS = 4  # a page shows one conversation and one list
_AGAIN_AFTER = (30, 60)  # seconds, spread
_UNFINISHED = (Outbound.QUEUED.value, Outbound.SENDING.value, Outbound.UNKNOWN.value)
_WITH_PEOPLE = (Handling.WAITING.value, Handling.AGENT.value)


def mark() -> str:
    """Return what differs after nearly all that a page may show; cheap, whatever there is.

    What leaves no trace here (words added to a ticket) a page that was away sees at its next look.
    """
    with db.read() as session:
        newest = [
            session.scalar(sa.select(sa.func.max(table.id)))
            for table in (Message, Handover, AuditEntry, Ticket, DeliveryReceipt)
        ]
        # What changes without a new row: a send that came to its end, a file that was fetched.
        counted = [
            _count(session, Message.direction == "out", Message.state.in_(_UNFINISHED)),
            _count(session, Attachment.state == "pending"),
            *(_count(session, Conversation.state == state) for state in _WITH_PEOPLE),
            _count(session, Ticket.state == "open"),
        ]
    return fragments.version(repr((newest, counted)))


def _count(session: Session, *conditions: Any) -> int:
    return int(session.scalar(sa.select(sa.func.count()).where(*conditions)) or 0)


def allowed(user_ids: set[int]) -> dict[int, int]:
    """Return the session epoch of those users who may still read."""
    with db.read() as session:
        rows = session.execute(
            sa.select(User.id, User.session_epoch)
            .where(User.id.in_(user_ids), User.is_active.is_(True))
        )
        return {int(user_id): int(epoch) for user_id, epoch in rows}


def _topics(session: Session) -> Mapping[str, int | None]:
    """Return what the page watches, with the row's id where it is a conversation."""
    names = list(dict.fromkeys(request.args.getlist("topic")))
    if not 0 < len(names) <= _MOST_TOPICS:
        raise BadRequest("name one to four topics")
    found: dict[str, int | None] = {}
    for name in names:
        if name in LISTS:
            found[name] = None
            continue
        if not name.startswith(_CONVERSATION):
            raise BadRequest("there is no such topic")
        uid = name.removeprefix(_CONVERSATION)[:32]
        row = session.scalar(sa.select(Conversation.id).where(Conversation.uid == uid))
        if row is None:
            raise PageNotFound()
        found[name] = int(row)
    return found


@blueprint.get("/api/events")
@login_required
def stream() -> Response:
    """Open a stream for a page, or tell it to poll."""
    hub: Hub = current_app.extensions[_EXTENSION]
    with db.read() as session:
        topics = _topics(session)
    watcher = Watcher(current_user.user_id, current_user.epoch)
    opened = hub.open(watcher, topics, _browser(request.environ), _descriptor(request.environ))
    if opened is None:
        return Response(status=204, headers=_later())
    try:
        # After the place is taken: what changes from here on is told.
        hub.begin(opened, request.headers.get("Last-Event-ID") or request.args.get("last", ""))
        answer = Response(opened, content_type="text/event-stream; charset=utf-8")
        answer.headers["X-Accel-Buffering"] = "no"  # a proxy that collects would tell nothing
        answer.headers["Cache-Control"] = "no-store"
        answer.call_on_close(opened.close)
    except BaseException:
        opened.close()
        raise
    return answer


def _later() -> dict[str, str]:
    return {"Retry-After": str(random.randint(*_AGAIN_AFTER)), "Cache-Control": "no-store"}


def _browser(environ: Mapping[str, Any]) -> int:
    """Return a number that stands for the browser's session; its cookie itself is kept nowhere."""
    return hash(environ.get("HTTP_COOKIE", ""))


def _descriptor(environ: Mapping[str, Any]) -> int:
    """Return the file descriptor of the connection, or -1 when the web server does not show it."""
    connection = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    return int(connection.fileno()) if connection is not None else -1


_ASKS = tuple(f"GET {PATH}{end}".encode() for end in ("?", " "))
_END = b"\r\n\r\n"


def _refusal(hub: Hub, head: bytes) -> bytes | None:
    """Return the whole answer to a request for a stream that there is not, or None to go on.

    A thousand may ask at once, all of them in front of the webhooks in the line for a thread. So
    the web server shows the first bytes of a request before it gives it one (`bot.web_worker`).
    """
    if not head.startswith(_ASKS) or not head.endswith(_END):
        return None
    _, _, cookie = head.partition(b"\r\nCookie: ")
    if not hub.turns_away(_browser({"HTTP_COOKIE": cookie.partition(b"\r\n")[0].decode("latin-1")})):
        return None
    headers = {**_later(), "X-Request-Id": uuid.uuid4().hex, "Connection": "close"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 204 No Content\r\n{lines}\r\n".encode()


Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]


def _door(inner: Application, hub: Hub) -> Application:
    """Return the application with a short way for who asks on a kept connection, or elsewhere.

    Answered before the session is read or the database asked.
    """

    def answer(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != PATH:
            return inner(environ, start)
        with hub.entry(_browser(environ)) as enters:
            if enters:
                return inner(environ, start)
        given = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        start("204 No Content", [*_later().items(), ("X-Request-Id", request_id)])
        return ()

    return answer


@blueprint.record_once
def _set_up(state: BlueprintSetupState) -> None:
    settings = config.load()
    hub = Hub(
        settings.redis, max(1, settings.web_threads // 2), settings.streams_per_user, mark, allowed
    )
    app = cast(Flask, state.app)
    app.extensions[_EXTENSION] = hub
    app.extensions["destek.door"] = functools.partial(_refusal, hub)
    app.wsgi_app = _door(app.wsgi_app, hub)  # type: ignore[method-assign, assignment]
