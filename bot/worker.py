"""The worker process: turns, sends and media, on Dramatiq threads of one process.

`python -m bot.worker`. One process without a forking master: there is no child that could be left
behind taking jobs when the parent is killed.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable

import dramatiq
import structlog

from bot import config, db, garbage, jobs, wiring
from bot.conversations.turns import mailbox
from bot.gateway import media
from bot.gateway.outbox import claims, sender

log = structlog.get_logger("worker")


def _guarded(work: Callable[[int], None], name: str) -> Callable[[int], None]:
    """Run a job; whatever it raises is logged. The sweep finds what it left undone."""

    def run(row_id: int) -> None:
        try:
            work(row_id)
        except Exception:
            log.exception("job_failed", job=name, row=row_id)

    run.__name__ = name
    return run


def actors(broker: dramatiq.Broker) -> None:
    """Declare the actors by the names that `jobs` announces."""
    for name, work in (
        (jobs.TURN, mailbox.drain), (jobs.SEND, sender.drain), (jobs.MEDIA, media.fetch),
    ):
        dramatiq.actor(actor_name=name, queue_name=jobs.QUEUES[name], broker=broker)(
            _guarded(work, name)
        )


def main() -> None:
    """Work until SIGTERM or SIGINT."""
    wiring.wire("worker")
    os.environ.setdefault("dramatiq_worker_timeout", "50")  # an idle queue adds 0.45 s a hop otherwise
    with db.write() as session:
        freed = claims.free_dead(session)
    if freed:
        log.info("freed_after_a_kill", count=freed)
    broker = jobs.broker()
    actors(broker)
    # Two pools of threads on one broker are meant; its warning about a second one is noise.
    logging.getLogger("dramatiq.broker.RedisBroker").setLevel(logging.ERROR)
    threads = config.load().worker_threads
    workers = [
        dramatiq.Worker(broker, queues={queue}, worker_threads=threads, worker_timeout=50)
        for queue in sorted(set(jobs.QUEUES.values()))
    ]
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    garbage.settle()
    for worker in workers:
        worker.start()
    log.info("ready")
    while not stop.wait(1.0):
        pass
    for worker in workers:
        worker.stop(timeout=4000)


if __name__ == "__main__":
    main()
