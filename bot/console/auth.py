"""Who is signed in: log-in, log-out, and the limits on trying."""

from __future__ import annotations

import dataclasses
import hashlib

from flask import (
    Blueprint,
    Flask,
    Response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_limiter import Limiter
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from bot import db, live
from bot.accounts import queries, service
from bot.accounts.models import User
from bot.config import Settings
from bot.console import i18n, problems

blueprint = Blueprint("auth", __name__, url_prefix="/console")
_PATIENCE = 0.5  # seconds for the counter in Redis; then this process counts alone


def _address() -> str:
    return request.remote_addr or "unknown"


def _address_and_email() -> str:
    email = request.form.get("email", "")[:320].strip().lower()
    # A digest: the key stands in Redis and in the limiter's log lines.
    return hashlib.sha256(f"{_address()}|{email}".encode()).hexdigest()


def _failed(response: Response) -> bool:
    return response.status_code != 302


limiter = Limiter(key_func=_address, in_memory_fallback_enabled=True, swallow_errors=True)


@dataclasses.dataclass(frozen=True)
class SignedIn(UserMixin):
    """The signed-in user of this request, apart from any database session."""

    user_id: int
    email: str
    name: str
    role: str
    language: str
    epoch: int

    @classmethod
    def of(cls, user: User) -> SignedIn:
        """Return the picture of a user's row."""
        return cls(
            int(user.id), str(user.email), str(user.name), str(user.role), str(user.language),
            int(user.session_epoch),
        )

    def get_id(self) -> str:
        """Return what the session cookie holds; raising a user's epoch ends all their sessions."""
        return f"{self.user_id}.{self.epoch}"


def _load(cookie_id: str) -> SignedIn | None:
    user_id, _, epoch = cookie_id.partition(".")
    if not user_id.isdecimal():
        return None
    with db.read() as db_session:
        user = queries.by_id(db_session, int(user_id))
    if user is None or not user.is_active or str(user.session_epoch) != epoch:
        return None
    return SignedIn.of(user)


def _ask_to_sign_in() -> AnyResponse:
    if problems.wants_json():
        raise Unauthorized("sign in first")
    return redirect(url_for("auth.login", next=request.full_path.rstrip("?")))


def _safe_next(target: str) -> str:
    """Return a place inside the product to go to; anything else becomes the inbox."""
    inside = target.startswith(("/console/", "/simulator/")) and "\\" not in target
    return target if inside and all(32 < ord(c) < 127 for c in target) else url_for("inbox.page")


@blueprint.get("/login")
def login() -> str | AnyResponse:
    """Show the log-in form."""
    if current_user.is_authenticated:
        return redirect(_safe_next(request.args.get("next", "")))
    return render_template("login.html", email="", failed=False)


@blueprint.post("/login")
@limiter.limit("60/minute", deduct_when=_failed)
@limiter.limit("5/minute;30/hour", key_func=_address_and_email, deduct_when=_failed)
def log_in() -> tuple[str, int] | AnyResponse:
    """Sign a person in, or show the form again with what went wrong."""
    email = request.form.get("email", "")[:320]
    with db.read() as db_session:
        user = service.authenticate(db_session, email, request.form.get("password", ""))
    if user is None:
        return render_template("login.html", email=email, failed=True), 401
    chosen = session.get("language")
    session.clear()  # nothing that was planted before the log-in survives it
    session.permanent = True
    with db.write() as db_session:
        if chosen in i18n.LANGUAGES:
            service.set_language(db_session, int(user.id), chosen)
        service.audit(db_session, int(user.id), "user.log_in", target=f"user:{user.id}")
    login_user(SignedIn.of(user))
    return redirect(_safe_next(request.args.get("next", "")))


@blueprint.post("/logout")
def log_out() -> AnyResponse:
    """Sign out."""
    if current_user.is_authenticated:
        live.signed_out(current_user.user_id)
    logout_user()
    session.clear()
    return redirect(url_for("auth.login"))


@blueprint.post("/language")
def change_language() -> AnyResponse:
    """Switch between Turkish and English: for the user, or for this browser before log-in."""
    code = request.form.get("language", "")
    if code in i18n.LANGUAGES:
        session["language"] = code
        if current_user.is_authenticated:
            with db.write() as db_session:
                service.set_language(db_session, current_user.user_id, code)
    return redirect(_safe_back(request.form.get("back", "")))


def _safe_back(target: str) -> str:
    return target if target == url_for("auth.login") else _safe_next(target)


def _storage(settings: Settings) -> tuple[str, dict[str, str | int]]:
    address = settings.redis
    if not address:
        return "memory://", {}
    if address.startswith("unix://"):
        address = f"redis+{address}"
    options = {"socket_connect_timeout": _PATIENCE, "socket_timeout": _PATIENCE}
    return address, options  # type: ignore[return-value]


def install(app: Flask, settings: Settings) -> None:
    """Set log-in and its limits up for an application."""
    manager = LoginManager()
    manager.user_loader(_load)
    manager.unauthorized_handler(_ask_to_sign_in)
    # Its own context processor asks for the user at once, also where a page shows no user and the
    # database is away; the proxy asks when a template does.
    manager.init_app(app, add_context_processor=False)
    app.context_processor(lambda: {"current_user": current_user})
    uri, options = _storage(settings)
    app.config.update(
        RATELIMIT_STORAGE_URI=uri, RATELIMIT_STORAGE_OPTIONS=options,
        RATELIMIT_KEY_PREFIX="destek:limit",
    )
    limiter.init_app(app)
    app.register_blueprint(blueprint)
