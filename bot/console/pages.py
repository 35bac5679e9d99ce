"""Which pages there are, and what every template knows."""

from __future__ import annotations

import zlib

from flask import Flask

from bot import clock
from bot.config import Settings
from bot.console import fragments, i18n, labels
from bot.console.views import VIEWS, media, simulator

_TONES = 6  # colours of the round pictures; see desk.css


def initials(name: str) -> str:
    """Return one or two letters that stand for a name; a dot for a number or nothing."""
    words = [word for word in name.split() if word[0].isalpha()]
    letters = "".join(word[0] for word in (words[:1] + words[1:][-1:])).replace("i", "İ").upper()
    return letters or "•"


def _tone(uid: str) -> int:
    return zlib.crc32(uid.encode()) % _TONES


def _channel(name: str) -> str:
    return i18n.text_or(f"channel.{name}", name)


def _showable(content_type: str) -> bool:
    return media.bare_type(content_type) in media.SHOWN


def install(app: Flask, settings: Settings) -> None:
    """Register every page with an application; the simulator only in the demo."""
    for blueprint in VIEWS:
        app.register_blueprint(blueprint)
    if settings.demo:
        app.register_blueprint(simulator.blueprint)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        channel=_channel, clock_time=labels.clock_time, elapsed=labels.elapsed, initials=initials,
        marked=labels.marked, moment=labels.moment, money=labels.money,
        one_line=labels.one_line, short=labels.short, showable=_showable, text_or=i18n.text_or, tone=_tone,
        version=fragments.version,
    )
    app.context_processor(
        lambda: {
            "t": i18n.text, "language": i18n.language(), "script_texts": i18n.for_scripts,
            "now": clock.now,
        }
    )
