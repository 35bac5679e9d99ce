"""The clock process: the sweep that makes every doorbell optional, and what happens by time.

`python -m bot.scheduler`. A lease in the database makes a second one harmless.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import threading
import uuid
from collections.abc import Callable

import sqlalchemy as sa
import structlog

from bot import clock, config, db, jobs, wiring
from bot.aftersales.promises import keeping
from bot.aftersales.waiting import approaching, timeouts, updates
from bot.conversations import service
from bot.conversations.models import Attachment, Conversation, Message
from bot.conversations.states import Outbound
from bot.gateway import missed
from bot.gateway.outbox import overdue

log = structlog.get_logger("clock")
_SWEEP_EVERY = 2.0  # real seconds
_LEASE = 10.0
_UNFINISHED = (Outbound.QUEUED.value, Outbound.UNKNOWN.value, Outbound.SENDING.value)
_MOST = 500  # of each kind in one sweep; the next one comes in two seconds


def sweep() -> int:
    """Ring for everything that is due and that nobody is at; return how many bells."""
    now, real_now = clock.now(), clock.real()
    with db.read() as session:
        turns = session.scalars(
            sa.select(Conversation.id)
            .where(
                Conversation.unanswered.is_(True), Conversation.due_at <= real_now,
                Conversation.lease_until < real_now,
            )
            .order_by(Conversation.last_inbound_at)
            .limit(_MOST)
        ).all()
        sends = session.scalars(
            sa.select(Message.conversation_id)
            .where(
                # Said apart from what follows: from an OR SQLite takes no index.
                Message.direction == "out", Message.state.in_(_UNFINISHED),
                sa.or_(
                    sa.and_(
                        Message.state != Outbound.SENDING.value,
                        Message.next_attempt_at <= now - dt.timedelta(seconds=1),
                    ),
                    sa.and_(
                        Message.state == Outbound.SENDING.value, Message.claim_until < real_now
                    ),
                ),
            )
            .distinct()
            .limit(_MOST)
        ).all()
        files = session.scalars(
            sa.select(Attachment.id)
            .where(Attachment.state == "pending", Attachment.next_attempt_at <= now)
            .limit(_MOST)
        ).all()
    for conversation_id in turns:
        jobs.ring(int(conversation_id))
    for conversation_id in sends:
        jobs.enqueue(jobs.SEND, int(conversation_id))
    for attachment_id in files:
        jobs.enqueue(jobs.MEDIA, int(attachment_id))
    return len(turns) + len(sends) + len(files)


def _close_cases() -> None:
    with db.write() as session:
        service.close_quiet_cases(session)


def _promises() -> None:
    """Show people what is due soon, write what we said we would, and then count what was kept."""
    for step in (approaching.run, updates.run, keeping.run):
        _done(step)


def _duties() -> tuple[tuple[float, Callable[[], object]], ...]:
    """Return what runs by time, each with its period in real seconds."""
    return (
        (_SWEEP_EVERY, sweep),
        (20.0, timeouts.run),
        (15.0, overdue.ask),
        (20.0, _promises),
        (config.load().missed_poll_seconds, missed.poll),
        (60.0, _close_cases),
    )


def _done(work: Callable[[], object]) -> None:
    try:
        work()
    except Exception:
        # One failing duty must not stop the others; it comes again in its period.
        log.exception("duty_failed", duty=getattr(work, "__name__", "?"))


def _lead(owner: str) -> bool:
    with db.write(durable=False) as session:
        return service.take_named_lease(session, "clock", owner, _LEASE)


def main() -> None:
    """Run the schedule until SIGTERM or SIGINT; do nothing while another clock has the lease."""
    wiring.wire("clock")
    owner = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    log.info("ready")
    duties = _duties()
    due = {work: 0.0 for _, work in duties}
    # Each on a thread of its own: a provider that does not answer the poll must not hold the sweep.
    running: dict[Callable[[], object], threading.Thread] = {}
    while not stop.wait(0.5):
        try:
            if not _lead(owner):
                continue
        except sa.exc.SQLAlchemyError:
            log.exception("lease_failed")
            continue
        for period, work in duties:
            if clock.real() < due[work] or (work in running and running[work].is_alive()):
                continue
            due[work] = clock.real() + period
            running[work] = threading.Thread(target=_done, args=(work,), daemon=True)
            running[work].start()


if __name__ == "__main__":
    main()
