"""Pure text helpers: matching keys, identifiers, language, splitting, short answers.

Ground floor: no domain objects, no database, no network. Everything a caller needs is
exported here; the submodules are an implementation detail.
"""

from __future__ import annotations

from bot.text.amounts import find_amounts
from bot.text.answers import is_bare_cancel, is_opt_out, ordinal_choice
from bot.text.codes import find_codes, find_coupons
from bot.text.contacts import find_emails, find_phones
from bot.text.counts import find_installments, find_points, find_quantities, find_ratings
from bot.text.days import as_found, find_days
from bot.text.dictated import phones_abroad, written_out
from bot.text.feasts import Day
from bot.text.goods import Catalogue, Product
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
from bot.text.periods import find_durations, find_ranges
from bot.text.personal import find_tax_ids, is_tckn
from bot.text.places import find_places
from bot.text.reading import Found, Reading
from bot.text.splitting import split_message
from bot.text.terms import find_carriers, find_terms
from bot.text.times import find_times
from bot.text.variants import find_variants

__all__ = [
    "Catalogue",
    "Day",
    "Found",
    "Product",
    "Reading",
    "as_found",
    "clean",
    "detect_language",
    "expand_short_forms",
    "find_amounts",
    "find_carriers",
    "find_codes",
    "find_coupons",
    "find_days",
    "find_durations",
    "find_emails",
    "find_installments",
    "find_numbers",
    "find_phones",
    "find_places",
    "find_points",
    "find_quantities",
    "find_ranges",
    "find_ratings",
    "find_tax_ids",
    "find_terms",
    "find_ticket_numbers",
    "find_times",
    "find_variants",
    "fold",
    "harmless",
    "is_bare_cancel",
    "is_opt_out",
    "is_tckn",
    "normalise",
    "ordinal_choice",
    "phones_abroad",
    "search_key",
    "split_message",
    "squeeze",
    "strip_nul",
    "written_out",
]
