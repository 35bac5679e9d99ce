"""What each case needs to be told before a person can work on it.

A case is a matter that the bot collects and a person decides. The table is literal on purpose: to
change what is asked for an intent, change its line. The questions themselves are the responses
`utter_ask_details_<intent>`. Who may hear of an order is not decided here but in one place,
`bot.aftersales.orders.access`.
"""

from __future__ import annotations

import dataclasses

from bot.aftersales.orders.shopsystem import OrderState as S

_NOT_SENT = (S.PREPARING,)
_ON_THE_WAY = (S.PREPARING, S.SHIPPED)
_AT_HOME = (S.DELIVERED, S.SHIPPED)
_COMING_BACK = (S.RETURN_STARTED, S.RETURN_RECEIVED, S.DELIVERED)
_MONEY_BACK = (S.RETURN_STARTED, S.RETURN_RECEIVED, S.REFUNDED, S.CANCELLED)
_ANY = tuple(S)


@dataclasses.dataclass(frozen=True)
class CaseSpec:
    """One line: what is asked, and how the ticket is opened."""

    category: str  # topic, the same word as in data/
    orders: tuple[S, ...] = ()  # states in which an order can be meant; () asks for none
    details: bool = True  # ask one open question unless the first message already tells
    photo: bool = False  # a photo helps; "yok" is an answer too
    priority: str = "normal"
    notice: bool = False  # the message itself is a notice: its time is kept and said back
    sorry: bool = False  # something went wrong for the customer: say so first
    owner: bool = False  # only for orders of the address that writes: else a person asks who it is
    person: bool = False  # a person comes at once, besides the ticket
    answer_by: bool = True  # tell by when (false: logged, no date)


CASES: dict[str, CaseSpec] = {
    # orders
    "delivered_not_received": CaseSpec("orders", _AT_HOME, priority="high", sorry=True),
    "delivery_change": CaseSpec("orders", _ON_THE_WAY, owner=True),
    "cancel_order": CaseSpec(
        "orders", _ON_THE_WAY, details=False, notice=True, priority="high", owner=True
    ),
    "modify_order": CaseSpec("orders", _ON_THE_WAY, priority="high"),
    "missing_or_wrong_item": CaseSpec("orders", _AT_HOME, photo=True, sorry=True),
    "damaged_on_arrival": CaseSpec("orders", _AT_HOME, photo=True, priority="high", sorry=True),
    "gift_and_packaging": CaseSpec("orders", _NOT_SENT),
    # returns
    "return_request": CaseSpec("returns", _AT_HOME, notice=True, owner=True),
    "return_shipping_help": CaseSpec("returns", _COMING_BACK, owner=True),
    "return_status": CaseSpec("returns", _COMING_BACK, details=False),
    "exchange_request": CaseSpec("returns", _AT_HOME),
    "refund_status": CaseSpec("returns", _MONEY_BACK, details=False),
    "refund_dispute": CaseSpec("returns", _MONEY_BACK, priority="high", sorry=True),
    # warranty_service
    "warranty_question": CaseSpec("warranty_service", _AT_HOME),
    "product_fault_report": CaseSpec(
        "warranty_service", _AT_HOME, photo=True, notice=True, sorry=True
    ),
    "service_appointment": CaseSpec("warranty_service"),
    "service_status": CaseSpec("warranty_service"),
    "maintenance_plan": CaseSpec("warranty_service"),
    "service_and_parts_info": CaseSpec("warranty_service"),
    # product_help
    "usage_help": CaseSpec("product_help"),
    "care_advice": CaseSpec("product_help"),
    "product_question": CaseSpec("product_help"),
    "stock_availability": CaseSpec("product_help"),
    "product_recommendation": CaseSpec("product_help"),
    # payment_invoice
    "invoice_request": CaseSpec("payment_invoice", _ANY),
    "payment_failed": CaseSpec("payment_invoice"),
    "charge_dispute": CaseSpec("payment_invoice", priority="high", sorry=True),
    "bank_transfer_notice": CaseSpec("payment_invoice", _NOT_SENT, photo=True),
    # loyalty_campaigns
    "campaign_question": CaseSpec("loyalty_campaigns"),
    "coupon_problem": CaseSpec("loyalty_campaigns"),
    # account_privacy
    "account_help": CaseSpec("account_privacy"),
    "data_access_request": CaseSpec("account_privacy", details=False),
    "data_deletion_request": CaseSpec("account_privacy", details=False),
    # feedback
    "suggestion": CaseSpec("feedback", answer_by=False),
    "complaint": CaseSpec("feedback", sorry=True),
    "broken_promise": CaseSpec("feedback", details=False, priority="high", sorry=True),
    "legal_escalation": CaseSpec(
        "feedback", details=False, priority="urgent", sorry=True, person=True
    ),
}

# Intents that describe the same trouble in other words: as an answer to an open question they are
# taken as part of it, unless the understanding is very sure that a new wish was meant.
KIN: tuple[frozenset[str], ...] = (
    frozenset({"missing_or_wrong_item", "damaged_on_arrival", "delivered_not_received",
               "product_fault_report", "complaint"}),
    frozenset({"return_request", "exchange_request", "return_shipping_help", "return_policy",
               "return_status", "refund_status", "refund_dispute", "missing_or_wrong_item",
               "damaged_on_arrival"}),
    frozenset({"warranty_question", "product_fault_report", "service_appointment",
               "service_status", "service_and_parts_info", "maintenance_plan", "usage_help",
               "care_advice", "callback_request"}),
    frozenset({"usage_help", "care_advice", "product_question", "stock_availability",
               "product_recommendation", "warranty_question"}),
    frozenset({"invoice_request", "payment_failed", "charge_dispute", "bank_transfer_notice",
               "refund_status", "refund_dispute", "campaign_question", "coupon_problem"}),
    frozenset({"delivery_change", "modify_order", "cancel_order", "gift_and_packaging",
               "delivered_not_received", "account_help"}),
    frozenset({"complaint", "suggestion", "broken_promise", "praise", "delivery_delayed"}),
)  # fmt: skip


# Cases whose question asks what the customer would like. Whatever names a remedy is an answer there,
# unless it was understood as one of the wishes that never wait.
ASKS_REMEDY: frozenset[str] = frozenset(
    {"damaged_on_arrival", "product_fault_report", "missing_or_wrong_item"}
)
NO_REMEDY: frozenset[str] = frozenset(
    {"talk_to_human", "callback_request", "legal_escalation", "return_policy", "payment_options",
     "contact_and_hours", "marketing_opt_out", "data_deletion_request", "track_order"}
)  # fmt: skip


def akin(intent: str, other: str) -> bool:
    """Tell whether two intents are often two wordings of one matter."""
    return any(intent in group and other in group for group in KIN)
