"""Twilio's error codes and what each means for a message.

The same codes come in the answer to a send and, later, in a status callback. Only codes are looked
at: Twilio says that the texts may change. A code that is not listed is a refusal without a remedy.
"""

from __future__ import annotations

from bot.channels.errors import Outcome, Remedy

_NOT_SENT = (Outcome.NOT_SENT, Remedy.NONE)
_REFUSED = (Outcome.REFUSED, Remedy.NONE)
_TEMPLATE = (Outcome.REFUSED, Remedy.TEMPLATE)
_NO_MEDIA = (Outcome.REFUSED, Remedy.WITHOUT_MEDIA)
_BAD_ADDRESS = (Outcome.REFUSED, Remedy.ADDRESS_BAD)
_OPTED_OUT = (Outcome.REFUSED, Remedy.OPTED_OUT)
_OPERATOR = (Outcome.REFUSED, Remedy.OPERATOR)

CODES: dict[str, tuple[Outcome, Remedy]] = {
    # Too fast, or Twilio's or WhatsApp's own trouble: the same message may pass later.
    "20429": _NOT_SENT,  # too many requests at once
    "21611": _NOT_SENT,  # our sender's queue is full
    "30001": _NOT_SENT,  # queue overflow
    "63009": _NOT_SENT,  # the channel answered with an error of its own
    "63010": _NOT_SENT,  # Twilio's internal error on the channel
    "63012": _NOT_SENT,  # the channel is out of order
    "63017": _NOT_SENT,  # channel rate limit
    "63018": _NOT_SENT,  # channel rate limit
    "63038": _NOT_SENT,  # the account's daily limit
    # Free text outside 24 hours after the customer's last message.
    "63016": _TEMPLATE,
    # The file, not the words.
    "21620": _NO_MEDIA,  # media URL not valid
    "63019": _NO_MEDIA,  # media could not be downloaded
    "63021": _NO_MEDIA,  # content not valid for the channel
    # This address can not be reached.
    "21211": _BAD_ADDRESS,  # not a phone number
    "21217": _BAD_ADDRESS,  # not a phone number
    "21614": _BAD_ADDRESS,  # not a mobile number
    "30005": _BAD_ADDRESS,  # unknown handset
    "30006": _BAD_ADDRESS,  # landline
    "63003": _BAD_ADDRESS,  # not found on the channel
    "63024": _BAD_ADDRESS,  # not a valid recipient
    "63033": _BAD_ADDRESS,  # recipient blocked from receiving
    # The person does not want us.
    "21610": _OPTED_OUT,  # sent STOP
    "63014": _OPTED_OUT,  # blocked us or opted out
    # Somebody must mend the account, the sender or a template.
    "20003": _OPERATOR,  # credentials
    "20404": _OPERATOR,  # no such account or resource
    "21408": _OPERATOR,  # region not enabled
    "21603": _OPERATOR,  # no sender
    "21606": _OPERATOR,  # sender can not send this
    "21655": _OPERATOR,  # ContentSid not valid
    "21656": _OPERATOR,  # ContentVariables not valid
    "63001": _OPERATOR,  # channel credentials
    "63007": _OPERATOR,  # no such sender on the channel
    "63008": _OPERATOR,  # channel configuration
    "63015": _OPERATOR,  # sandbox: the recipient has not joined
    "63020": _OPERATOR,  # Meta business account not connected
    "63027": _OPERATOR,  # template does not exist in this language
    "63028": _OPERATOR,  # template variables: wrong number
    "63029": _OPERATOR,  # template could not be filled
    "63041": _OPERATOR,  # template paused
    # Final, and nothing to try on this channel.
    "21602": _REFUSED,  # no content
    "21617": _REFUSED,  # longer than 1600 characters
    "21658": _REFUSED,  # a template variable is too long
    "30003": _REFUSED,  # handset unreachable
    "30004": _REFUSED,  # blocked
    "30007": _REFUSED,  # filtered by the carrier
    "30008": _REFUSED,  # carrier gave no reason
    "63032": _REFUSED,  # WhatsApp does not let this message reach this person
}


def classify(code: str | int | None) -> tuple[Outcome, Remedy]:
    """Return what a Twilio error code means for the message that has it."""
    return CODES.get(str(code or "").strip(), _REFUSED)
