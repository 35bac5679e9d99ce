"""Logs of the Rasa process tell what failed and where, never what somebody wrote."""

from __future__ import annotations

import logging

import pytest

from bot.nlu import quiet

WORDS = "gizli sözler"


def fail() -> None:
    try:
        raise ValueError(WORDS)
    except ValueError as error:
        raise RuntimeError(f"outer {WORDS}") from error


@pytest.mark.usefixtures("loud_logging")
def test_exceptions_are_logged_without_their_words(caplog: pytest.LogCaptureFixture) -> None:
    quiet.install()
    logger = logging.getLogger("rasa.core.processor")
    try:
        fail()
    except RuntimeError as error:
        logger.exception("An action failed.")
        logger.error(error, exc_info=True)
        logger.exception("It says %s", error)
    assert caplog.text.count("RuntimeError (test_quiet.py:") == 3
    assert "An action failed." in caplog.text
    assert "from ValueError (test_quiet.py:" in caplog.text
    assert "gizli" not in caplog.text


@pytest.mark.usefixtures("loud_logging")
def test_other_records_and_loggers_stay_as_they_are(caplog: pytest.LogCaptureFixture) -> None:
    quiet.install()
    quiet.install()
    caplog.set_level(logging.INFO)
    logging.getLogger("rasa.core").info("Loading model %s", "m.tar.gz")
    logging.getLogger("rasa.core").debug("Received %s", WORDS)
    try:
        fail()
    except RuntimeError:
        logging.getLogger("elsewhere").exception("kept")
    assert "Loading model m.tar.gz" in caplog.text
    assert "Received" not in caplog.text
    assert "Traceback" in caplog.text


def test_a_place_names_no_more_than_five_causes() -> None:
    error: Exception = ValueError(WORDS)
    for _ in range(10):
        try:
            raise KeyError(WORDS) from error
        except KeyError as caught:
            error = caught
    assert quiet.place(error).count("KeyError") == 5
    assert WORDS not in quiet.place(error)
    assert quiet.place(ValueError(WORDS)) == "ValueError (?)"
