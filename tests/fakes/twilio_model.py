"""What the Twilio fake keeps: messages, files, scripted faults."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit


class Refused(Exception):
    """Twilio's answer to a request it does not take."""

    def __init__(self, status: int, code: int, message: str, retry_after: float | None = None):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.retry_after = retry_after


@dataclasses.dataclass(frozen=True)
class MediaFile:
    """A file that Twilio holds for a message."""

    sid: str
    content_type: str
    data: bytes


@dataclasses.dataclass
class Message:
    """A message that Twilio holds, in either direction. `to` and `from_` carry their prefix."""

    sid: str
    direction: str  # inbound, outbound-api
    from_: str
    to: str
    body: str
    status: str
    created: dt.datetime
    order: int  # position among all messages, in the order of acceptance
    error_code: int | None = None
    content_sid: str = ""
    content_variables: Mapping[str, str] = dataclasses.field(default_factory=dict)
    media_urls: tuple[str, ...] = ()
    media: tuple[MediaFile, ...] = ()
    status_callback: str = ""
    accepted_at: float = 0.0  # time.monotonic() of acceptance, for measuring
    listed_at: float = 0.0  # time.monotonic() from which lists show it
    failed_at: float = 0.0  # time.monotonic() at which it turned out to have failed


def our_id_of(status_callback: str) -> str:
    """Return the product's own id of a message, which rides along in its callback's address."""
    return parse_qs(urlsplit(status_callback).query).get("uuid", [""])[0]


@dataclasses.dataclass(frozen=True)
class Step:
    """A status that a message takes, `after` seconds from the one before, posted so many times."""

    status: str
    after: float = 0.0
    times: int = 1


@dataclasses.dataclass
class Fault:
    """Something that goes wrong with the next `times` requests, or until `until`."""

    kind: str
    on: str
    times: float
    until: float  # time.monotonic(); infinite unless it was given seconds
    to: str
    seconds: float
    retry_after: float | None
    status: int
    code: int


FAULTS = {
    "rate_limit",  # 429 with Retry-After; not accepted
    "error",  # `status` with no JSON; not accepted
    "error_after_accepting",  # the same, but accepted
    "refuse",  # `status` and `code` as Twilio's JSON; not accepted
    "hang",  # accepted, answered after `seconds`
    "hang_before",  # not accepted, connection closed without an answer after `seconds`
    "accept_late",  # accepted after `seconds`, and then answered
    "slow",  # right, but only after `seconds` (of a look-up)
    "drop",  # accepted, connection closed without an answer
    "drop_before",  # not accepted, connection closed without an answer
    "garbage",  # accepted, answered 201 with something that is not JSON
}
