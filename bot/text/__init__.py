"""Pure text helpers: matching keys, identifiers, language, splitting, short answers.

Ground floor: no domain objects, no database, no network. Everything a caller needs is
exported here; the submodules are an implementation detail.
"""

from __future__ import annotations

from bot.text.answers import is_bare_cancel, is_opt_out, ordinal_choice
from bot.text.contacts import find_emails, find_phones
from bot.text.identifiers import find_numbers, find_ticket_numbers, search_key
from bot.text.language import detect_language
from bot.text.normal import (
    clean,
    expand_short_forms,
    fold,
    harmless,
    normalise,
    squeeze,
    strip_nul,
)
from bot.text.splitting import split_message

__all__ = [
    "clean",
    "detect_language",
    "expand_short_forms",
    "find_emails",
    "find_numbers",
    "find_phones",
    "find_ticket_numbers",
    "fold",
    "harmless",
    "is_bare_cancel",
    "is_opt_out",
    "normalise",
    "ordinal_choice",
    "search_key",
    "split_message",
    "squeeze",
    "strip_nul",
]
