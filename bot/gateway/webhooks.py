"""The providers' doors: a thin shell that hands the untouched request to the intake.

Nothing here decodes the body: signatures are over the bytes and the target as they were sent.
Status codes say whose fault it was: forged 401, not set up 404, our own failure 500 so that the
provider comes again; an authentic oddity is stored by the intake and answered like any other.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from flask import Blueprint, Request, Response, request
from werkzeug.exceptions import NotFound as PageNotFound
from werkzeug.exceptions import Unauthorized

from bot import config
from bot.channels import registry
from bot.channels.base import WebhookRequest
from bot.channels.errors import Forged
from bot.gateway import intake

MAX_BODY = 3 * 1024 * 1024  # bytes; no provider sends a third of it

blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")


def raw_target(sent: Request) -> str:
    """Return path and query as they stood in the request line, percent-encoding untouched.

    gunicorn keeps it as RAW_URI, werkzeug as REQUEST_URI; a server that keeps neither forces a
    rebuild, which may differ in the case of percent-encoding.
    """
    for name in ("RAW_URI", "REQUEST_URI"):
        target = str(sent.environ.get(name, ""))
        if target.startswith("/"):
            return target
        if "://" in target:  # absolute form, as proxies send it
            parts = urlsplit(target)
            return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    path = quote(sent.environ.get("PATH_INFO", "/").encode("latin-1"), safe="/:@!$&'()*+,;=~-._")
    query = sent.environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def untouched(sent: Request) -> WebhookRequest:
    """Return the request as bytes and texts; raise 413 when the body is beyond every provider's."""
    sent.max_content_length = MAX_BODY
    body = sent.get_data(cache=False, parse_form_data=False)
    return WebhookRequest(
        method=sent.method,
        raw_target=raw_target(sent),
        headers={name.lower(): value for name, value in sent.headers.items()},
        body=body,
        path=sent.path,
    )


@blueprint.post("/<path:door>")
def receive(door: str) -> Response:
    """Take one webhook in and answer what the provider wants to hear."""
    name = registry.DOORS.get(door)
    kind = registry.CHANNELS.get(name or "")
    if name is None or kind is None or kind.missing(config.load()):
        raise PageNotFound("no channel is set up at this address")
    try:
        reply = intake.receive(name, untouched(request))
    except Forged as error:
        raise Unauthorized("the proof that the provider sent this is missing or wrong") from error
    return Response(reply.body, status=reply.status, content_type=reply.content_type)
