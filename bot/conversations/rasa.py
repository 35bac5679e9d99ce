"""The only caller of Rasa. Speaks the contract of docs/architecture.md with our input channel."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from bot import config
from bot.errors import TemporarilyUnavailable

_TIMEOUT = (2.0, 8.0)  # connect, read; a turn of one step takes some 20 ms, an action at most 5 s


class RasaUnavailable(TemporarilyUnavailable):
    """Rasa, or an action that it needed, did not give an answer; asking again may succeed."""


@dataclasses.dataclass(frozen=True)
class Reply:
    """One message of the bot: text, choices (title, stored command), and data that is not text."""

    text: str
    buttons: tuple[tuple[str, str], ...] = ()
    data: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Answer:
    """What Rasa made of one step of a turn."""

    replies: tuple[Reply, ...]
    intent: str
    confidence: float
    intents: tuple[str, ...]  # the wishes in the order in which they are to be served
    entities: tuple[Mapping[str, Any], ...]
    language: str
    active_loop: str | None
    requested_slot: str | None
    slots: Mapping[str, Any]
    ranking: tuple[Mapping[str, Any], ...] = ()


def addresses_of(conversation_uid: str) -> tuple[str, ...]:
    """Return the Rasa processes of a conversation: its own first, then who stands in for it.

    Its own is always the same one while their number holds.
    """
    addresses = config.load().rasa_addresses
    if not addresses:
        raise RasaUnavailable("no Rasa address is known")
    first = int(conversation_uid[:8], 16) % len(addresses)
    return addresses[first:] + addresses[:first]


@functools.lru_cache(maxsize=16)
def _pool(address: str) -> tuple[urllib3.HTTPConnectionPool, str]:
    """Return the kept connections to one process, and what its paths begin with.

    `requests` on top of them would cost as much again, in every turn.
    """
    parts = urllib3.util.parse_url(address)
    kind = urllib3.HTTPSConnectionPool if parts.scheme == "https" else urllib3.HTTPConnectionPool
    pool = kind(parts.host or "", parts.port, maxsize=2 * config.load().worker_threads)
    return pool, (parts.path or "").rstrip("/")


def _request(
    method: str, address: str, path: str, body: bytes | None = None
) -> urllib3.BaseHTTPResponse:
    """Call a process of ours, once; raises urllib3's HTTPError."""
    pool, prefix = _pool(address)
    connect, read = _TIMEOUT
    return pool.request(
        method, prefix + path, body=body, retries=False, redirect=False,
        timeout=urllib3.Timeout(connect=connect, read=read),
        headers={
            "Content-Type": "application/json", "X-Destek-Secret": config.load().internal_secret,
        },
    )


def _was_refused(error: HTTPError) -> bool:
    """Tell whether no connection was made, so that nothing of a request can have arrived."""
    return isinstance(error, (NewConnectionError, ConnectTimeoutError))


def _send(conversation_uid: str, path: str, body: Mapping[str, Any]) -> urllib3.BaseHTTPResponse:
    """Post to the conversation's process, or to the next one when nobody takes the connection.

    The dialogue memory is shared, so any process can answer. One that took the connection and is
    silent may still be at the turn: it is waited for, lest two work on one conversation at once.
    """
    failure: HTTPError | None = None
    written = json.dumps(body).encode()
    for address in addresses_of(conversation_uid):
        try:
            return _request("POST", address, f"/webhooks/destek/{path}", written)
        except HTTPError as error:
            failure = error
            if not _was_refused(error):
                break
    raise RasaUnavailable(type(failure).__name__) from failure


def _post(conversation_uid: str, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    response = _send(conversation_uid, path, body)
    if response.status != 200:
        raise RasaUnavailable(f"status {response.status}")
    try:
        data = json.loads(response.data)
    except ValueError as error:
        raise RasaUnavailable("not JSON") from error
    if not isinstance(data, dict):
        raise RasaUnavailable("not an object")
    return data


def ask(
    conversation_uid: str, text: str, *, turn_id: str, step: int, language: str, channel: str,
    attachments: Sequence[str] = (), new_session: bool = False, shop_time: str = "",
    left_case: bool = True,
) -> Answer:
    """Ask for the answer to one step of a turn; the same (turn, step) is answered once.

    `text` is harmless text, or a command that we stored; `left_case` is false when a new session
    surely finds no case that was left half-way. Raises RasaUnavailable when there is no answer, an
    action failed, or the answer is empty.
    """
    data = _post(
        conversation_uid, "turn",
        {
            "sender": conversation_uid, "text": text, "new_session": new_session,
            "metadata": {
                "turn_id": turn_id, "step": step, "language": language, "channel": channel,
                "attachments": list(attachments), "redacted": True, "shop_time": shop_time,
                "left_case": left_case,
            },
        },
    )
    if data.get("failed_actions"):
        raise RasaUnavailable("failed: " + ", ".join(map(str, data["failed_actions"])))
    replies = tuple(_reply(m) for m in data.get("messages") or ())
    if not any(r.text or r.data for r in replies):
        raise RasaUnavailable("empty answer")
    intent = data.get("intent") or {}
    return Answer(
        replies=replies,
        intent=str(intent.get("name") or ""),
        confidence=float(intent.get("confidence") or 0.0),
        intents=tuple(str(i.get("name")) for i in data.get("intents") or ()),
        entities=tuple(data.get("entities") or ()),
        language=str(data.get("language") or language),
        active_loop=data.get("active_loop"),
        requested_slot=data.get("requested_slot"),
        slots=dict(data.get("slots") or {}),
        ranking=tuple(data.get("intent_ranking") or ()),
    )


def _reply(message: Mapping[str, Any]) -> Reply:
    custom = message.get("custom") or {}
    return Reply(
        text=str(message.get("text") or ""),
        buttons=tuple(
            (str(b.get("title", "")), str(b.get("payload", "")))
            for b in message.get("buttons") or ()
        ),
        data=dict(custom.get("destek") or {}) if isinstance(custom, dict) else {},
    )


def is_well(conversation_uid: str) -> bool:
    """Tell whether the conversation's Rasa process and the action server say that they are up."""
    asked = (
        (addresses_of(conversation_uid)[0], "/webhooks/destek/health"),
        (config.load().actions_address, "/health"),
    )
    try:
        return all(_request("GET", address, path).status == 200 for address, path in asked)
    except HTTPError:
        return False


def append_events(conversation_uid: str, events: Sequence[Mapping[str, Any]]) -> None:
    """Append events to a conversation's tracker (hand-back); raises RasaUnavailable."""
    _post(conversation_uid, "events", {"sender": conversation_uid, "events": list(events)})
