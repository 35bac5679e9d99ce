"""What gets into a log line, seen from outside: a process of its own writes it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def written(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", "from bot import logs; logs.configure('web');"
         f"log = logs.get('bot.gateway')\n{code}"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "LOG_FORMAT": "json", **environment},
        text=True, capture_output=True, check=True, timeout=30,
    )
    return done.stderr


def event(code: str) -> dict[str, Any]:
    found = json.loads(written(code))
    assert isinstance(found, dict)
    return found


def test_a_line_tells_process_request_and_conversation() -> None:
    found = event("with logs.context(request_id='r1', conversation_id='c1'): log.info('stored')")
    assert found["event"] == "stored"
    assert (found["process"], found["request_id"], found["conversation_id"]) == ("web", "r1", "c1")
    assert found["timestamp"].endswith("Z")


def test_fields_that_hold_customers_words_are_withheld() -> None:
    text = written("log.info('stored', text='gizli', phone='+905321234567', count=2)")
    assert "gizli" not in text
    assert "5321234567" not in text
    assert '"count": 2' in text


def test_messages_of_exceptions_are_not_written() -> None:
    text = written(
        "try:\n    raise ValueError('gizli')\n"
        "except ValueError:\n    log.exception('it failed')"
    )
    assert "gizli" not in text
    found = json.loads(text)
    assert found["error"] == "ValueError"
    assert found["where"]


def test_a_settings_error_says_what_is_wrong() -> None:
    found = event(
        "from bot.errors import ConfigurationError\n"
        "try:\n    raise ConfigurationError('PORT must be a number')\n"
        "except ConfigurationError:\n    log.exception('stopped')"
    )
    assert "PORT must be a number" in found["error"]


def test_long_numbers_in_other_libraries_lines_are_masked() -> None:
    text = written("import logging; logging.getLogger('lib').error('to %s', '+90 532 123 45 67')")
    assert "532" not in text
    assert "to [number]" in text


def test_plain_lines_are_readable() -> None:
    line = written("log.warning('slow', seconds=3)", LOG_FORMAT="plain")
    assert line.split(" ", 1)[1] == "WARNING bot.gateway: slow seconds=3\n"
