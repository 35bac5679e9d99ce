"""A phone in the browser, for the demo: messages go through the same door as a provider's."""

from __future__ import annotations

import secrets

from flask import Blueprint, Response, json, jsonify, render_template, request, send_file
from flask_login import current_user
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.exceptions import NotFound as PageNotFound

from bot import clock, config, db
from bot.channels.base import WebhookRequest
from bot.channels.errors import MediaError
from bot.channels.simulator import channel as simulator
from bot.channels.simulator import uploads
from bot.console import fragments, i18n, labels, locality, phone
from bot.console.views import media
from bot.gateway import intake
from bot.shop import queries as shop

blueprint = Blueprint("simulator", __name__, url_prefix="/simulator")
_MOST_BYTES = simulator.SimulatorChannel.limits.media_bytes
_FIELDS = ("message_id", "phone", "name", "text", "payload", "reply_to")
_LONGEST = 10_000  # characters of one field
# What a file is, by how it begins: what the browser calls it is only a claim.
_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg", "image"),
    (b"\x89PNG\r\n\x1a\n", "image/png", "image"),
    (b"GIF87a", "image/gif", "image"),
    (b"GIF89a", "image/gif", "image"),
    (b"OggS", "audio/ogg", "voice"),
    (b"ID3", "audio/mpeg", "voice"),
    (b"%PDF-", "application/pdf", "document"),
)


@blueprint.before_request
def _only_for_us() -> None:
    """Let in a signed-in user, or somebody at this machine; for anybody else there is no page.

    A proxy that passes requests on without a forwarding header and with a loopback Host can not be
    told from somebody at this machine: a shop that is on the internet runs with `DEMO=0`.
    """
    if not current_user.is_authenticated and not locality.with_local_host(request):
        raise PageNotFound()


def _examples(code: str) -> list[str]:
    texts = i18n.catalogue(code)
    return [texts[key] for key in sorted(texts) if key.startswith("example.")]


@blueprint.get("/")
def page() -> str:
    """Show the phone."""
    with db.read() as session:
        people = phone.demo_customers(session)
        name = str(shop.profile(session)["name"])
    return render_template(
        "simulator.html", people=people, shop_name=name,
        examples={code: _examples(code) for code in i18n.LANGUAGES},
    )


@blueprint.get("/api/messages")
def messages() -> Response:
    """Answer what the phone with number `phone` shows now; with `after`, only later messages."""
    number = request.args.get("phone", "")[:200]
    after = request.args.get("after", 0, type=int)
    shop_time = labels.moment(clock.now())
    with db.read() as session:
        cursor = fragments.version(f"{phone.mark(session, number)!r}|{after}|{shop_time}")
        if request.args.get("cursor") == cursor:
            return jsonify(changed=False, cursor=cursor)
        found = phone.thread(session, number, after)
    return jsonify(changed=True, cursor=cursor, clock=shop_time, **found)


@blueprint.post("/api/messages")
def send() -> tuple[Response, int]:
    """Send a message as the phone's owner; answers 202 with its id once it is stored."""
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise BadRequest("a JSON object is needed")
    message = {name: str(given[name])[:_LONGEST] for name in _FIELDS if given.get(name)}
    message.setdefault("message_id", f"web-{secrets.token_hex(12)}")
    if not message.get("phone"):
        raise BadRequest("a phone is needed")
    if isinstance(given.get("attachment"), dict):
        message["attachment"] = {  # type: ignore[assignment]
            name: str(given["attachment"].get(name, ""))[:255]
            for name in ("kind", "reference", "content_type", "file_name")
        }
    settings = config.load()
    body = json.dumps(message).encode()
    intake.receive(
        simulator.SimulatorChannel.name,
        WebhookRequest(
            method="POST", raw_target=request.path, path=request.path, body=body,
            headers={
                "content-type": "application/json",
                simulator.HEADER.lower(): simulator.sign(settings, body),
            },
        ),
    )
    return jsonify(message_id=message["message_id"]), 202


def _kind(head: bytes) -> tuple[str, str]:
    """Return (content type, kind) of a file by its first bytes; 400 for what is not taken."""
    for signature, content_type, kind in _SIGNATURES:
        if head.startswith(signature):
            return content_type, kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp", "image"
    raise BadRequest("not a photo, a voice note or a PDF")


@blueprint.post("/api/uploads")
def upload() -> tuple[Response, int]:
    """Keep a file for a message; answers the attachment to send with it."""
    file = request.files.get("file")
    if file is None:
        raise BadRequest("a file is needed")
    data = file.stream.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise RequestEntityTooLarge()
    content_type, kind = _kind(data[:16])
    reference = uploads.store_upload(config.load(), data, content_type)
    answer = {
        "kind": kind, "reference": reference, "content_type": content_type,
        "file_name": labels.one_line(file.filename or "", 100),
    }
    return jsonify(answer), 201


@blueprint.get("/api/files/<uid>")
def file(uid: str) -> Response:
    """Send a file back to the phone that sent it, whether or not the desk has fetched it yet."""
    with db.read() as session:
        attachment = phone.file(session, uid)
    if attachment is None:
        raise PageNotFound()
    try:
        content_type, stream = uploads.open_upload(config.load(), attachment.reference)
    except MediaError as error:
        raise PageNotFound() from error
    shown = content_type in media.SHOWN
    response = send_file(
        stream, mimetype=content_type if shown else "application/octet-stream",
        as_attachment=not shown, download_name=attachment.file_name or "dosya",
    )
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response
