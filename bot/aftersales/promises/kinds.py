"""The kinds of promises, each with what it says. The names are what the ledger holds."""

from __future__ import annotations

import enum


class PromiseKind(str, enum.Enum):
    """What was promised. The ones that others keep are stored as quoted (`own` is false)."""

    DISPATCH = "dispatch"  # the order is handed to the carrier by then
    DELIVERY = "delivery"  # the carrier's own estimate of the delivery, quoted
    REFUND_SENT = "refund_sent"  # the shop sends the money back by then
    CALLBACK = "callback"  # a person phones within that window
    NEXT_UPDATE = "next_update"  # we write by then, even if there is nothing new
    HUMAN_REPLY = "human_reply"  # a person answers in the chat by then
    TICKET_ANSWER = "ticket_answer"  # a ticket is answered by then
    DATA_REQUEST = "data_request"  # a request about personal data is answered by then
    OPENING = "opening"  # people are at work from then
