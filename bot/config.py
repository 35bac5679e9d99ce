"""Settings: one reader for environment, `.env` and secret files.

`load()` returns a frozen `Settings`. Its fields are names of `.env.example` in lower case. A secret
`X` may come as `X_FILE`, a path whose content is the secret. Secrets that nobody set are made at
random once and kept under `DATA_DIR/secrets` with mode 600; there are no constant ones.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from bot.errors import ConfigurationError

_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")
_GENERATED = ("secret_key", "internal_secret")


@dataclasses.dataclass(frozen=True)
class Settings:
    """All settings, typed. Empty strings mean "not set"."""

    port: int = 8000
    host: str = "127.0.0.1"
    public_base_url: str = ""
    data_dir: Path = Path("var")
    database_url: str = ""
    redis_url: str = ""
    secret_key: str = dataclasses.field(default="", repr=False)
    internal_secret: str = dataclasses.field(default="", repr=False)
    demo: bool = True
    clock: str = ""
    clock_speed: str = ""
    demo_password: str = dataclasses.field(default="", repr=False)
    shop_time_zone: str = "Europe/Istanbul"
    rasa_urls: str = ""
    actions_url: str = ""
    s3_url: str = dataclasses.field(default="", repr=False)
    metrics_token: str = dataclasses.field(default="", repr=False)

    twilio_account_sid: str = ""
    twilio_auth_token: str = dataclasses.field(default="", repr=False)
    twilio_whatsapp_from: str = ""
    twilio_sms_from: str = ""
    twilio_voice_from: str = ""
    twilio_api_base_url: str = "https://api.twilio.com"
    meta_app_secret: str = dataclasses.field(default="", repr=False)
    meta_verify_token: str = dataclasses.field(default="", repr=False)
    meta_graph_base_url: str = "https://graph.facebook.com/v23.0"
    instagram_app_secret: str = dataclasses.field(default="", repr=False)
    instagram_graph_base_url: str = ""
    whatsapp_access_token: str = dataclasses.field(default="", repr=False)
    whatsapp_phone_number_id: str = ""
    messenger_page_id: str = ""
    messenger_page_token: str = dataclasses.field(default="", repr=False)
    instagram_account_id: str = ""
    instagram_access_token: str = dataclasses.field(default="", repr=False)
    telegram_bot_token: str = dataclasses.field(default="", repr=False)
    telegram_webhook_secret: str = dataclasses.field(default="", repr=False)
    telegram_api_base_url: str = "https://api.telegram.org"
    smtp_url: str = dataclasses.field(default="", repr=False)
    email_from: str = ""
    imap_url: str = dataclasses.field(default="", repr=False)
    email_webhook_secret: str = dataclasses.field(default="", repr=False)
    mailgun_signing_key: str = dataclasses.field(default="", repr=False)

    # Limits of the conversation, settable; the reasons stand in docs/design.md.
    bot_replies_per_10_minutes: int = 20
    inbound_per_minute: int = 60
    pair_burst: int = 10
    pair_seconds_per_message: float = 6.0
    missed_poll_seconds: float = 60.0  # between two looks for messages a provider could not deliver
    worker_threads: int = 16
    web_threads: int = 200
    web_workers: int = 2
    streams_per_user: int = 10  # live pages of one user in one web process
    # How many processes of each kind `make run` starts.
    web_count: int = 1
    worker_count: int = 1
    rasa_count: int = 1
    clock_count: int = 1

    @functools.cached_property
    def base_url(self) -> str:
        """The address under which providers and people reach us, without a trailing slash."""
        return (self.public_base_url or f"http://{self.host}:{self.port}").rstrip("/")

    @functools.cached_property
    def database(self) -> str:
        """SQLAlchemy URL of the database; SQLite under `DATA_DIR` unless one is set."""
        if self.database_url:
            return self.database_url.replace("postgres://", "postgresql://", 1)
        return f"sqlite:///{self.data_dir.resolve() / 'destek.sqlite3'}"

    @property
    def redis(self) -> str:
        """Redis URL: the one set, else that of the bundled server from `DATA_DIR/run.json`."""
        return self.redis_url or str(self.run_info().get("redis_url", ""))

    @property
    def rasa_addresses(self) -> tuple[str, ...]:
        """Base URLs of the Rasa processes, in a stable order."""
        text = self.rasa_urls or str(self.run_info().get("rasa_urls", ""))
        return tuple(u.strip().rstrip("/") for u in text.split(",") if u.strip())

    @property
    def actions_address(self) -> str:
        """Base URL of the action server."""
        return (self.actions_url or str(self.run_info().get("actions_url", ""))).rstrip("/")

    def run_info(self) -> dict[str, object]:
        """Return what the supervisor wrote about this run (ports, addresses), or an empty dict."""
        try:
            written = os.stat(self._run_file)
        except FileNotFoundError:
            return {}
        return _run_info(self._run_file, (written.st_mtime_ns, written.st_ino, written.st_size))

    @functools.cached_property
    def _run_file(self) -> str:
        return str(self.data_dir / "run.json")


@functools.lru_cache(maxsize=4)
def _run_info(path: str, _version: tuple[int, int, int]) -> dict[str, object]:
    """Read a run's file once for each version of it: it is asked for with every message."""
    try:
        data = json.loads(Path(path).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _read(name: str, env: Mapping[str, str]) -> str | None:
    path = env.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise ConfigurationError(f"{name}_FILE names a file that can not be read: {path}") from error
    return env.get(name)


def _convert(field: dataclasses.Field[object], text: str) -> object:
    kind = str(field.type)
    name = field.name.upper()
    if kind == "bool":
        if text.lower() in _TRUE:
            return True
        if text.lower() in _FALSE:
            return False
        raise ConfigurationError(f"{name} must be 1 or 0, not {text!r}")
    if kind in ("int", "float"):
        try:
            return int(text) if kind == "int" else float(text)
        except ValueError as error:
            raise ConfigurationError(f"{name} must be a number, not {text!r}") from error
    return Path(text) if kind == "Path" else text


def _generated(name: str, data_dir: Path) -> str:
    folder = data_dir / "secrets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / name
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        value = secrets.token_urlsafe(32)
        file.write(value)
    return value


def from_environment(env: Mapping[str, str]) -> Settings:
    """Build settings from a mapping of names to texts; raise ConfigurationError on a bad value."""
    values: dict[str, object] = {}
    for field in dataclasses.fields(Settings):
        text = _read(field.name.upper(), env)
        if text is not None and text != "":
            values[field.name] = _convert(field, text)
    settings = Settings(**values)  # type: ignore[arg-type]
    made = {n: _generated(n, settings.data_dir) for n in _GENERATED if not getattr(settings, n)}
    return dataclasses.replace(
        settings,
        instagram_app_secret=settings.instagram_app_secret or settings.meta_app_secret,
        instagram_graph_base_url=settings.instagram_graph_base_url or settings.meta_graph_base_url,
        **made,  # type: ignore[arg-type]
    )


@functools.lru_cache(maxsize=1)
def load() -> Settings:
    """Return the settings of this process (environment before `.env`), read once."""
    merged = {k: v for k, v in dotenv_values(".env").items() if v is not None}
    merged.update(os.environ)
    return from_environment(merged)
