"""What a failed request is answered: problem+json for programs, a friendly page for people."""

from __future__ import annotations

from flask import Flask, Response, g, json, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from bot import logs
from bot.console import i18n

_log = logs.get(__name__)
_JSON_PREFIXES = (
    "/console/api/", "/simulator/api/", "/webchat/", "/webhooks/",
    "/healthz", "/metrics", "/readyz",
)
_PAGES = (400, 401, 403, 404, 413, 429)  # with a text of their own; everything else reads as 500


def problem(status: int, title: str, detail: str = "") -> Response:
    """Return an RFC 9457 answer. `detail` is for people and holds nothing of the request."""
    body = {
        "type": "about:blank", "title": title, "status": status,
        "request_id": getattr(g, "request_id", ""),
    }
    if detail:
        body["detail"] = detail
    return Response(json.dumps(body), status=status, content_type="application/problem+json")


def wants_json() -> bool:
    """Tell whether the request is a program's: by its route, or because it asks for JSON only."""
    if request.path.startswith(_JSON_PREFIXES):
        return True
    accept = request.accept_mimetypes
    return bool(accept.accept_json and not accept.accept_html)


def page(status: int) -> tuple[str, int]:
    """Return the friendly page for a status in the reader's language."""
    kind = status if status in _PAGES else 500
    return render_template("error.html", status=status, kind=kind), status


def _http_error(error: HTTPException) -> Response | tuple[str, int]:
    status = error.code or 500
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    if status < 400:
        return error.get_response()  # type: ignore[return-value]
    if wants_json():
        detail = "" if isinstance(error, CSRFError) else (error.description or "")
        answer = problem(status, error.name, detail)
        for name, value in error.get_headers():
            if name in ("Allow", "WWW-Authenticate", "Retry-After"):
                answer.headers[name] = value
        return answer
    return page(status)


def _crash(error: Exception) -> Response | tuple[str, int]:
    _log.error("request failed", exc_info=error)
    if wants_json():
        return problem(500, "Internal Server Error")
    # The user's own language stands in the database, which may be what failed.
    g.language = i18n.of_browser()
    return page(500)


def install(app: Flask) -> None:
    """Register the handlers with an application."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _crash)
