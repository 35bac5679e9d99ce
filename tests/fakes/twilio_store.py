"""The Twilio fake's memory: what it takes, as Twilio's API checks it, and what it lists."""

from __future__ import annotations

import collections
import datetime as dt
import itertools
import json
import re
import secrets
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.fakes.twilio_model import Message, Refused

if TYPE_CHECKING:
    from tests.fakes.twilio import TwilioFake

WINDOW = dt.timedelta(hours=24)
_TO = re.compile(r"^whatsapp:(\+[0-9]{7,15}|[A-Z]{2}\.[A-Za-z0-9.]+)$")


class Store:
    """Every message in either direction. Hold `lock` to look at more than one thing at once."""

    def __init__(self, fake: TwilioFake) -> None:
        self._fake = fake
        self.messages: list[Message] = []
        self.by_sid: dict[str, Message] = {}
        self.requests: list[Mapping[str, list[str]]] = []  # every POST to Messages, as it came
        self.last_inbound: dict[str, dt.datetime] = {}  # by the customer's address
        self.bad_deliveries: dict[str, list[int]] = collections.defaultdict(list)
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self._order = itertools.count()

    def accept(self, params: Mapping[str, list[str]]) -> Message:
        """Check a POST to Messages as Twilio does and keep the message; raise Refused."""
        self.requests.append(params)
        one = {name: values[0] for name, values in params.items()}
        to, from_, body = one.get("To", ""), one.get("From", ""), one.get("Body", "")
        content_sid, media = one.get("ContentSid", ""), tuple(params.get("MediaUrl", ()))
        if not to:
            raise Refused(400, 21604, "A 'To' phone number is required.")
        if not from_ and not one.get("MessagingServiceSid"):
            raise Refused(400, 21603, "A 'From' phone number is required.")
        if not (body or content_sid or media):
            raise Refused(400, 21602, "Message body is required.")
        if len(body) > 1600:
            raise Refused(400, 21617, "The message body exceeds the 1600 character limit.")
        if len(media) > 10:
            raise Refused(400, 21623, "Number of media files exceeds allowed limit.")
        if not _TO.match(to):
            raise Refused(400, 21211, f"The 'To' number {to} is not a valid phone number.")
        if from_ and from_ != self._fake.from_:
            raise Refused(400, 63007, "No Channel with the specified From address")
        callback = one.get("StatusCallback", "")
        if callback and not re.match(r"^https?://[^/_]+(/|$|\?)", callback):
            raise Refused(400, 21609, "The 'StatusCallback' URL is not a valid URL.")
        variables = self._variables(one.get("ContentVariables", ""))
        if content_sid:
            body = self._render(content_sid, variables)
        with self.changed:
            message = self.keep(
                "outbound-api",
                from_ or self._fake.from_,
                to,
                body,
                content_sid=content_sid,
                content_variables=variables,
                media_urls=media,
                status_callback=callback,
            )
            bad = self.bad_deliveries.get(to)
            if bad:
                message.error_code = bad.pop(0)
            elif self._fake.enforce_window and not content_sid and not self._in_window(to):
                message.error_code = 63016
            self.changed.notify_all()
        return message

    def listed(self, query: Mapping[str, str], before: int | None, size: int) -> list[Message]:
        """Return up to `size` + 1 messages that match Twilio's filters, the newest first."""
        found, now = [], time.monotonic()
        with self.lock:
            for message in reversed(self.messages):
                if before is not None and message.order >= before:
                    continue
                if message.listed_at > now:
                    continue
                if query.get("To") not in (None, "", message.to):
                    continue
                if query.get("From") not in (None, "", message.from_):
                    continue
                if not _date_matches(query, message.created, self._fake.dates_by_day):
                    continue
                found.append(message)
                if len(found) > size:
                    break
        return found

    def keep(
        self,
        direction: str,
        from_: str,
        to: str,
        body: str,
        *,
        sid: str = "",
        status: str = "queued",
        **more: Any,
    ) -> Message:
        """Keep a message. The caller holds the lock."""
        message = Message(
            sid=sid or ("MM" if more.get("media_urls") else "SM") + secrets.token_hex(16),
            direction=direction,
            from_=from_,
            to=to,
            body=body,
            status=status,
            created=self._fake.now(),
            order=next(self._order),
            accepted_at=time.monotonic(),
            **more,
        )
        self.messages.append(message)
        self.by_sid[message.sid] = message
        return message

    def _in_window(self, to: str) -> bool:
        last = self.last_inbound.get(to)
        return last is not None and self._fake.now() - last <= WINDOW

    def _variables(self, text: str) -> dict[str, str]:
        if not text:
            return {}
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
            raise Refused(400, 21656, "The ContentVariables parameter is invalid.")
        if any(len(v) > 1600 for v in found.values()):
            raise Refused(400, 21658, "A content variable exceeds the 1600 character limit.")
        return found

    def _render(self, content_sid: str, variables: Mapping[str, str]) -> str:
        known = re.match(r"^HX[0-9a-f]{32}$", content_sid)
        if not known or (self._fake.templates and content_sid not in self._fake.templates):
            raise Refused(400, 21655, "The ContentSid is invalid.")
        text = self._fake.templates.get(content_sid, " ".join(variables.values()))
        return re.sub(r"\{\{(\w+)\}\}", lambda m: variables.get(m.group(1), ""), text)


def _date_matches(query: Mapping[str, str], created: dt.datetime, by_day: bool) -> bool:
    """Apply DateSent, `DateSent>` and `DateSent<` (both inclusive, as Twilio's are)."""
    at = created.astimezone(dt.timezone.utc).replace(microsecond=0)
    for name, text in query.items():
        if not name.startswith("DateSent") or not text:
            continue
        moment = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.timezone.utc)
        whole_day = by_day or len(text) == 10
        if whole_day:
            at, moment = _midnight(at), _midnight(moment)
        if name == "DateSent" and at != moment:
            return False
        if name == "DateSent>" and at < moment:
            return False
        if name == "DateSent<" and at > moment:
            return False
    return True


def _midnight(moment: dt.datetime) -> dt.datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
