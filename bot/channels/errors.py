"""What can go wrong between us and a provider. Each error carries one decision."""

from __future__ import annotations

import enum

from bot.errors import DestekError


class Forged(DestekError):
    """The request does not carry a valid proof that the provider sent it. Answer 401."""


class Outcome(enum.Enum):
    """What a failed send means for the message."""

    NOT_SENT = "not_sent"  # the provider certainly did not take it: safe to send again
    REFUSED = "refused"  # the provider will never take it: final
    UNKNOWN = "unknown"  # it may have been taken: look before sending again


class Remedy(enum.Enum):
    """What may be tried instead after a refusal."""

    NONE = "none"
    TEMPLATE = "template"  # outside the provider's free-text window
    WITHOUT_MEDIA = "without_media"
    ADDRESS_BAD = "address_bad"  # this address can not be reached any more
    OPTED_OUT = "opted_out"  # the person blocked us or sent a stop word
    OPERATOR = "operator"  # credentials, sender or template are wrong: a person must act


class SendError(DestekError):
    """A send failed. `outcome` decides about a retry, `code` is the provider's own for people."""

    def __init__(
        self, message: str, outcome: Outcome, code: str = "", remedy: Remedy = Remedy.NONE,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.outcome, self.code, self.remedy = outcome, code, remedy
        self.retry_after = retry_after  # seconds the provider asked us to wait

    @property
    def permanent(self) -> bool:
        """True when no retry of the same message can succeed."""
        return self.outcome is Outcome.REFUSED


class MediaError(DestekError):
    """A media file can not be had. `permanent` says whether another try makes sense."""

    def __init__(self, message: str, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent
