"""Accounts: making them, proving who one is, the demo's log-ins."""

from __future__ import annotations

import stat
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import config, db
from bot.accounts import service
from bot.accounts.models import AuditEntry, User
from bot.errors import Conflict, InvalidInput

PASSWORD = "correct horse battery staple"

pytestmark = pytest.mark.usefixtures("database")


def test_a_new_user_logs_in_whatever_the_case_of_the_address() -> None:
    service.add_user(" Zeynep@Shop.Example ", "Zeynep", "agent", PASSWORD)
    with db.read() as session:
        user = service.authenticate(session, "zeynep@shop.EXAMPLE", PASSWORD)
        assert user is not None and user.email == "zeynep@shop.example"
        assert PASSWORD not in user.password_hash and user.password_hash.startswith("$argon2id$")


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD + " ", PASSWORD.upper()])
def test_a_wrong_password_proves_nothing(password: str) -> None:
    service.add_user("a@shop.example", "A", "agent", PASSWORD)
    with db.read() as session:
        assert service.authenticate(session, "a@shop.example", password) is None


def test_somebody_who_left_does_not_get_in() -> None:
    user = service.add_user("a@shop.example", "A", "agent", PASSWORD)
    with db.write() as session:
        session.get(User, user.id).is_active = False
    with db.read() as session:
        assert service.authenticate(session, "a@shop.example", PASSWORD) is None


def test_an_unknown_address_takes_as_long_as_a_wrong_password() -> None:
    service.add_user("a@shop.example", "A", "agent", PASSWORD)

    def seconds(email: str) -> float:
        best = 9.0
        with db.read() as session:
            for _ in range(5):
                began = time.perf_counter()
                service.authenticate(session, email, "wrong password")
                best = min(best, time.perf_counter() - began)
        return best

    seconds("nobody@shop.example")
    assert seconds("nobody@shop.example") > seconds("a@shop.example") / 3


@pytest.mark.parametrize(
    ("email", "name", "role", "password"),
    [
        ("no address", "A", "agent", PASSWORD),
        ("a@b.example", "  ", "agent", PASSWORD),
        ("a@b.example", "A", "boss", PASSWORD),
        ("a@b.example", "A", "agent", "short"),
        ("a@b.example", "A", "agent", "x" * 2000),
    ],
    ids=["address", "name", "role", "short", "long"],
)
def test_bad_values_make_no_user(email: str, name: str, role: str, password: str) -> None:
    with pytest.raises(InvalidInput):
        service.add_user(email, name, role, password)
    with db.read() as session:
        assert session.scalar(sa.select(sa.func.count(User.id))) == 0


def test_an_address_is_taken_once() -> None:
    service.add_user("a@shop.example", "A", "agent", PASSWORD)
    with pytest.raises(Conflict):
        service.add_user("A@shop.example", "B", "admin", PASSWORD)


def test_making_a_user_leaves_a_trace_without_the_password() -> None:
    service.add_user("a@shop.example", "A", "admin", PASSWORD)
    with db.read() as session:
        entry = session.scalars(sa.select(AuditEntry)).one()
    assert entry.action == "user.add"
    assert PASSWORD not in f"{entry.target}{entry.details}"


def test_the_demo_gets_three_users_once_with_passwords_kept_for_the_owner_only(
    tmp_path: Path,
) -> None:
    made = service.ensure_demo_users(tmp_path)
    assert [email for email, _ in made] == [
        "admin@example.com", "agent1@example.com", "agent2@example.com",
    ]
    assert len({password for _, password in made}) == 3
    assert service.ensure_demo_users(tmp_path) == []
    kept = tmp_path / "demo-logins"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.read_text().splitlines() == [f"{email} {password}" for email, password in made]
    with db.read() as session:
        for email, password in made:
            user = service.authenticate(session, email, password)
            assert user is not None
        assert service.by_email(session, "agent2@example.com").name == "Ece"  # type: ignore[union-attr]


def test_a_set_demo_password_is_everybodys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", PASSWORD)
    config.load.cache_clear()
    assert {password for _, password in service.ensure_demo_users(tmp_path)} == {PASSWORD}


def test_a_user_made_later_is_added_to_the_kept_log_ins(tmp_path: Path) -> None:
    first = service.ensure_demo_users(tmp_path)
    with db.write() as session:
        session.execute(sa.delete(User).where(User.email == "agent2@example.com"))
    [(email, password)] = service.ensure_demo_users(tmp_path)
    lines = (tmp_path / "demo-logins").read_text().splitlines()
    assert f"{email} {password}" in lines
    assert f"{first[0][0]} {first[0][1]}" in lines
    assert len(lines) == 3
