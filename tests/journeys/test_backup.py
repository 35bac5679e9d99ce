"""A shop is saved while people write, its machine is lost, and it goes on elsewhere."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pgserver
import pytest
import sqlalchemy as sa

from bot import models
from bot.backup import files
from tests.fakes.twilio import TwilioFake
from tests.journeys.looking import data, talk, wait_until
from tests.journeys.traffic import Traffic
from tests.stack import Stack, dispose, engine

FORM, HELD, LATER, REFUSED, PHOTO, SINCE = (f"+90538300000{i}" for i in range(6))
BROKEN = "dün gelen sehpanın bir ayağı kırık geldi"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))
# What a row says of its moment; the rest of it is written once and never again.
CHANGES: dict[str, set[str]] = {
    "attachment": {"state", "path", "size", "attempts", "next_attempt_at", "error", "content_type"},
    "case": {"last_activity_at", "answered", "closed_at", "closed_by", "intent"},
    "conversation": {
        "identity_id", "state", "language", "wait_reason", "waiting_since", "promised_at",
        "agent_id", "agent_since", "lease_owner", "lease_until", "unanswered", "due_at", "memory",
        "last_inbound_at",
    },
    "customer": {"name", "language"},
    "delivery_receipt": {"message_id"},
    "handover": {"promised_at", "claimed_at", "agent_id", "ended_at", "outcome", "summary"},
    "identity": {
        "language", "notice_at", "last_inbound_at", "rate_tokens", "rate_at", "unreachable",
        "display_name",
    },
    "lease": {"owner", "until", "state"},
    "message": {
        "turn_id", "provider_message_id", "attributes", "state", "template", "attempts",
        "next_attempt_at", "claim_owner", "claim_until", "error_code", "error_text", "sent_at",
        "delivered_at", "read_at", "status_rank",
    },
    "open_option": {"is_open"},
    "promise": {"state", "closed_at", "message_id"},
    "turn": {
        "state", "reason", "started_real", "answered_at", "attempts", "commands", "result",
    },
}
MADE_ANEW = {
    "destek.sqlite3", "destek.sqlite3-wal", "destek.sqlite3-shm", "rasa", "run.json",
    "supervisor.lock", "redis",
}


@dataclasses.dataclass(frozen=True)
class Lost:
    """A machine that is gone: its stack, its last backup, and what had been acknowledged by then."""

    stack: Stack
    archive: Path
    before: set[str]
    acknowledged: set[str]


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lost]:
    """Run a stack, save it under traffic with messages in line, let it go on, and kill it."""
    stack = Stack(tmp_path_factory.mktemp("lost"))
    archive = tmp_path_factory.mktemp("backups") / "shop.tar.gz"
    with stack:
        assert "numara" in stack.ask(BROKEN, FORM)
        stack.ask("ürün kırık geldi", PHOTO, media=[(PNG, "image/png")])
        wait_until(lambda: _in_line(stack, PHOTO, "stored", "attachment"), 15, "no photo")
        with Traffic(stack, "+90538301", writers=2) as traffic:
            wait_until(lambda: len(traffic.acknowledged) > 10, 30, "nobody writes")
            stack.fake.fault("rate_limit", to=REFUSED, for_seconds=120, retry_after=1.0)
            stack.fake.fault("rate_limit", to=LATER, retry_after=9.0)
            stack.fake.fault("hang", to=HELD, seconds=9)
            stack.fake.callbacks.plan = ()  # which would settle it, hanging or not
            for phone in (REFUSED, LATER, HELD):
                stack.fake.inbound("kargo ücreti ne kadar?", phone)
            for phone, state in ((REFUSED, "queued"), (LATER, "queued"), (HELD, "sending")):
                wait_until(lambda p=phone, s=state: _in_line(stack, p, s), 8, f"not {state}")
            before = traffic.acknowledged
            done = stack.command("backup", str(archive))
            assert done.returncode == 0, done.stderr
            during = traffic.acknowledged - before
        stack.fake.wait_for(LATER, 1, 20)
        assert len(during) > 2, "nobody was answered while the backup was made"
        stack.kill()
        stack.fake.clear_faults()
        yield Lost(stack, archive, before, traffic.acknowledged)
        dispose(stack.database)


def _in_line(stack: Stack, phone: str, state: str, table: str = "message") -> int:
    join = "JOIN message m ON m.id = x.message_id" if table == "attachment" else ""
    row = "m" if table == "attachment" else "x"
    return int(stack.rows(
        f'SELECT count(*) FROM "{table}" x {join} JOIN identity i ON i.id = {row}.identity_id '
        "WHERE i.address = :p AND x.state = :s", p=phone, s=state,
    )[0][0])


def _restored(lost: Lost, folder: Path, url: str = "") -> Stack:
    """Restore the backup into an empty folder and an empty database."""
    stack = Stack(folder, environment={"DATABASE_URL": url} if url else {})
    done = stack.command("restore", str(lost.archive))
    assert done.returncode == 0, done.stderr
    looked_up = re.search(r"^(\d+) messages .* looked up first$", done.stdout, re.MULTILINE)
    assert looked_up and int(looked_up[1]) >= len((REFUSED, LATER, HELD)), done.stdout
    return stack


@contextlib.contextmanager
def _called_by(fake: TwilioFake, stack: Stack) -> Iterator[Stack]:
    """Run a stack that a provider calls from now on, which has called another one before."""
    stack.fake, fake.webhook_base_url = fake, stack.url
    try:
        yield stack.start()
    finally:
        stack.stop()
        dispose(stack.database)


def _rows(stack: Stack, table: sa.Table, columns: list[Any]) -> dict[Any, dict[str, Any]]:
    keys = [c.name for c in table.primary_key.columns]
    with engine(stack.database).connect() as connection:
        found = connection.execute(sa.select(*columns)).mappings().all()
    return {tuple(row[k] for k in keys): dict(row) for row in found}


def test_the_copy_is_the_shop_as_it_was(lost: Lost, tmp_path: Path) -> None:
    """Every row of that moment is there, each as it was written, and none of a later one."""
    copy = _restored(lost, tmp_path)
    with tarfile.open(lost.archive) as tar:
        about = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]
    total = 0
    for table in models.Base.metadata.sorted_tables:
        last = about["database"][table.name]["last_id"]
        columns = [c for c in table.columns if c.name not in CHANGES.get(table.name, set())]
        old, new = _rows(lost.stack, table, columns), _rows(copy, table, columns)
        if last is not None:
            old = {key: row for key, row in old.items() if key[0] <= last}
            assert old.keys() == new.keys(), table.name
        for key, row in new.items():
            assert row == old[key], (table.name, key)
        total += len(new)
    assert total > 100, total
    stored = {
        row[0] for row in copy.rows("SELECT provider_message_id FROM message WHERE direction = 'in'")
    }
    assert lost.before <= stored and not stored >= lost.acknowledged
    [(path,)] = copy.rows("SELECT path FROM attachment WHERE state = 'stored'")
    assert (tmp_path / "var" / "media" / path).read_bytes() == PNG
    for name in ("secrets/secret_key", "secrets/internal_secret", "models/live", "demo-logins"):
        assert (tmp_path / "var" / name).read_bytes() == (lost.stack.folder / "var" / name).read_bytes()
    names = {p.name for p in (lost.stack.folder / "var").iterdir()}
    assert names - set(files.kept(True)) <= MADE_ANEW, "is it to be saved, or made anew?"
    assert lost.archive.stat().st_mode & 0o777 == 0o600


def _form_goes_on(stack: Stack) -> None:
    reply = stack.ask("bilmiyorum", FORM, timeout=40)
    assert "T-" not in reply, reply
    reply = stack.ask("ayağı çatlamış, yenisini istiyorum", FORM, timeout=20)
    [ticket] = re.findall(r"T-\d+", reply)
    [(details,)] = stack.rows("SELECT details FROM ticket WHERE number = :n", n=ticket)
    told = json.dumps(data(details), ensure_ascii=False)
    assert BROKEN in told and "çatlamış" in told, "answers of before and after are both there"


@pytest.mark.timeout(180)
def test_a_shop_that_has_grown_moves_to_postgresql_and_back(lost: Lost, tmp_path: Path) -> None:
    server = pgserver.get_server(tempfile.mkdtemp(prefix="destek-pg-"), cleanup_mode="delete")
    try:
        server.psql("CREATE DATABASE destek")
        url = str(server.get_uri(database="destek"))
        grown = _restored(lost, tmp_path / "grown", url)
        archive = tmp_path / "grown.tar.gz"
        with grown:  # with a provider of its own, so that the next journey's is untouched
            _form_goes_on(grown)
            uid = talk(grown, FORM).uid
            done = grown.command("backup", str(archive))
            assert done.returncode == 0, done.stderr
            again = grown.command("restore", str(archive), "--replace")
            assert again.returncode == 1 and "already running" in again.stderr
    finally:
        server.cleanup()
    back = Stack(tmp_path / "back")
    done = back.command("restore", str(archive))
    assert done.returncode == 0, done.stderr
    assert talk(back, FORM).uid == uid and back.rows("SELECT count(*) FROM message")[0][0] > 20
    dispose(back.database)


@pytest.mark.timeout(180)
def test_it_goes_on_on_another_machine(lost: Lost, tmp_path: Path) -> None:
    """What was in line is sent once, whoever had sent it; what came in since is not lost."""
    fake = lost.stack.fake
    taken = {phone: [m.sid for m in fake.sent(phone)] for phone in (HELD, LATER)}
    assert [len(sids) for sids in taken.values()] == [1, 1] and not fake.sent(REFUSED)
    restored = _restored(lost, tmp_path)
    fake.undelivered_inbound("iade süresi kaç gün?", SINCE)  # while nobody is there to take it
    with _called_by(fake, restored) as stack:
        assert "14" in fake.wait_for(SINCE, 1, 45)[0].body
        assert "79,90" in fake.wait_for(REFUSED, 1, 45)[0].body
        _form_goes_on(stack)
        for phone, sids in taken.items():
            wait_until(lambda p=phone: _in_line(stack, p, "sent"), 45, "not settled")
            told = stack.rows(
                "SELECT m.provider_message_id FROM message m JOIN identity i ON "
                "i.id = m.identity_id WHERE i.address = :p AND m.direction = 'out'", p=phone,
            )
            assert [sid for (sid,) in told] == sids, "looked up, and known by the provider's id"

        def stored() -> set[str]:
            return {row[0] for row in stack.rows("SELECT provider_message_id FROM message")}

        wait_until(lambda: lost.acknowledged <= stored(), 30, "what came in since is lost")
        assert stack.quiet(REFUSED, 1.0) and len(fake.sent(SINCE)) == 1
    assert {phone: [m.sid for m in fake.sent(phone)] for phone in taken} == taken
    assert len(fake.sent(REFUSED)) == 1
