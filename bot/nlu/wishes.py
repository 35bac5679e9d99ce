"""From a message to its wishes: what is wanted, in order, and how sure we are.

A wish is an intent to be served. Pleasantries beside a wish are none, and anger beside a matter is
a mood of that matter. A message is taken for two wishes when its best cut (`bot.nlu.cuts`) gives
two parts that are each clear, each of another matter, and clearer apart than together. Several are
served by urgency (`bot.nlu.urgency`), equally urgent ones as they stand in the message.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Final, Protocol

from bot.nlu.bands import FALLBACK, is_confident
from bot.nlu.cuts import Cut, without_connector
from bot.nlu.features import shortened
from bot.nlu.identifiers import identifiers, is_only_identifiers
from bot.nlu.openings import in_one_line, without_greeting
from bot.nlu.urgency import by_urgency
from bot.text import normalise
from bot.text.restated import is_restated

Ranking = list[tuple[str, float]]

TWO: Final = 0.55
"""Probability from which on a message is believed to hold two wishes. Over sentences of writers that
the model had not seen it invents a second wish in 2 of 100 messages with one."""

MAX_WISHES: Final = 4

SURELY: Final = 0.95
"""Confidence of a matter that counts although the message as a whole is rather a mood."""

MAX_LINES: Final = 12
IN_A_LINE: Final = 0.8
"""Confidence of a wish in a line of its own when the lines together are a pleasantry."""

NAME_WORDS: Final = 2
"""As many unknown words behind a greeting are whom it greets ("merhaba Deniz Hanım")."""

PROVIDE_INFO: Final = "provide_info"

PLEASANTRIES: Final = frozenset(
    ("greet", "thanks_goodbye", "affirm", "deny", "provide_info", "bot_question", "out_of_scope")
)
MOODS: Final = frozenset(("complaint", "praise", "abuse", "survey_answer"))
"""Beside a matter they are how somebody feels about it, unless announced as a matter of its own."""

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
MATTER: Final = {intent: n for n, group in enumerate(_MATTERS) for intent in group.split()}
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

SIGNS: Final = (
    "end", "further", "and", "comma", "less sure", "surer", "same matter", "easily confused",
    "whole sure", "whole is one", "first in whole", "second in whole", "length",
)  # fmt: skip
"""What speaks for or against two wishes; the weights come from `scripts/weigh_wishes.py`."""

_WEIGHTS: Final = (
    3.537, 4.03, 2.602, 1.573, 0.6, 0.254, 1.069, -1.296, -0.169, 0.138, 0.142, 0.08, 0.905,
)  # fmt: skip
_CONSTANT: Final = -7.0

_WORTH: Final = -2.0
"""Log odds, by the words of a cut's parts alone, below which it is not looked at any further: four
of five messages with one wish are done with here, and of a thousand with two less than one."""


class Judge(Protocol):
    """What is asked about texts: a trained model, or a stand-in."""

    def rank(self, texts: Sequence[str]) -> list[Ranking]:
        """Return the intents of each text with their probabilities, best first."""

    def cut(self, text: str) -> Cut | None:
        """Return where a folded text falls into two most likely, None when it is too short."""


@dataclasses.dataclass(frozen=True)
class Understanding:
    """The wishes of a message (at least one; the fallback when unsure) and the first's ranking."""

    wishes: tuple[tuple[str, float], ...]
    ranking: Ranking


def understand(text: str, judge: Judge, *, has_attachment: bool = False) -> Understanding:
    """Return the wishes of a message in the order in which they are to be served."""
    if not text.strip():
        # A photo without words is information; nothing at all is nothing understood.
        return _certain(PROVIDE_INFO) if has_attachment else Understanding(((FALLBACK, 0.0),), [])
    known = identifiers(text)
    if is_only_identifiers(text, known) or (known and is_restated(text)):
        return _certain(PROVIDE_INFO)
    # What is not looked at need not be folded.
    message = normalise(in_one_line(shortened(text)))
    whole = without_greeting(message)
    ranking = _of_one_wish(message, whole, judge)
    if ranking[0][0] in PLEASANTRIES and (told := _in_lines(text, judge)):
        return told
    parts = _parts(whole, ranking, judge)
    return _several(parts) if len(parts) > 1 else _single(parts[0])


def _in_lines(text: str, judge: Judge) -> Understanding | None:
    """Return the wishes that stand in lines of their own among pleasantries, None without any.

    "hi" / "can I ask something" / "how much is shipping", written as three messages, is a question.
    """
    written = [line for line in shortened(text).splitlines() if line.strip()]
    if not 2 <= len(written) <= MAX_LINES:
        return None
    lines = [without_greeting(normalise(line)) for line in written]
    sure = [
        ranking
        for ranking in judge.rank(lines)
        if ranking[0][0] not in PLEASANTRIES | MOODS and ranking[0][1] >= IN_A_LINE
    ]
    return _several(sure) if sure else None


def _of_one_wish(message: str, rest: str, judge: Judge) -> Ranking:
    """Rank a message by what stands behind its greeting, or by all of it when that is a name."""
    ranking = judge.rank([rest])[0]
    if rest == message or is_confident(ranking) or len(rest.split()) > NAME_WORDS:
        return ranking
    greeted = judge.rank([message])[0]
    return greeted if is_confident(greeted) else ranking


def _parts(text: str, whole: Ranking, judge: Judge, left: int = MAX_WISHES) -> list[Ranking]:
    """Return the rankings of the wishes in a folded text; that of the text alone when it is one."""
    cut = judge.cut(text) if left > 1 else None
    words = len(text.split())
    if cut is None or _at_first_sight(cut, words) < _WORTH:
        return [whole]
    texts = [without_greeting(cut.first.strip(" ,.;-")), without_connector(cut.second)]
    if not all(part and not is_only_identifiers(part, identifiers(part)) for part in texts):
        return [whole]
    first, second = judge.rank(texts)
    if not _are_two(cut, first, second, whole, words):
        return [_matter_of_a_mood(cut, first, second, whole)]
    found = [
        *_parts(texts[0], first, judge, left - 1),
        *_parts(texts[1], second, judge, left - 1),
    ]
    # A wish that would not be believed alone is not believed beside another one either.
    return found if all(map(is_confident, found)) else [whole]


def signs(cut: Cut, first: Ranking, second: Ranking, whole: Ranking, words: int) -> list[float]:
    """Return the values of `SIGNS` for a cut, the rankings of its parts and of the whole."""
    names = (first[0][0], second[0][0])
    shares = dict(whole)
    surer, less = sorted((_logit(first[0][1]), _logit(second[0][1])), reverse=True)
    return [
        *(float(cut.kind == kind) for kind in SIGNS[:4]),
        less,
        surer,
        float(MATTER.get(names[0]) == MATTER.get(names[1])),
        float(frozenset(names) in _CONFUSED),
        _logit(whole[0][1]),
        float(whole[0][0] in names),
        math.log(shares.get(names[0], 0.0) + 1e-5),
        math.log(shares.get(names[1], 0.0) + 1e-5),
        math.log(words),
    ]


def _weighed(values: Sequence[float]) -> float:
    return _CONSTANT + sum(w * value for w, value in zip(_WEIGHTS, values, strict=True))


def _at_first_sight(cut: Cut, words: int) -> float:
    """Return the log odds of two wishes as far as a cut alone tells."""
    clear, kinds = _logit(cut.clear), [float(cut.kind == kind) for kind in SIGNS[:4]]
    return _weighed([*kinds, clear, clear, 0, 0, 0, 0, 0, 0, math.log(words)])


def _are_two(cut: Cut, first: Ranking, second: Ranking, whole: Ranking, words: int) -> bool:
    names = (first[0][0], second[0][0])
    if names[0] == names[1] or PLEASANTRIES.intersection(names):
        return False
    if MOODS.intersection(names) and cut.kind != "further":
        return False
    return _weighed(signs(cut, first, second, whole, words)) >= math.log(TWO / (1 - TWO))


def _matter_of_a_mood(cut: Cut, first: Ranking, second: Ranking, whole: Ranking) -> Ranking:
    """Return the ranking of a part that is surely a matter when the whole is only its mood.

    "Where is my order? You are a disgrace." asks where the order is.
    """
    if whole[0][0] not in MOODS or cut.kind not in ("end", "further"):
        return whole
    matters = [
        part
        for part in (first, second)
        if part[0][0] not in MOODS | PLEASANTRIES and part[0][1] >= SURELY
    ]
    return matters[0] if len(matters) == 1 else whole


def _logit(probability: float) -> float:
    held = min(max(probability, 1e-4), 1 - 1e-4)
    return math.log(held / (1 - held))


def _single(ranking: Ranking) -> Understanding:
    name, confidence = ranking[0]
    wish = (name if is_confident(ranking) else FALLBACK, confidence)
    return Understanding((wish,), ranking)


def _several(rankings: Sequence[Ranking]) -> Understanding:
    """Return the wishes of rankings in order of urgency, each once; the most urgent ones of many."""
    first_of: dict[str, Ranking] = {}
    for ranking in rankings:
        first_of.setdefault(ranking[0][0], ranking)
    ordered = by_urgency(first_of.items())[:MAX_WISHES]
    return Understanding(tuple(ranking[0] for _, ranking in ordered), ordered[0][1])


def _certain(intent: str) -> Understanding:
    return Understanding(((intent, 1.0),), [(intent, 1.0)])
