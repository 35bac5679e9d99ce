"""Every channel, one line each. Adding one is a folder and a line here."""

from __future__ import annotations

import functools

from bot import config
from bot.channels.base import Channel
from bot.channels.simulator.channel import SimulatorChannel
from bot.channels.twilio.whatsapp import TwilioWhatsAppChannel
from bot.errors import NotFound

CHANNELS: dict[str, type[Channel]] = {
    "simulator": SimulatorChannel,
    "twilio_whatsapp": TwilioWhatsAppChannel,
}

# Path below /webhooks/ of each provider door, to the channel that answers it.
DOORS: dict[str, str] = {
    "twilio/whatsapp": "twilio_whatsapp",
    "twilio/status": "twilio_whatsapp",
}


@functools.cache
def get(name: str) -> Channel:
    """Return the process's instance of a channel that is on; raise NotFound otherwise."""
    kind = CHANNELS.get(name)
    if kind is None or kind.missing(config.load()):
        raise NotFound(f"channel {name} is not set up")
    return kind(config.load())


def active() -> list[str]:
    """Return the names of the channels whose settings are complete."""
    return [name for name, kind in CHANNELS.items() if not kind.missing(config.load())]


def incomplete() -> dict[str, list[str]]:
    """Return the channels that somebody began to set up, with the settings still missing."""
    settings = config.load()
    return {
        name: kind.missing(settings)
        for name, kind in CHANNELS.items()
        if kind.wanted(settings) and kind.missing(settings)
    }
