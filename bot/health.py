"""Is it up, can it work, how much is there: for supervisors, load balancers and Prometheus."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import redis
import requests
import sqlalchemy as sa
from flask import Blueprint, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from werkzeug.exceptions import Unauthorized

from bot import clock, config, db, logs
from bot.console import locality
from bot.conversations import models

_log = logs.get(__name__)
_PATIENCE = 2.0  # seconds a part may take to say that it is up

blueprint = Blueprint("health", __name__)


def _database() -> None:
    with db.read() as session:
        session.execute(sa.text("SELECT 1"))


def _redis() -> None:
    address = config.load().redis
    if not address:
        raise ConnectionError("no address")
    redis.Redis.from_url(
        address, socket_connect_timeout=_PATIENCE, socket_timeout=_PATIENCE
    ).ping()


def _answers(url: str) -> None:
    with requests.Session() as session:
        session.trust_env = False  # loopback: no proxy of the environment is ever meant
        answer = session.get(
            url, headers={"X-Destek-Secret": config.load().internal_secret}, timeout=_PATIENCE,
            allow_redirects=False,
        )
    if answer.status_code != 200:
        raise ConnectionError(f"answered {answer.status_code}")


def _rasa() -> None:
    addresses = config.load().rasa_addresses
    if not addresses:
        raise ConnectionError("no address")
    for address in addresses:
        _answers(f"{address}/webhooks/destek/health")


def _actions() -> None:
    address = config.load().actions_address
    if not address:
        raise ConnectionError("no address")
    _answers(f"{address}/health")


CHECKS: dict[str, Callable[[], None]] = {
    "database": _database, "redis": _redis, "rasa": _rasa, "actions": _actions,
}

_known: dict[str, bool] = {}  # how each part was at the last look of this process


def _outcome(name: str) -> dict[str, object]:
    try:
        CHECKS[name]()
    except Exception as error:  # whatever it is, this part is not ready
        if _known.get(name, True):  # said once, not at every look
            _log.warning("not ready", part=name, error=logs.describe(error))
        _known[name] = False
        return {"name": name, "ok": False}
    if not _known.get(name, True):
        _log.info("ready again", part=name)
    _known[name] = True
    return {"name": name, "ok": True}


@blueprint.get("/healthz")
def healthz() -> Response:
    """Answer 200: this process serves requests."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Answer 200 when every part is up, else 503 with the list of parts."""
    with ThreadPoolExecutor(max_workers=len(CHECKS)) as pool:
        parts = list(pool.map(_outcome, CHECKS))
    ready = all(part["ok"] for part in parts)
    return jsonify(ready=ready, parts=parts), 200 if ready else 503


class _Figures(Collector):
    """Figures read from the database at each scrape, so that every web process tells the same."""

    def collect(self):  # type: ignore[no-untyped-def]
        with db.read() as session:
            messages = session.execute(
                sa.select(models.Message.direction, models.Message.state, sa.func.count())
                .group_by(models.Message.direction, models.Message.state)
            ).all()
            chats = session.execute(
                sa.select(models.Conversation.state, sa.func.count())
                .group_by(models.Conversation.state)
            ).all()
            oldest = session.scalar(
                sa.select(sa.func.min(models.Conversation.last_inbound_at))
                .where(models.Conversation.unanswered.is_(True))
            )
            letters = session.execute(
                sa.select(models.DeadLetter.direction, sa.func.count())
                .where(models.DeadLetter.replayed_at.is_(None))
                .group_by(models.DeadLetter.direction)
            ).all()
        family = GaugeMetricFamily(
            "destek_messages", "Messages by direction and state", labels=["direction", "state"]
        )
        for direction, state, count in messages:
            family.add_metric([direction, state], count)
        yield family
        family = GaugeMetricFamily(
            "destek_conversations", "Conversations by whose turn it is", labels=["state"]
        )
        for state, count in chats:
            family.add_metric([state], count)
        yield family
        family = GaugeMetricFamily(
            "destek_dead_letters", "Things that could not be handled", labels=["direction"]
        )
        for direction, count in letters:
            family.add_metric([direction], count)
        yield family
        age = (clock.now() - oldest).total_seconds() if oldest else 0.0
        yield GaugeMetricFamily(
            "destek_oldest_unanswered_seconds", "Shop seconds the longest wait for the bot lasts",
            value=max(age, 0.0),
        )


def _may_scrape() -> bool:
    token = config.load().metrics_token
    given = request.headers.get("Authorization", "")
    if token and hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    return locality.from_this_machine(request)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Answer in Prometheus text to a holder of METRICS_TOKEN, or to this machine itself."""
    if not _may_scrape():
        raise Unauthorized("METRICS_TOKEN as a bearer token is needed")
    figures = CollectorRegistry()
    figures.register(_Figures())
    return Response(generate_latest(figures), content_type=CONTENT_TYPE_LATEST)
