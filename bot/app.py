"""The web application: one Flask app for webhooks, console, simulator and health.

`create_app` never imports Rasa. Addresses of clients are those of the connection: no forwarding
header is believed, because anybody can send one.
"""

from __future__ import annotations

import datetime as dt
import re
import time
import uuid

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
    usual = request.method == "GET" and response.status_code < 500
    if not (usual and (is_file or request.path.startswith(_QUIET))):
        # The rule and not the path: a path can hold an id, and a stranger can write anything in it.
        _log.info(
            "request", method=request.method, status=response.status_code,
            route=str(request.url_rule) if request.url_rule else "none",
            milliseconds=round((time.perf_counter() - g.began) * 1000, 1),
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
    app.before_request(_begin)
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
    csrf = CSRFProtect(app)
    csrf.exempt(webhooks.blueprint)
    Bootstrap5(app)
    auth.install(app, settings)
    problems.install(app)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(webhooks.blueprint)
    pages.install(app, settings)
    app.add_url_rule("/", "home", _home)
    app.add_url_rule("/favicon.ico", "favicon", _favicon)
    app.after_request(_finish)
    app.teardown_request(_forget)
    return app
