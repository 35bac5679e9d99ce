"""Which pages there are, and what every template knows."""

from __future__ import annotations

from flask import Flask

from bot.config import Settings
from bot.console import i18n
from bot.console.views import VIEWS, simulator


def install(app: Flask, settings: Settings) -> None:
    """Register every page with an application; the simulator only in the demo."""
    for blueprint in VIEWS:
        app.register_blueprint(blueprint)
    if settings.demo:
        app.register_blueprint(simulator.blueprint)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.context_processor(
        lambda: {"t": i18n.text, "language": i18n.language(), "script_texts": i18n.for_scripts()}
    )
