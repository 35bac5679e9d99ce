"""Keeps customers' words out of the logs of the Rasa process.

Rasa prints message texts, slots and events at DEBUG, and an exception's message may quote them at
any level. `install()` raises Rasa's loggers to INFO at least, masks the fields of structured
records that carry words, and replaces tracebacks by a list of types and places.
"""

from __future__ import annotations

import logging
import traceback
import warnings
from collections.abc import Callable, MutableMapping
from types import TracebackType
from typing import Any

import structlog

_OURS = ("rasa", "sanic", "asyncio", "bot.", "sqlalchemy", "aiohttp", "py.warnings")
_SAFE_FIELDS = frozenset(
    ("event", "level", "logger", "timestamp", "action_name", "action_extract_slot")
)
_installed = False


def install() -> None:
    """Silence the process's loggers; doing it twice is harmless."""
    global _installed
    if _installed:
        return
    _installed = True
    rasa_logger = logging.getLogger("rasa")
    rasa_logger.setLevel(max(logging.INFO, rasa_logger.level))
    logging.setLogRecordFactory(_record_factory(logging.getLogRecordFactory()))
    # The list itself is changed: loggers that already exist hold on to it.
    processors = structlog.get_config()["processors"]
    if isinstance(processors, list):
        processors.insert(0, _mask)
    for words in ("Failed to parse arguments", "Append event called"):
        warnings.filterwarnings("ignore", message=f".*{words}")


def place(error: BaseException) -> str:
    """Return an exception as types and places, without any message: `KeyError (x.py:3 in f)`."""
    parts: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(parts) < 5:
        parts.append(f"{type(seen).__name__} ({_where(seen.__traceback__)})")
        seen = seen.__cause__ or seen.__context__
    return " from ".join(parts)


def _where(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)
    if not frames:
        return "?"
    return f"{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno} in {frames[-1].name}"


def _record_factory(original: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
    def make(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = original(*args, **kwargs)
        if record.exc_info and record.name.startswith(_OURS):
            error = record.exc_info[1]
            if error is not None:
                record.msg = f"{_first_words(record, error)} {place(error)}"
                record.args = ()
            record.exc_info = None
        return record

    return make


def _first_words(record: logging.LogRecord, error: BaseException) -> str:
    """Return the record's own text unless it is the exception itself or quotes it."""
    if isinstance(record.msg, BaseException) or record.name.startswith("sanic"):
        return "exception:"
    text = record.getMessage()
    return "exception:" if str(error) and str(error) in text else text


def _mask(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in fields:
        if name not in _SAFE_FIELDS:
            fields[name] = "..."
    return fields
