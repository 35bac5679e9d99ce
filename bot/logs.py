"""Logging: one line an event, with the request and the conversation it belongs to.

JSON by default, plain text with `LOG_FORMAT=plain` (what `make run` sets). Words of customers and
what identifies them never get in: fields that could hold them are replaced, long numbers in other
libraries' sentences are masked, and of an exception the type and the place are written, its message
only where we wrote it ourselves (a database error, for example, quotes the row).
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from types import TracebackType
from typing import Any

import structlog

from bot.errors import ConfigurationError, TemporarilyUnavailable

Event = MutableMapping[str, Any]
_WITHHELD = "[not logged]"
_PRIVATE = frozenset({
    "address", "attributes", "body", "caption", "card", "content", "display_name", "email",
    "entities", "file_name", "form", "headers", "message", "password", "payload", "phone", "raw",
    "raw_target", "recipient", "secret", "sender", "slots", "text", "token", "variables",
})
_LONG_NUMBER = re.compile(r"\+?\d(?:[ -]?\d){8,}")
_OWN = (ConfigurationError, TemporarilyUnavailable)
_NOISY = {"dramatiq": logging.WARNING, "urllib3": logging.WARNING, "sanic.access": logging.ERROR,
          "sanic.root": logging.WARNING, "alembic": logging.WARNING, "rasa_sdk": logging.WARNING}


def configure(process: str, level: str | None = None) -> None:
    """Set up logging of this process: our events and those of every library, to stderr."""
    chosen = (level or os.environ.get("LOG_LEVEL") or "INFO").upper()
    if chosen not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
        raise ConfigurationError(f"LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, not {chosen!r}")
    plain = os.environ.get("LOG_FORMAT") == "plain"
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if plain else "iso", utc=not plain),
        _describe_exception,
        _withhold,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level, *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_foreign, *shared],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _plain if plain else _named(process),
            *([] if plain else [structlog.processors.JSONRenderer(ensure_ascii=False)]),
        ],
    ))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(chosen)
    for name, minimum in _NOISY.items():
        logging.getLogger(name).setLevel(max(minimum, root.level))


def get(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module: `log.info("event in words", field=value)`."""
    return structlog.stdlib.get_logger(name)


@contextlib.contextmanager
def context(**fields: Any) -> Iterator[None]:
    """Add fields, such as `request_id` or `conversation_id`, to every line within."""
    with structlog.contextvars.bound_contextvars(**fields):
        yield


def _withhold(_logger: Any, _method: str, event: Event) -> Event:
    for key in event.keys() & _PRIVATE:
        event[key] = _WITHHELD
    return event


def _foreign(_logger: Any, _method: str, event: Event) -> Event:
    event["event"] = _LONG_NUMBER.sub("[number]", str(event.get("event", "")))
    return event


def _describe_exception(_logger: Any, _method: str, event: Event) -> Event:
    found = event.pop("exc_info", None)
    if not found:
        return event
    error = sys.exc_info()[1] if found is True else found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["error"] = describe(error)
        event["where"] = _frames(error.__traceback__)
    return event


def describe(error: BaseException) -> str:
    """Return an exception's type, and what may be said of it, down to its first cause."""
    parts: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(parts) < 5:
        kind = f"{type(seen).__module__}.{type(seen).__qualname__}".removeprefix("builtins.")
        if isinstance(seen, _OWN):
            kind += f": {seen}"
        elif isinstance(seen, OSError) and seen.strerror:
            kind += f": {seen.strerror}"
        parts.append(kind)
        seen = seen.__cause__ or seen.__context__
    return " <- ".join(parts)


def _frames(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-8:]
    return [f"{os.path.relpath(f.filename)}:{f.lineno} {f.name}" for f in frames]


def _named(process: str) -> structlog.types.Processor:
    def add(_logger: Any, _method: str, event: Event) -> Event:
        event["process"] = process
        return event

    return add


def _plain(_logger: Any, _method: str, event: Event) -> str:
    level = str(event.pop("level", "info"))
    line = f"{event.pop('timestamp', '')} {'' if level == 'info' else level.upper() + ' '}"
    logger, words = event.pop("logger", ""), event.pop("event", "")
    where = event.pop("where", [])
    fields = " ".join(f"{key}={value}" for key, value in event.items())
    line += f"{logger}: {words} {fields}".rstrip()
    return "\n".join([line, *(f"    {frame}" for frame in where)])
