"""From a message to its wishes: what is wanted, in order, and how sure we are.

A wish is an intent to be served. Pleasantries beside a wish are none, and anger beside a matter is
a mood of that matter. A second wish is only believed when it can not be the first one said again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Final

from bot.nlu.bands import FALLBACK, is_confident
from bot.nlu.clauses import Clause, clauses, without_greeting
from bot.nlu.identifiers import identifiers, is_only_identifiers
from bot.text import normalise

Ranking = list[tuple[str, float]]
Rank = Callable[[Sequence[str]], list[Ranking]]

WITHOUT_CONNECTOR: Final = 0.75
"""Confidence of two wishes that merely stand in two sentences; the bands suffice with "ayrıca"."""

MAX_WISHES: Final = 4

NAME_WORDS: Final = 2
"""As many unknown words behind a greeting are whom it greets ("merhaba Deniz Hanım")."""

PROVIDE_INFO: Final = "provide_info"

PLEASANTRIES: Final = frozenset(
    ("greet", "thanks_goodbye", "affirm", "deny", "provide_info", "bot_question", "out_of_scope")
)
MOODS: Final = frozenset(
    ("complaint", "praise", "suggestion", "abuse", "broken_promise", "survey_answer")
)

_MATTERS: Final = (
    "track_order delivery_delayed delivered_not_received delivery_change cancel_order modify_order "
    "shipping_info missing_or_wrong_item damaged_on_arrival gift_and_packaging",
    "return_request return_policy return_shipping_help return_status exchange_request "
    "refund_status refund_dispute",
    "warranty_question product_fault_report service_appointment service_status maintenance_plan "
    "service_and_parts_info",
    "usage_help care_advice product_question stock_availability product_recommendation",
    "invoice_request payment_failed charge_dispute payment_options bank_transfer_notice",
    "loyalty_points loyalty_program_info campaign_question coupon_problem",
    "account_help data_access_request data_deletion_request marketing_opt_out marketing_opt_in",
    "talk_to_human callback_request contact_and_hours ticket_status",
)
_MATTER: Final = {intent: n for n, group in enumerate(_MATTERS) for intent in group.split()}
# Told apart with difficulty, so that two sentences about one thing would look like two wishes.
_CONFUSED: Final = frozenset(
    frozenset(pair.split())
    for pair in (
        "track_order stock_availability", "cancel_order marketing_opt_out",
        "cancel_order return_request", "damaged_on_arrival product_fault_report",
        "damaged_on_arrival exchange_request", "missing_or_wrong_item exchange_request",
        "missing_or_wrong_item return_request", "damaged_on_arrival return_request",
        "product_fault_report return_request", "product_fault_report exchange_request",
        "refund_status charge_dispute", "product_fault_report usage_help",
        "maintenance_plan care_advice", "account_help delivery_change",
        "service_status ticket_status", "return_status track_order",
        "coupon_problem payment_failed", "campaign_question payment_options",
    )
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Understanding:
    """The wishes of a message (at least one; the fallback when unsure) and the first's ranking."""

    wishes: tuple[tuple[str, float], ...]
    ranking: Ranking


def understand(text: str, rank: Rank, *, has_attachment: bool = False) -> Understanding:
    """Return the wishes of a message; `rank` gives the intents of each text, best first."""
    if not text.strip():
        # A photo without words is information; nothing at all is nothing understood.
        return _certain(PROVIDE_INFO) if has_attachment else Understanding(((FALLBACK, 0.0),), [])
    if is_only_identifiers(text, identifiers(text)):
        return _certain(PROVIDE_INFO)
    parts = clauses(text)
    whole = without_greeting(normalise(text))
    if len(parts) < 2:
        return _single(_of_one_clause(normalise(text), whole, rank))
    rankings = rank([part.text for part in parts])
    found = _wishes(parts, rankings)
    if len(found) > 1:
        first = found[0][0]
        chosen = next(r for r in rankings if r[0][0] == first and is_confident(r))
        return Understanding(tuple(found), chosen)
    rest = [p.text for p, r in zip(parts, rankings, strict=True) if not _is_pleasantry(p, r)]
    ranking = rank([" ".join(rest) if rest else whole])[0]
    if found and (
        # The story around it blurs the one clause that is clear, or the anger drowns it.
        not is_confident(ranking) or (ranking[0][0] in MOODS and found[0][0] not in MOODS)
    ):
        ranking = next(r for r in rankings if r[0][0] == found[0][0] and is_confident(r))
    return _single(ranking)


def _of_one_clause(text: str, rest: str, rank: Rank) -> Ranking:
    """Rank a message by what stands behind its greeting, or by all of it when that is a name."""
    ranking = rank([rest])[0]
    if rest == text or is_confident(ranking) or len(rest.split()) > NAME_WORDS:
        return ranking
    greeted = rank([text])[0]
    return greeted if is_confident(greeted) else ranking


def _wishes(parts: Sequence[Clause], rankings: Sequence[Ranking]) -> list[tuple[str, float]]:
    sure = [
        (part, *ranking[0])
        for part, ranking in zip(parts, rankings, strict=True)
        if is_confident(ranking) and not _is_pleasantry(part, ranking)
    ]
    matters = [item for item in sure if item[1] not in MOODS] or sure[:1]
    found: list[tuple[str, float]] = []
    for part, intent, confidence in matters:
        if any(intent == known for known, _ in found):
            continue
        if found and not _is_further(part, intent, confidence, found):
            continue
        found.append((intent, confidence))
    return found[:MAX_WISHES]


def _is_further(
    part: Clause, intent: str, confidence: float, found: Sequence[tuple[str, float]]
) -> bool:
    if part.further:
        return True
    if confidence < WITHOUT_CONNECTOR or found[0][1] < WITHOUT_CONNECTOR:
        return False
    return all(
        _MATTER.get(intent) != _MATTER.get(known) and frozenset((intent, known)) not in _CONFUSED
        for known, _ in found
    )


def _is_pleasantry(part: Clause, ranking: Ranking) -> bool:
    if is_only_identifiers(part.text, identifiers(part.text)):
        return True
    return ranking[0][0] in PLEASANTRIES and is_confident(ranking)


def _single(ranking: Ranking) -> Understanding:
    name, confidence = ranking[0]
    wish = (name if is_confident(ranking) else FALLBACK, confidence)
    return Understanding((wish,), ranking)


def _certain(intent: str) -> Understanding:
    return Understanding(((intent, 1.0),), [(intent, 1.0)])
