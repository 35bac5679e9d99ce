"""One module per page; a page is added by a line here."""

from __future__ import annotations

from bot.console.views import conversation, events, inbox, media, tickets

VIEWS = (
    inbox.blueprint, conversation.blueprint, media.blueprint, tickets.blueprint, events.blueprint,
)
