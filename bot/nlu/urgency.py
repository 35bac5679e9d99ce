"""What is served first when a message holds several wishes.

The table goes by what waiting costs: first what people must see at once, then money that is gone,
then what can no longer be done a little later, then what went wrong, and so on down to talk. Wishes
of one class keep the order of the message.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

T = TypeVar("T")

_CLASSES: Final = (
    # A person takes over, whatever else there is; a promise of ours was broken already.
    "legal_escalation refund_dispute talk_to_human broken_promise",
    # Money was taken that should not have been: the bank's time runs as well.
    "charge_dispute",
    # Possible until the parcel is packed or handed over, which may be in an hour.
    "cancel_order delivery_change modify_order",
    # Something went wrong: a carrier's and a maker's deadline runs from the day it is reported.
    "delivered_not_received damaged_on_arrival missing_or_wrong_item product_fault_report",
    # Money that we owe, an order that can not be paid, and one that waits for its payment.
    "refund_status payment_failed bank_transfer_notice",
    # Something of the customer's is on its way, or was, and nobody knows where.
    "delivery_delayed track_order return_status service_status ticket_status",
    # Wishes with days to spare: the right to return, a code or a coupon that runs out, a visit.
    "return_request return_shipping_help exchange_request service_appointment coupon_problem"
    " callback_request account_help invoice_request loyalty_points gift_and_packaging",
    # Information that is true tomorrow as well.
    "shipping_info return_policy warranty_question maintenance_plan service_and_parts_info"
    " usage_help care_advice product_question stock_availability product_recommendation"
    " payment_options loyalty_program_info campaign_question contact_and_hours",
    # Nothing is lost by waiting, and what is deleted could not be asked about any more.
    "data_access_request data_deletion_request marketing_opt_out marketing_opt_in",
    # Nothing to be done now.
    "suggestion complaint survey_answer praise abuse",
)
URGENCY: Final = {intent: n for n, group in enumerate(_CLASSES) for intent in group.split()}
"""The class of each intent that may be a wish among several, 0 the most urgent."""


def by_urgency(wishes: Iterable[tuple[str, T]]) -> list[tuple[str, T]]:
    """Return (intent, anything) pairs in the order in which they are to be served."""
    return sorted(wishes, key=lambda wish: URGENCY.get(wish[0], len(_CLASSES)))
