"""The web application: console, simulator and health in one Flask app, the providers' doors in another.

The doors need no session, no CSRF token, no page headers and no limits for log-ins, and every message
comes through them three or four times (itself and its receipts): without all that they cost half.
`create_app` never imports Rasa. Addresses of clients are those of the connection: no forwarding
header is believed, because anybody can send one.
"""

from __future__ import annotations

import datetime as dt
import re
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from flask import Flask, Response, g, redirect, request
from flask_bootstrap import Bootstrap5
from flask_talisman import Talisman
from flask_wtf.csrf import CSRFProtect
from werkzeug.wrappers import Response as AnyResponse

from bot import config, health, logs
from bot.console import auth, pages, problems
from bot.gateway import webhooks

_log = logs.get(__name__)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}")
_SESSION = dt.timedelta(hours=12)
# Asked every few seconds: their lines would bury all others, so only what went wrong is written.
_DOORS = "/webhooks/"
_SLOW = 1.0  # seconds
_QUIET = ("/healthz", "/readyz", "/metrics", "/console/api/", "/simulator/api/")
CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",  # data: Bootstrap's own icons; blob: a photo before its upload
    "media-src": "'self' blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    g.began = time.perf_counter()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _finish(response: AnyResponse) -> AnyResponse:
    response.headers["X-Request-Id"] = g.request_id
    is_file = (request.endpoint or "").endswith(("static", ".file"))
    if request.path.startswith(("/console", "/simulator")) and not is_file:
        response.headers.setdefault("Cache-Control", "no-store")
    took = time.perf_counter() - g.began
    usual = request.method == "GET" and response.status_code < 500
    quiet = usual and (is_file or request.path.startswith(_QUIET))
    if request.path.startswith(_DOORS):  # what came in has its row in the database
        quiet = response.status_code < 400 and took < _SLOW
    if not quiet:
        # The rule and not the path: a path can hold an id, and a stranger can write anything in it.
        _log.info(
            "request", method=request.method, status=response.status_code,
            route=str(request.url_rule) if request.url_rule else "none",
            milliseconds=round(took * 1000, 1),
        )
    return response


def _forget(_error: BaseException | None = None) -> None:
    structlog.contextvars.unbind_contextvars("request_id")


def _home() -> AnyResponse:
    return redirect("/console/")


def _favicon() -> Response:
    return Response(status=204)


def create_app(settings: config.Settings | None = None) -> Flask:
    """Build the application from the settings of this process; opens no connection yet."""
    settings = settings or config.load()
    secure = settings.base_url.startswith("https://")
    app = Flask(
        "bot", static_url_path="/static", static_folder=None, template_folder="console/templates"
    )
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="destek_session",
        PERMANENT_SESSION_LIFETIME=_SESSION,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a page may stay open all day
        MAX_CONTENT_LENGTH=20 * 1024 * 1024,
        BOOTSTRAP_SERVE_LOCAL=True,
        DEMO=settings.demo,
    )
    _observe(app)
    Talisman(
        app,
        # No redirect to https: providers' fakes and the machine's own checks come by plain http,
        # and behind a proxy the scheme that we see is the proxy's.
        force_https=False,
        session_cookie_secure=secure,
        session_cookie_samesite="Lax",
        strict_transport_security=secure,
        content_security_policy=CONTENT_SECURITY_POLICY,
        frame_options="DENY",
        referrer_policy="same-origin",
    )
    CSRFProtect(app)
    Bootstrap5(app)
    auth.install(app, settings)
    problems.install(app)
    app.register_blueprint(health.blueprint)
    pages.install(app, settings)
    app.add_url_rule("/", "home", _home)
    app.add_url_rule("/favicon.ico", "favicon", _favicon)
    app.wsgi_app = _split(app, _doors())  # type: ignore[method-assign]
    return app


def _observe(app: Flask) -> None:
    """Give every request an id, and every answer that needs one a line in the log."""
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(_forget)


def _doors() -> Flask:
    """Return the application that answers providers."""
    doors = Flask("bot.doors", static_folder=None, template_folder=None)
    _observe(doors)
    problems.install(doors)
    doors.register_blueprint(webhooks.blueprint)
    return doors


def _split(pages: Flask, doors: Flask) -> Callable[..., Iterable[bytes]]:
    """Return the WSGI application that hands each request to the one whose path it is."""
    for_pages, for_doors = pages.wsgi_app, doors.wsgi_app

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        chosen = for_doors if environ["PATH_INFO"].startswith(_DOORS) else for_pages
        return chosen(environ, start_response)

    return application
