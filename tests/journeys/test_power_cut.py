"""The power fails: what was acknowledged is on the disk, and the files open.

Two halves, since no test without a switch for the mains can have both in one. The picture: every process
is stopped at once, and the files are copied as they are at that instant, without the shared memory
that only processes have; some copies also lose, torn at a random byte, all that came after the last
message acknowledged. The sync: a disk that refuses to sync makes the webhook answer 500, so that no 200
leaves before the disk has said that it holds the message. Not shown: that a disk which says so is
right (its own cache has a battery, or is switched off).
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot import db
from bot.backup import migrating
from bot.conversations import queries
from tests import databases, processes
from tests.fakes.twilio import TwilioFake
from tests.journeys.looking import wait_until
from tests.journeys.traffic import Traffic
from tests.stack import ROOT, Stack

COPIES = 100
TORN_EVERY = 5
EXPORTED_EVERY = 10  # with the product's own code, which has all of the shop to write
_head = functools.cache(migrating.head)
PREFIX = "+90538200"
FILES = ("destek.sqlite3", "rasa/tracker.sqlite3")


@contextlib.contextmanager
def _frozen(stack: Stack) -> Iterator[None]:
    """Stop every thread of every process of a stack, and let them go on afterwards."""
    stopped: list[int] = []
    try:
        while fresh := [pid for pid in processes.tree(stack.pid) if pid not in stopped]:
            for pid in fresh:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
            stopped += fresh
            deadline = time.monotonic() + 5
            while not all(_is_stopped(pid) for pid in stopped):
                assert time.monotonic() < deadline
        yield
    finally:
        for pid in reversed(stopped):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def _is_stopped(pid: int) -> bool:
    try:
        states = [
            (task / "stat").read_text().rsplit(")", 1)[1].split()[0]
            for task in Path(f"/proc/{pid}/task").iterdir()
        ]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return all(state in "TtZX" for state in states)


def _copy(data_dir: Path, to: Path) -> bytes:
    """Copy what a disk holds of both databases; return the shared memory, which no disk does."""
    for name in FILES:
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        for suffix in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(data_dir / f"{name}{suffix}", to / f"{name}{suffix}")
    return (data_dir / f"{FILES[0]}-shm").read_bytes()


def _held(var: Path, exporting: pytest.MonkeyPatch | None) -> set[str]:
    """Open a copy and return the provider ids of its inbound messages, as an export has them if so
    wanted.
    """
    for name in FILES:
        with contextlib.closing(sqlite3.connect(var / name)) as raw:
            assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
    with contextlib.closing(sqlite3.connect(var / FILES[1])) as memory:
        for (event,) in memory.execute("SELECT data FROM dialogue_event"):
            json.loads(event)
    if exporting is None:
        return _inbound(var / FILES[0])
    url = f"sqlite:///{var / FILES[0]}"
    with databases.used(exporting, url, var), Session(db.engine(), future=True) as session:
        assert session.scalar(sa.text("SELECT version_num FROM alembic_version")) == _head()
        rows = list(queries.export_messages(session, None))
    return {str(row["provider_id"]) for row in rows if row["direction"] == "in"}


@pytest.mark.timeout(240)
def test_what_was_acknowledged_survives(
    frail: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_dir, torn_count, lost_bytes = frail.folder / "var", 0, 0
    seed = int(os.environ.get("POWER_CUT_SEED") or random.randrange(2**32))
    print(f"POWER_CUT_SEED={seed} draws these moments and tears again")  # shown if this fails
    drawn = random.Random(seed)
    with Traffic(frail, PREFIX) as traffic:
        wait_until(lambda: len(traffic.acknowledged) > 5, 20, "nothing is acknowledged")
        for i in range(COPIES):
            time.sleep(drawn.uniform(0.0, 0.1))
            copy, torn = tmp_path / f"copy{i}" / "var", tmp_path / f"torn{i}" / "var"
            acknowledged = traffic.acknowledged  # before the instant; a later one may be in or not
            with _frozen(frail):
                shared = _copy(data_dir, copy)
            # To open one takes the log into the file: what comes after it begins with a copy.
            shutil.copytree(copy, torn)
            exporting = monkeypatch if i % EXPORTED_EVERY == 0 else None
            missing = acknowledged - _held(copy, exporting)
            assert not missing, f"copy {i} has lost {len(missing)} of {len(acknowledged)}"
            if i % TORN_EVERY == 0 and (lost := _tear(torn, shared, acknowledged, drawn)) is not None:
                missing = acknowledged - _held(torn, exporting)
                assert not missing, f"torn copy {i} has lost {len(missing)}"
                torn_count, lost_bytes = torn_count + 1, lost_bytes + lost
            elif i == COPIES - 1:
                _is_exported(torn.parent, acknowledged)
            shutil.rmtree(copy.parent)
            shutil.rmtree(torn.parent)
    assert torn_count > COPIES / TORN_EVERY / 2 and lost_bytes > 0
    wait_until(lambda: _waiting(frail) == 0, 60, "the stack itself did not go on")


def _waiting(stack: Stack) -> int:
    query = (
        "SELECT count(*) FROM message m JOIN identity i ON i.id = m.identity_id WHERE "
        "m.direction = 'in' AND m.state = 'received' AND i.address LIKE :p"
    )
    return int(stack.rows(query, p=f"{PREFIX}%")[0][0])


def _is_exported(folder: Path, acknowledged: set[str]) -> None:
    """Let the command line open a copy."""
    lines = Stack(folder).json("export", "messages")
    assert acknowledged <= {m["provider_id"] for m in lines}


# Layout of the log and of the shared memory: https://www.sqlite.org/walformat.html


def _commits(wal: bytes) -> list[int]:
    """Return where the log's transactions end; the first end is that of its header."""
    if len(wal) < 32:
        return [0]
    page, salts = struct.unpack(">I", wal[8:12])[0], wal[16:24]
    ends, at = [32], 32
    while at + 24 + page <= len(wal) and wal[at + 8 : at + 16] == salts:
        pages_after_commit = struct.unpack(">I", wal[at + 4 : at + 8])[0]
        at += 24 + page
        if pages_after_commit:
            ends.append(at)
    return ends


def _tear(
    var: Path, shared: bytes, acknowledged: set[str], drawn: random.Random
) -> int | None:
    """Spoil the log behind the last thing acknowledged; return how many bytes that were.

    What a checkpoint has begun to take into the file was synced before, so it stays. None: the log
    was beginning anew at that instant, and there is nothing to cut.
    """
    log = var / f"{FILES[0]}-wal"
    wal = log.read_bytes()
    if wal[16:24] != shared[32:40]:
        return None
    page = struct.unpack(">I", wal[8:12])[0]
    taken = 32 + struct.unpack("=I", shared[128:132])[0] * (24 + page)
    ends = [end for end in _commits(wal) if end >= taken]
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high) // 2
        if acknowledged <= _ids(var / FILES[0], wal[: ends[middle]]):
            high = middle
        else:
            low = middle + 1
    cut = drawn.randint(ends[low], ends[-1])
    rest = len(wal) - cut
    log.write_bytes(wal[:cut] + drawn.choice([b"", bytes(rest), drawn.randbytes(rest)]))
    return ends[-1] - cut


def _ids(database: Path, wal: bytes) -> set[str]:
    trial = database.with_name("trial.sqlite3")
    shutil.copyfile(database, trial)
    trial.with_name(trial.name + "-wal").write_bytes(wal)
    return _inbound(trial)


def _inbound(file: Path) -> set[str]:
    """Return the provider ids of a database's inbound messages."""
    with contextlib.closing(sqlite3.connect(file)) as opened:
        query = "SELECT provider_message_id FROM message WHERE direction = 'in'"
        return {row[0] for row in opened.execute(query)}


ON_A_DISK_THAT_DOES_NOT_SYNC = """
import json, sys
from bot.app import create_app
from tests import no_sync
from tests.fakes.twilio import TwilioFake

fake = TwilioFake(public_base_url="https://destek.example")
client = create_app().test_client()

def post(path, **fields):
    url = "https://destek.example" + path
    headers = {"X-Twilio-Signature": fake.sign(url, fields)}
    return client.post(path, data=fields, headers=headers, base_url="https://destek.example").status_code

def message(sid):
    return post("/webhooks/twilio/whatsapp", MessageSid=sid, From="whatsapp:+905382098000",
                To=fake.from_, Body="kargo ücreti ne kadar?", NumMedia="0")

def receipt(sid):
    return post("/webhooks/twilio/status", MessageSid=sid, MessageStatus="delivered",
                From=fake.from_, To="whatsapp:+905382098000")

found = [message("SMbefore"), receipt("SMone")]
no_sync.refuse()
print(json.dumps([*found, receipt("SMtwo"), message("SMafter")]))
"""


def test_no_acknowledgement_before_the_disk_has_synced(tmp_path: Path) -> None:
    """The same door, the same second: a receipt needs no sync and is taken, a message is not."""
    fake = TwilioFake()
    kept: Mapping[str, str] = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG")}
    environment = {
        **kept, **fake.environment(), "DATA_DIR": str(tmp_path), "REDIS_URL": "redis://127.0.0.1:1/0",
        "PUBLIC_BASE_URL": "https://destek.example",
    }
    for command in (["-m", "bot", "migrate"], ["-c", ON_A_DISK_THAT_DOES_NOT_SYNC]):
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [200, 200, 200, 500], done.stderr
    with contextlib.closing(sqlite3.connect(tmp_path / FILES[0])) as stored:
        # What was answered 500 may be there or not: the provider comes again, and it is stored once.
        assert ("SMbefore",) in stored.execute("SELECT provider_message_id FROM message").fetchall()
